"""Degraded photos: what each degradation of the input costs each method."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..analysis.inference import LEVEL
from ..analysis.material import Material
from ..analysis.robustness import Robustness
from ..blocks import Block, Bullets, Column, Data, Entry, Figure, Heading, Prose, Row, Table, Tile
from ..charts.picture_rows import picture_rows
from ..charts.robustness import loss_map
from ..tables import MetricFacts
from ..text import MISSING, change_decimals, signed, span
from .layout import chart, photo_chart, with_intervals

ORDER = 130  #: Place in the report

MOST_METHODS, MOST_DEGRADATIONS = 6, 14
"""The most methods and degradations of which pictures are shown."""


def blocks(material: Material) -> list[Block]:
    """Return the section; empty for a run without degradations."""
    found = material.robustness
    if found is None:
        return []
    made: list[Block] = [
        Heading("Degraded photos"),
        Prose(
            "The methods were trained once, on clean photos, and then saw the photos degraded as an old "
            "photo, a print or a file may be. Truth and scored lightness stay clean: only the colours can "
            f"get worse. Losses are paired with the same method on the clean {material.unit}s, one by one; a "
            "positive loss is worse. Losses in brackets are not significant at 5%, adjusted for all "
            "comparisons here (Benjamini and Yekutieli)."
        ),
        *_pictures(found, material),
    ]
    if found.metrics and not found.table(found.metrics[0].name, "loss").empty:
        made.append(_map(found, material, found.metrics[0]))
    for metric in found.metrics:
        made += [Heading(f"Loss of {metric.label}", 3), *with_intervals(_table(found, material, metric))]
    if found.missing:
        made.append(
            Bullets(tuple(f"{method} under {name}: {why}" for (method, name), why in found.missing.items()))
        )
    return [*made, Data("robustness", found.losses.drop(columns=["error", "freedom"]))]


def _map(found: Robustness, material: Material, metric: MetricFacts) -> Figure:
    """Return the heat map of a metric's losses."""
    losses, p = (found.table(metric.name, column) for column in ("loss", "p_adjusted"))
    return chart(
        "robustness",
        f"Loss of {metric.label} of every method under every degradation",
        f"Loss of {metric.label} against the clean {material.unit}s; red is worse, blue better.",
        lambda: loss_map(losses, p, metric),
    )


def _table(found: Robustness, material: Material, metric: MetricFacts) -> Table:
    """Return the losses of a metric, with their intervals."""
    losses = found.table(metric.name, "loss")
    own, low, high = (found.table(metric.name, each).to_dict("index") for each in ("loss", "low", "high"))
    decimals = change_decimals(float(losses.abs().max().max()), 0) if not losses.empty else 2
    groups = material.summary.groups
    rows = [
        Row(
            label,
            groups[label],
            tuple(
                _entry(own[label][name], low[label][name], high[label][name], decimals)
                for name in found.degradations
            ),
        )
        for label in groups
        if label in losses.index
    ]
    columns = tuple(Column(name, metric.unit, "↓") for name in found.degradations)
    caption = f"Loss of {metric.label} against clean {material.unit}s ({LEVEL:.0%} intervals below)"
    return Table(columns, tuple(rows), f"robustness-{metric.name}", caption)


def _entry(loss: float, low: float, high: float, decimals: int) -> Entry:
    if pd.isna(loss):
        return Entry(MISSING)
    return Entry(signed(loss, decimals), loss, interval=span(low, high, decimals))


def _pictures(found: Robustness, material: Material) -> list[Block]:
    """Return pictures of one photo: what methods saw, and what they made of it."""
    kept = found.pictures.drop_duplicates(["method", "degradation"])
    labels = [label for label in material.summary.contenders() if label in set(kept["method"])]
    if not labels:
        return []
    lead = material.summary.lead
    if lead is not None:
        labels = list(material.summary.scores.loc[labels, lead.name].sort_values(ascending=False).index)
    colored = [label for label in labels if label != "gray"] or labels[:1]
    labels = colored[:MOST_METHODS]
    names = found.degradations[:MOST_DEGRADATIONS]
    folder = material.results.folder
    paths = {(row["method"], row["degradation"]): row for row in kept.to_dict("records")}

    def tile(label: str, name: str, column: str, row: str) -> Tile:
        known = paths.get((label, name))
        return Tile(row, "", name, folder / str(known[column]) if known else None)

    clean = _clean(material, str(kept["photo"].iloc[0]))
    rows = [
        [
            Tile("input", "", "clean", clean.get("input")),
            *(tile(labels[0], name, "input_picture", "input") for name in names),
        ]
    ]
    rows += [
        [Tile(label, "", "clean", clean.get(label)), *(tile(label, name, "picture", label) for name in names)]
        for label in map(str, labels)
    ]
    return [
        photo_chart(
            "degraded-pictures",
            "One photo as methods saw it under every degradation, and their answers",
            "What the methods saw of one photo, and the pictures that were scored: their colours on the "
            f"clean lightness.{_shown(labels, colored, 'methods')}"
            f"{_shown(names, found.degradations, 'degradations')}",
            lambda: picture_rows(rows),
        )
    ]


def _shown(some: Sequence[str], all_: Sequence[str], what: str) -> str:
    """Say how many of all are shown, if some are not."""
    return f" Only {len(some)} of {len(all_)} {what} are shown." if len(some) < len(all_) else ""


def _clean(material: Material, photo: str) -> dict[str, Path]:
    """Return the kept pictures of a clean photo: the input's, and every method's."""
    images = material.results.images
    own = images[(images["photo"] == photo) & images["picture"].notna()].drop_duplicates("method")
    found = {str(row["method"]): str(row["picture"]) for row in own.to_dict("records")}
    if len(own) and pd.notna(own["input_picture"].iloc[0]):
        found["input"] = str(own["input_picture"].iloc[0])
    return {label: material.results.folder / path for label, path in found.items()}
