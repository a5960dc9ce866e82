"""The section on statistical significance: every contender compared with the best one."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from ..analysis.inference import LEVEL, POWER, SIGNIFICANT
from ..analysis.material import Material
from ..analysis.significance import Significance
from ..analysis.statistics import Ranks
from ..blocks import Block, Bullets, Column, Data, Entry, Figure, Heading, Prose, Row, Strong, Table, Text
from ..charts.ranks import critical_difference
from ..tables import MetricFacts
from ..text import MISSING, counted, in_words, number, p_value, span
from .layout import chart

ORDER = 50  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if there is nothing to compare."""
    if not material.significance:
        return []
    made: list[Block] = [Heading("Statistical significance"), Prose(_photos(material))]
    for place, by in enumerate(material.significance):
        made += [Heading(by.metric.label, 3), *_groups(by), differences_table(by, material)]
        if place == 0 and by.ranks:
            made.append(_ranks(by.ranks, by.metric, material.unit))
    reading = (
        "Differences are taken photo by photo. Better on is the share of photos on which a method beats the "
        "best one. p is of the paired test against the best, adjusted for these comparisons (Holm), while "
        "each interval stands for itself alone. Detectable is the smallest difference that these photos "
        f"would have shown with a power of {POWER:.0%}: methods without a significant difference may still "
        "differ by less. "
        "With many photos even tiny differences become significant: read p together with the difference."
    )
    found = {by.metric.name: by.differences for by in material.significance}
    return [*made, Prose(reading), Data("differences", pd.concat(found, names=["metric"]))]


def _photos(material: Material) -> str:
    photos = material.headline.photos
    which = counted(photos, material.unit) + (" that are not near-grey" if material.greyish else "")
    if material.seeds > 1:
        over = f"{which} and {material.seeds} seeds"
        return f"The tests are over {over}: errors include the variance between seeds."
    return (
        f"The tests are over {which}, of this one training: they say nothing about other seeds. To include "
        "them, run several (--seed 0 --seed 1 --seed 2)."
    )


def _groups(by: Significance) -> list[Block]:
    """Say which methods do not differ significantly, best group first."""
    items: list[Text] = [
        (Strong(group[0]), f"; not significantly different: {in_words(group[1:])}" if group[1:] else "")
        for group in by.groups
    ]
    told = (
        "Groups, the best first. The first method of a group is the best of those that remain; the others do "
        "not differ significantly from it."
    )
    return [Prose(told), Bullets(tuple(items))]


def differences_table(by: Significance, material: Material) -> Table:
    """Return values with intervals, groups, average ranks, and paired differences to the best."""
    metric, summary, ends = by.metric, material.headline, material.headline_intervals
    scores = summary.scores[metric.name].astype(float)
    low, high = ends.low[metric.name], ends.high[metric.name]
    decimals = summary.decimals(metric)
    percent = f"{LEVEL:.0%} interval"
    groups = {label: place for place, group in enumerate(by.groups, start=1) for label in group}
    columns = (
        Column(metric.label, metric.unit, "", metric.description),
        Column(percent, description="over photos, and over seeds if there are several"),
        Column("group", description="methods of a group do not differ significantly from its best"),
        Column("average rank", description="over photos; 1 is the best"),
        Column("difference to the best", description="over the same photos; negative is worse"),
        Column(percent, description="of the difference"),
        Column("better on", description="share of the photos on which it beats the best"),
        Column("p", description="paired test, adjusted for the comparisons with the best (Holm)"),
        Column("detectable", description=f"the smallest difference found with a power of {POWER:.0%}"),
    )
    rows = []
    for label in map(str, summary.contenders()):
        average = by.ranks.average[label] if by.ranks else math.nan
        entries = [
            Entry(number(scores[label], decimals), scores[label], 1 if label == by.best else 0),
            _span(low[label], high[label], decimals),
            Entry(str(groups.get(label, MISSING)), groups.get(label)),
            Entry(number(average, 2), average),
        ]
        if label == by.best:
            entries += [Entry("best", 0.0), *[Entry("")] * 4]
        else:
            entries += _difference(by.differences[by.differences.index == label].iloc[0], decimals)
        rows.append(Row(label, summary.groups[label], tuple(entries)))
    caption = f"Paired differences in {metric.label} to {by.best}"
    return Table(columns, tuple(rows), f"{metric.name}-differences", caption)


def _difference(other: pd.Series[Any], decimals: int) -> list[Entry]:
    positive, p, smallest = (float(other[name]) for name in ("positive", "p_adjusted", "smallest"))
    told_apart = p < SIGNIFICANT
    return [
        Entry(number(other["difference"], decimals), float(other["difference"])),
        _span(other["low"], other["high"], decimals),
        Entry(MISSING if math.isnan(positive) else f"{positive:.0%}", positive),
        Entry(p_value(p), p),
        Entry("" if told_apart else number(smallest, decimals), smallest),
    ]


def _span(low: float, high: float, decimals: int) -> Entry:
    return Entry(span(low, high, decimals), float(low))


def _ranks(ranks: Ranks, metric: MetricFacts, unit: str) -> Figure:
    shown = p_value(ranks.p)
    p = f"p {shown}" if shown.startswith("<") else f"p = {shown}"
    return chart(
        "ranks",
        f"Critical-difference diagram of the average ranks by {metric.label}",
        f"Average ranks over {counted(ranks.photos, unit)} by {metric.label}, 1 the best; a bar joins "
        f"methods that do not differ significantly at {SIGNIFICANT:.0%} (Friedman's test, {p}, then "
        f"Nemenyi's). Ranks count on how many {unit}s a method is ahead, the table by how much in the "
        "mean, so the two tests need not agree.",
        lambda: critical_difference(ranks),
    )
