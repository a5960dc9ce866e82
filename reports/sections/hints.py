"""Methods with colour hints: scores by number of hints, and the area under the curve."""

from __future__ import annotations

import math

import pandas as pd

from ..analysis.hints import HintCurves
from ..analysis.material import Material
from ..blocks import Block, Bullets, Column, Data, Entry, Heading, Prose, Row, Strong, Table, Text, Tile
from ..charts.hints import curves_by_hints
from ..charts.picture_rows import picture_rows
from ..tables import MetricFacts
from ..text import MISSING, number, span
from .layout import chart, metric_column, photo_chart

ORDER = 90  #: Place in the report

HEADING = "Colour by hints"

MOST_METHODS, MOST_COUNTS = 6, 9
"""The most methods and numbers of hints of which pictures are shown."""

NAMED = 5  #: Number of falls that are named; the rest are counted


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if no method was given hints."""
    curves = material.hints
    if curves is None:
        return []
    return [
        Heading(HEADING),
        Prose(
            "Hints are true colours at a few points of a photo. They are drawn once per photo: fewer hints "
            "are the first ones of more, and every method is given the same ones. Methods with hints are "
            "never ranked among the automatic ones. Those stand here for comparison, with a level line."
        ),
        chart(
            "hints",
            f"{curves.lead.label} of every method by number of hints",
            "Means over photos with 95% intervals, by number of hints on an axis of log(1 + hints). The "
            "black line is the best automatic method, and the grey ones are the others.",
            lambda: curves_by_hints(curves),
        ),
        *_pictures(curves, material),
        hints_table(curves),
        Bullets(_reading(curves)),
        Data("hints", _values(curves)),
    ]


def _pictures(curves: HintCurves, material: Material) -> list[Block]:
    """Return pictures of one photo by number of hints; none if the run kept none."""
    images = material.with_hints.images
    kept = images[images["picture"].notna() & images["input_picture"].notna()]
    labels = {
        (method, n): f"{method}@{n}" if n else method for method in curves.hinted for n in curves.counts
    }
    with_hints = [label for (_, count), label in labels.items() if count]
    given = kept[kept["method"].isin(with_hints)]
    if given.empty:
        return []
    own = kept[kept["photo"] == given["photo"].iloc[0]].drop_duplicates("method").set_index("method")
    folder = material.results.folder

    def tile(row: str, caption: str, column: str, *choices: str) -> Tile:
        found = [label for label in choices if label in own.index]
        return Tile(row, "", caption, folder / str(own[column][found[0]]) if found else None)

    shown = curves.hinted[:MOST_METHODS]
    counts = curves.counts[-MOST_COUNTS:]
    rows = [
        [tile("input", str(n), "input_picture", *(labels[method, n] for method in shown)) for n in counts]
    ]
    rows += [[tile(method, str(n), "picture", labels[method, n]) for n in counts] for method in shown]
    return [
        photo_chart(
            "hints-pictures",
            "One photo with its hints, and the answers to them, by number of hints",
            "One photo by number of hints: the input with its hints, and the methods' answers.",
            lambda: picture_rows(rows),
        )
    ]


def hints_table(curves: HintCurves) -> Table:
    """Return areas with intervals, paired differences to the best, and scores by number of hints."""
    lead = curves.lead
    decimals = 2 if lead.unit == "dB" else 3
    columns = [
        Column(
            f"{lead.label} area", lead.unit, "↑", "area under the curve over log(1 + hints)", essential=True
        ),
        Column("95% interval", description="of the area, over photos"),
        Column("difference to the best", description="of the areas, photo by photo; its 95% interval"),
    ]
    for metric in curves.metrics:
        shown = metric_column(metric)
        columns += [
            Column(
                f"{shown.label}@{count}", shown.unit, shown.arrow, shown.description, essential=metric == lead
            )
            for count in curves.counts
        ]
    rows = []
    for method in curves.areas.index:
        entries = _area_entries(curves.areas.loc[method], decimals, best=method == curves.areas.index[0])
        for metric in curves.metrics:
            entries += _entries(curves.means[metric.name][method], metric)
        rows.append(Row(str(method), "hinted" if method in curves.hinted else "automatic", tuple(entries)))
    caption = f"Methods with hints, and automatic ones, by {lead.label} area"
    return Table(tuple(columns), tuple(rows), "hints", caption)


def _area_entries(own: pd.Series[float], decimals: int, *, best: bool) -> list[Entry]:
    ends = span(own["difference_low"], own["difference_high"], decimals)
    gap = f"{number(own['difference'], decimals)} ({ends})"
    return [
        Entry(number(own["area"], decimals), own["area"], rank=1 if best else 0),
        Entry(span(own["low"], own["high"], decimals), own["low"]),
        Entry(
            "best" if best else MISSING if math.isnan(own["difference"]) else gap,
            own["difference"],
        ),
    ]


def _entries(values: pd.Series[float], metric: MetricFacts) -> list[Entry]:
    decimals = 2 if metric.unit == "dB" else 3
    return [Entry(number(float(value), decimals), float(value)) for value in values]


def _reading(curves: HintCurves) -> tuple[Text, ...]:
    lead = curves.lead
    area = (
        f" The area under {lead.label} over log(1 + hints), from 0 to {curves.counts[-1]} hints, divided by "
        "the length of that axis: a mean in which the first hints count most. Differences are taken photo by "
        "photo."
    )
    items: list[Text] = [(Strong("Area."), area)]
    if not curves.falls:
        items.append(f"Every method's mean {lead.label} rises with the number of hints.")
    else:
        told = [
            f"{method} from {fewer} to {more} hints by {amount:.3g}"
            for method, fewer, more, amount in curves.falls[:NAMED]
        ]
        rest = len(curves.falls) - NAMED
        where = f"{'; '.join(told)}{f'; and {rest} more' if rest > 0 else ''}"
        items.append((Strong(f"Where the mean {lead.label} falls"), f" with more hints: {where}."))
    return tuple(items)


def _values(curves: HintCurves) -> pd.DataFrame:
    """Return all figures of the section, one row per method."""
    parts = [curves.areas]
    for metric in curves.metrics:
        for kind, suffix in ((curves.means, ""), (curves.low, "_low"), (curves.high, "_high")):
            part = kind[metric.name].T
            parts.append(part.set_axis([f"{metric.name}@{count}{suffix}" for count in part.columns], axis=1))
    return pd.concat(parts, axis="columns").rename_axis("method")
