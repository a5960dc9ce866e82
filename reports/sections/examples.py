"""Colour by example: what a good reference photo gains over a random one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.inference import benjamini_yekutieli, estimates, within
from ..analysis.material import Material
from ..analysis.statistics import Contributions, contributions, paired
from ..analysis.units import by_clip
from ..blocks import Block, Bullets, Column, Data, Entry, Heading, Prose, Row, Strong, Table, Text, Tile
from ..charts.picture_rows import picture_rows
from ..tables import MetricFacts, Results
from ..text import MISSING, counted, number, p_value, signed, span
from .layout import metric_column, photo_chart

ORDER = 100  #: Place in the report

BASE = "random"
"""The choice of references with which all others are compared."""

MOST_METHODS = 6
"""The most methods of which pictures are shown."""


@dataclass(frozen=True)
class Examples:
    """The scores of methods with every choice of references, and what each choice gains over a random one."""

    choices: tuple[str, ...]  #: The choices, `BASE` first
    metrics: tuple[MetricFacts, ...]  #: Means over photos that are compared and have a direction
    #: Indexed by metric, method and choice: ``photos``, ``mean`` with its 95% interval ``low``, ``high``.
    #: Except for `BASE`: ``gain`` over it, photo by photo, positive if better, with ``gain_low``,
    #: ``gain_high``, ``p``, and ``p_adjusted`` over the whole table (Benjamini and Yekutieli).
    table: pd.DataFrame
    #: Indexed by metric and choice: ``gain`` averaged over the ``methods`` that have one, photo by photo,
    #: with its 95% interval ``low``, ``high``.
    average: pd.DataFrame
    scored: int  #: Number of photos that were scored with a random reference
    lacking: int | None  #: How many of them have none of their category; ``None`` if that was not a choice
    missing: dict[tuple[str, str], str]  #: Method and choice → why it has no scores


def compare_choices(results: Results, metrics: tuple[MetricFacts, ...]) -> Examples | None:
    """Compare every choice of references with a random one; ``None`` if the run has none to compare.

    Parameters
    ----------
    results
        The run.
    metrics
        The metrics to compare: means with a direction.
    """
    rows = results.examples
    choices = tuple(dict.fromkeys([BASE, *map(str, rows["choice"])]))
    scored = rows[rows["photo"].notna()]
    if not metrics or BASE not in set(scored["choice"]) or len(choices) < 2:
        return None
    images = {choice: _images(results, scored, choice) for choice in choices}
    tables, averages = {}, {}
    for metric in metrics:
        known = {choice: _contributions(own, metric) for choice, own in images.items() if len(own)}
        gains = pd.concat([_gains(known, choice, metric) for choice in known if choice != BASE])
        tables[metric.name] = _means(known, metric).join(gains)
        averages[metric.name] = _average(known, metric)
    table = pd.concat(tables, names=["metric", "method", "choice"])
    compared = table["p"].notna()
    table.loc[compared, "p_adjusted"] = benjamini_yekutieli(table.loc[compared, "p"].to_numpy(float))
    without = rows[rows["photo"].isna()].drop_duplicates(["method", "choice"])
    own = {choice: set(each.loc[each["status"] == "ok", "photo"]) for choice, each in images.items()}
    return Examples(
        choices,
        metrics,
        table,
        pd.concat(averages, names=["metric", "choice"]),
        scored=len(own[BASE]),
        lacking=len(own[BASE] - own["category"]) if own.get("category") else None,
        missing={
            (str(row["method"]), str(row["choice"])): f"{row['status']}: {row['reason']}"
            for row in without.to_dict("records")
        },
    )


def blocks(material: Material) -> list[Block]:
    """Return the section; empty for a run that did not compare choices of references."""
    metrics = tuple(
        metric
        for metric in material.summary.compared
        if metric.aggregate == "mean" and metric.direction in ("higher", "lower")
    )
    found = compare_choices(material.results, metrics)
    if found is None:
        return []
    return [
        Heading("Colour by example"),
        Prose(
            "These methods take their colours from a reference photo. Each was scored with several choices "
            "of it, all from the training photos, and never the photo itself or a near-duplicate. Gains over "
            f"a random reference are paired: the same method on the same {material.unit}; a positive gain is "
            "better. The p values are adjusted for all comparisons here (Benjamini and Yekutieli)."
        ),
        Bullets((*_reading(found), *_left_out(found, material))),
        *(_table(found, material, metric) for metric in metrics),
        *_pictures(found, material),
        Data("examples", found.table),
        Data("examples-average", found.average),
    ]


def _images(results: Results, rows: pd.DataFrame, choice: str) -> pd.DataFrame:
    """Return the rows of one choice; of clips, one per clip."""
    own = rows[rows["choice"] == choice]
    return by_clip(replace(results, images=own)).images.replace([np.inf, -np.inf], np.nan)


def _contributions(images: pd.DataFrame, metric: MetricFacts) -> Contributions:
    known = contributions(images, metric)
    assert known is not None  # noqa: S101  # a mean has values per photo
    return known


def _means(known: dict[str, Contributions], metric: MetricFacts) -> pd.DataFrame:
    """Return photos, mean, low and high by method and choice."""
    tables = {}
    for choice, own in known.items():
        labels = list(own.parts.columns)
        found = estimates(own.parts.to_numpy(float), own.seeds.loc[labels])
        low, high = within(*found.interval(), found.mean, metric.bounds)
        values = {"photos": found.photos, "mean": found.mean, "low": low, "high": high}
        tables[choice] = pd.DataFrame(values, index=pd.Index(labels, name="method"))
    return pd.concat(tables, names=["choice"]).swaplevel()


def _gains(known: dict[str, Contributions], choice: str, metric: MetricFacts) -> pd.DataFrame:
    """Return the gain of a choice over a random reference, for the methods that have both."""
    pair = (known[choice], known[BASE])
    better, worse = pair if metric.direction == "higher" else pair[::-1]
    labels = [str(label) for label in known[choice].parts if label in known[BASE].parts]
    found = paired(better, worse, {(label, choice): (label, label) for label in labels})
    found.index.names = ["method", "choice"]
    return found[["difference", "low", "high", "p"]].rename(
        columns={"difference": "gain", "low": "gain_low", "high": "gain_high"}
    )


def _average(known: dict[str, Contributions], metric: MetricFacts) -> pd.DataFrame:
    """Return the mean gain of every choice over the methods that have one, photo by photo."""
    rows = {}
    for choice, good in known.items():
        if choice == BASE:
            continue
        gaps = (good.parts - known[BASE].parts).dropna(axis="columns", how="all")
        gains = gaps if metric.direction == "higher" else -gaps
        mean = estimates(gains.mean(axis="columns", skipna=False).to_numpy(float)[:, None])
        low, high = mean.interval()
        own = {"methods": gains.shape[1], "photos": mean.photos[0], "gain": mean.mean[0]}
        rows[choice] = {**own, "low": low[0], "high": high[0]}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("choice")


def _reading(found: Examples) -> list[Text]:
    """Return the gain of every choice, averaged over methods, in words."""
    told: list[Text] = []
    average = found.average.to_dict("index")
    for choice in found.choices:
        known = [
            (metric, average[metric.name, choice])
            for metric in found.metrics
            if (metric.name, choice) in average
        ]
        if known:
            methods = counted(int(known[0][1]["methods"]), "method")
            gains = ", ".join(_in_words(own, metric) for metric, own in known)
            told.append((Strong(choice), f" instead of {BASE}, mean of {methods}: {gains}"))
    return told


def _in_words(own: Mapping[Any, Any], metric: MetricFacts) -> str:
    """Return a gain with its interval: ``+0.50 dB PSNR (0.20 … 0.80)``."""
    unit, decimals = f" {metric.unit}" if metric.unit else "", _decimals(metric)
    ends = span(own["low"], own["high"], decimals)
    return f"{signed(own['gain'], decimals)}{unit} {metric.label} ({ends})"


def _left_out(found: Examples, material: Material) -> list[Text]:
    """Return what was not scored, and why."""
    told: list[Text] = []
    scored = counted(found.scored, material.unit)
    if found.lacking:
        told.append(
            f"{found.lacking:,} of {scored} have no training photo of their category that may be their "
            "reference: they are not scored with category, and do not count in its gain"
        )
    elif found.lacking == 0:
        told.append(f"each of {scored} has a reference of its own category")
    return told + [f"{method} with {choice}: {why}" for (method, choice), why in found.missing.items()]


def _decimals(metric: MetricFacts) -> int:
    return 2 if metric.unit == "dB" else 3


def _table(found: Examples, material: Material, metric: MetricFacts) -> Table:
    """Return the means and the gains of a metric: one row per method and choice."""
    columns = (
        Column("reference", description="how reference photos were chosen", essential=True),
        Column(f"{material.unit}s", description=f"{material.unit}s scored"),
        metric_column(metric),
        Column("95% interval", description=f"of the mean, over {material.unit}s"),
        Column(f"gain over {BASE}", metric.unit, "↑", "mean of paired differences; its 95% interval"),
        Column("p", description="of a gain of zero, adjusted for all comparisons"),
    )
    known = found.table.to_dict("index")
    rows = tuple(
        Row(label, group, _entries(known[metric.name, label, choice], choice, metric))
        for label, group in material.summary.groups.items()
        for choice in found.choices
        if (metric.name, label, choice) in known
    )
    caption = f"{metric.label} by choice of reference, and its gain over a {BASE} one"
    return Table(columns, rows, f"examples-{metric.name}", caption)


def _entries(own: Mapping[Any, Any], choice: str, metric: MetricFacts) -> tuple[Entry, ...]:
    decimals = _decimals(metric)
    gain = f"{signed(own['gain'], decimals)} ({span(own['gain_low'], own['gain_high'], decimals)})"
    return (
        Entry(choice),
        Entry(f"{int(own['photos']):,}", float(own["photos"])),
        Entry(number(own["mean"], decimals), own["mean"]),
        Entry(span(own["low"], own["high"], decimals), own["low"]),
        Entry(MISSING if np.isnan(own["gain"]) else gain, own["gain"]),
        Entry(p_value(own["p_adjusted"]), own["p_adjusted"]),
    )


def _pictures(found: Examples, material: Material) -> list[Block]:
    """Return the answers to one photo, by method and choice."""
    rows = material.results.examples
    kept = rows[rows["picture"].notna() & rows["truth_picture"].notna()]
    shared = kept[kept["choice"] == BASE]
    if shared.empty:
        return []
    kept = kept[kept["photo"] == shared["photo"].iloc[0]].drop_duplicates(["method", "choice"])
    folder = material.results.folder
    paths = {(row["method"], row["choice"]): folder / str(row["picture"]) for row in kept.to_dict("records")}
    truth = folder / str(kept["truth_picture"].iloc[0])
    labels = [label for label in material.summary.groups if label in set(kept["method"])][:MOST_METHODS]
    tiles = [
        [
            Tile(label, "", "truth", truth if label == labels[0] else None),
            *(Tile(label, "", choice, paths.get((label, choice))) for choice in found.choices),
        ]
        for label in labels
    ]
    return [
        photo_chart(
            "examples-pictures",
            "One photo by every method with every choice of reference",
            f"{kept['photo'].iloc[0]} by every method (rows) with every choice of reference (columns).",
            lambda: picture_rows(tiles),
        )
    ]
