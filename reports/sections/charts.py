"""The charts of the results: quality against speed, accuracy by distance, and colorfulness."""

import numpy as np
import pandas as pd

from ..analysis.material import Material
from ..analysis.summary import Summary
from ..blocks import Block, Heading
from ..charts.accuracy import accuracy_curves
from ..charts.colorfulness import colorfulness
from ..charts.speed import quality_against_speed, timed
from .layout import chart

ORDER = 40  #: Place in the report
SHARE_OF_PIXELS = 0.9  #: The share whose distance is told: the "accuracy of 90%" of some papers


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if nothing can be drawn."""
    made = [*_speed(material), *_accuracy(material), *_colorfulness(material)]
    return [Heading("Charts"), *made] if made else []


def _speed(material: Material) -> list[Block]:
    metric = material.headline.lead
    if metric is None or timed(material.headline, metric).empty:
        return []
    return [
        chart(
            "speed",
            f"{metric.label} against images per second, one point per method",
            "The line joins the methods that no other method beats in both. It leaves out those that have "
            "not scored every photo, whose points are hollow. Oracles, which see the truth, are not shown; "
            "points without room for a name have none.",
            lambda: quality_against_speed(material.headline, metric),
        )
    ]


def _accuracy(material: Material) -> list[Block]:
    curves = material.results.accuracy_curves
    if curves.empty:
        return []
    labels = {metric.name: metric.label for metric in material.summary.metrics}
    return [
        chart(
            "accuracy",
            "Share of pixels within a distance in ab of the truth, by that distance, of every method",
            "Share of pixels whose distance in ab is at most the threshold, over all photos: the area under "
            "each line from 0 to 150 is the method's AuC. The axis ends where every method reaches 99%. "
            f"{_nearest_method(curves, material.summary)}",
            lambda: accuracy_curves(curves, material.summary.rows, labels),
        )
    ]


def _nearest_method(curves: pd.DataFrame, summary: Summary) -> str:
    """Return how far from the truth 90% of the pixels are at most, for the nearest method, as a sentence."""
    first = next(metric for metric in summary.metrics if metric.name in set(curves["metric"]))
    near = curves[(curves["metric"] == first.name) & curves["method"].isin(summary.contenders())]
    reached = near[near["accuracy"] >= SHARE_OF_PIXELS].groupby(["method", "seed"])["threshold"].min()
    if reached.empty:
        return ""
    by_method = reached.groupby("method").mean()
    return f"The nearest is {by_method.idxmin()}: 90% of its pixels are within {by_method.min():.0f}."


def _colorfulness(material: Material) -> list[Block]:
    summary = material.summary
    metric = next((metric for metric in summary.metrics if metric.name == "colorfulness"), None)
    if metric is None or not np.isfinite(summary.truth[metric.name]):
        return []
    return [
        chart(
            "colorfulness",
            "Distribution of colorfulness over photos, of the truth and of every method",
            "Boxes hold the middle half of the photos, whiskers 95% of them; the band is the truth's box.",
            lambda: colorfulness(material.results, summary, metric),
        )
    ]
