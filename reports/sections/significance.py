"""The section on statistical significance: every contender compared with the best one."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from ..analysis.material import Material
from ..analysis.significance import Significance
from ..analysis.statistics import LEVEL, SIGNIFICANT, Ranks
from ..blocks import Block, Column, Data, Entry, Figure, Heading, Prose, Row, Strong, Table
from ..charts.ranks import critical_difference
from ..tables import MetricFacts
from ..text import MISSING, decimals_for, in_words, number, p_value, span
from .layout import chart


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if there is nothing to compare."""
    if not material.significance:
        return []
    made: list[Block] = [Heading("Statistical significance")]
    for place, by in enumerate(material.significance):
        tied = f" Not significantly different: {in_words(by.tied)}." if by.tied else ""
        best = ("Best among methods with full coverage: ", Strong(by.best), f".{tied}")
        made += [Heading(by.metric.label, 3), Prose(best), differences_table(by, material)]
        if place == 0 and by.ranks:
            made.append(_ranks(by.ranks, by.metric))
    seeds = "; ± in the tables above shows what other seeds would change" if material.seeds > 1 else ""
    reading = (
        "Intervals are bootstrapped over photos: they show what other photos of the same kind would "
        f"change{seeds}. Differences are taken photo by photo. Better on is the share of photos on which a "
        "method beats the best one; effect is Cohen's d of the differences; p is of the paired t test, "
        "adjusted for all pairs of methods together (Benjamini and Yekutieli), while each interval "
        "stands for itself alone. With many photos even tiny differences become significant: read p together "
        "with the difference itself."
    )
    pairs = {by.metric.name: by.comparisons for by in material.significance}
    return [*made, Prose(reading), Data("comparisons", pd.concat(pairs, names=["metric"]))]


def differences_table(by: Significance, material: Material) -> Table:
    """Return means with intervals, average ranks, and paired differences to the best."""
    metric, summary = by.metric, material.summary
    scores = summary.scores[metric.name].astype(float)
    low, high = material.intervals.low[metric.name], material.intervals.high[metric.name]
    decimals = decimals_for(float(scores.abs().max()))
    percent = f"{LEVEL:.0%} interval"
    columns = (
        Column(metric.label, metric.unit, "", metric.description),
        Column(percent, description="bootstrap over photos"),
        Column("average rank", description="over photos; 1 is the best"),
        Column("difference to the best", description="mean over photos; negative is worse"),
        Column(percent, description="of the difference"),
        Column("better on", description="share of the photos on which it beats the best"),
        Column("effect", description="mean of the differences / their standard deviation"),
        Column("p", description="paired t test, adjusted for all pairs"),
    )
    rows = []
    for label in map(str, summary.contenders()):
        average = by.ranks.average[label] if by.ranks else math.nan
        entries = [
            Entry(number(scores[label], decimals), scores[label], 1 if label == by.best else 0),
            _span(low[label], high[label], decimals),
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
    positive, p = float(other["positive"]), float(other["p_adjusted"])
    return [
        Entry(number(other["difference"], decimals), float(other["difference"])),
        _span(other["low"], other["high"], decimals),
        Entry(MISSING if math.isnan(positive) else f"{positive:.0%}", positive),
        Entry(number(other["effect"], 2), float(other["effect"])),
        Entry(p_value(p), p),
    ]


def _span(low: float, high: float, decimals: int) -> Entry:
    return Entry(span(low, high, decimals), None if math.isnan(low) else float(low))


def _ranks(ranks: Ranks, metric: MetricFacts) -> Figure:
    shown = p_value(ranks.p)
    p = f"p {shown}" if shown.startswith("<") else f"p = {shown}"
    return chart(
        "ranks",
        f"Critical-difference diagram of the average ranks by {metric.label}",
        f"Average ranks over {ranks.photos:,} photos by {metric.label}, 1 the best; a bar joins methods "
        f"that do not differ significantly at {SIGNIFICANT:.0%} (Friedman's test, {p}, then "
        "Nemenyi's). Ranks count on how many photos a method is ahead, the table by how much in the "
        "mean, so the two tests need not agree.",
        lambda: critical_difference(ranks),
    )
