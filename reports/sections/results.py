"""The results on all photos: the headline table, how to read it, and its charts."""

import numpy as np

from ..analysis.material import Material
from ..blocks import Block, Bullets, Data, Heading, Link, Prose, Strong, Text
from ..charts.accuracy import accuracy_curves
from ..charts.colorfulness import colorfulness
from ..charts.speed import quality_against_speed, timed
from .layout import chart, headline_table, unrounded, with_intervals

READING: tuple[Text, ...] = (
    (
        "↑ higher is better, ↓ lower is better, → truth: the closer to the truth's own value the better. ",
        Strong("Bold"),
        " is the best of the methods that scored every photo; the rows are not ranked.",
    ),
    (
        Strong("Never rank on PSNR alone."),
        " Where several colours are plausible, their dull average has the smallest squared error, so the ",
        "dullest model often has the best PSNR. Read it together with colorfulness and the rebalanced AuC, ",
        "which gives rare colours more weight.",
    ),
    (
        "Oracles (in italics) see the hidden colour. They show what the protocol, or a low resolution of ",
        "colour, costs by itself, and never compete.",
    ),
    (
        "Coverage is photos scored / photos expected. ",
        "A mean over fewer photos cannot be compared with the others.",
    ),
    (
        "Images/s counts the method's own time, excluding warm-up, on the machine named under ",
        Link("provenance", "Provenance"),
        ".",
    ),
)


def blocks(material: Material) -> list[Block]:
    """Return the section."""
    seeds = ("± is the standard deviation over seeds.",) if material.seeds > 1 else ()
    return [
        Heading("Results"),
        *with_intervals(headline_table(material.summary, material.intervals)),
        Prose("How to read it:"),
        Bullets((*READING, *seeds)),
        *_speed(material),
        *_accuracy(material),
        *_colorfulness(material),
        Data("summary", unrounded(material.summary, material.intervals)),
    ]


def _speed(material: Material) -> list[Block]:
    metric = material.summary.lead
    if metric is None or timed(material.summary, metric).empty:
        return []
    return [
        chart(
            "speed",
            f"{metric.label} against images per second, one point per method",
            "The line joins the methods that no other method beats in both. It leaves out those that have "
            "not scored every photo, whose points are hollow. Oracles, which see the truth, are not shown.",
            lambda: quality_against_speed(material.summary, metric),
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
            "Share of pixels whose distance in ab is at most the threshold, mean over photos: the area under "
            "each line from 0 to 150 is the method's AuC. The axis ends where every method reaches 99%.",
            lambda: accuracy_curves(curves, material.summary.rows, labels),
        )
    ]


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
