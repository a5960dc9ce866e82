"""The tables that say how sure the results are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from .layout import MISSING, NO_BREAK, Cell, Column, Row, Table, decimals_for, number, p_value, span
from .statistics import LEVEL, Intervals, Ranks, compare, per_photo, rank
from .summary import Summary
from .tables import MetricFacts, Results

METRICS = ("auc", "auc_rebalanced", "psnr")
"""Metrics by which every contender is compared with the best."""

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Evidence:
    """How the contenders stand by one metric.

    Attributes
    ----------
    metric
        By what.
    best
        Label of the best contender; the others are compared with it.
    tied
        Labels of those that are not told apart from it.
    table
        Means with intervals, average ranks, and paired differences to the best.
    comparisons
        Every two contenders, as `statistics.compare` gives them.
    ranks
        Average ranks, or ``None`` where they say nothing.
    """

    metric: MetricFacts
    best: str
    tied: tuple[str, ...]
    table: Table
    comparisons: pd.DataFrame
    ranks: Ranks | None


def weigh(results: Results, summary: Summary, ends: Intervals) -> list[Evidence]:
    """Return the evidence by each of `METRICS` that can be had.

    There is none with fewer than two contenders or two photos.

    Parameters
    ----------
    results, summary
        The run.
    ends
        The intervals of all means.
    """
    metrics = {metric.name: metric for metric in summary.metrics}
    found = []
    for name in METRICS:
        if name not in metrics or len(summary.contenders()) < 2 or summary.photos < 2:
            continue
        if per_photo(results, metrics[name]) is not None and len(summary.badness(metrics[name])) > 1:
            found.append(_evidence(results, summary, ends, metrics[name]))
    return found


def against(comparisons: pd.DataFrame, best: str) -> pd.DataFrame:
    """Return the comparisons of every other method with ``best``; positive differences favour the other."""
    flat = comparisons.reset_index()
    as_a, as_b = flat[flat["a"] == best], flat[flat["b"] == best]
    flipped = as_a.assign(
        difference=-as_a["difference"],
        low=-as_a["high"],
        high=-as_a["low"],
        effect=-as_a["effect"],
        positive=1 - as_a["positive"],
    )
    parts = [flipped.set_index("b").drop(columns="a"), as_b.set_index("a").drop(columns="b")]
    return pd.concat(parts).rename_axis("method")


def _evidence(results: Results, summary: Summary, ends: Intervals, metric: MetricFacts) -> Evidence:
    comparisons = compare(results, summary, metric)
    best = str(summary.badness(metric).idxmin())
    others = against(comparisons, best)
    ranks = rank(results, summary, metric)
    decimals = decimals_for(float(summary.scores[metric.name].abs().max()))
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
        score = summary.scores[metric.name].astype(float)[label]
        average = ranks.average[label] if ranks else math.nan
        cells = [
            Cell(number(score, decimals), score, 1 if label == best else 0),
            _span(ends.low[metric.name][label], ends.high[metric.name][label], decimals),
            Cell(number(average, 2), average),
        ]
        if label == best:
            cells += [Cell("best", 0.0), *[Cell("")] * 4]
        else:
            cells += _compared(others[others.index == label].iloc[0], decimals)
        rows.append(Row(label, str(summary.rows["family"][label]), tuple(cells)))
    unsure = others.index[others["p_adjusted"] >= SIGNIFICANT]
    tied = tuple(row.label for row in rows if row.label in unsure)
    return Evidence(metric, best, tied, Table(columns, tuple(rows)), comparisons, ranks)


def _compared(other: pd.Series[float], decimals: int) -> list[Cell]:
    p = float(other["p_adjusted"])
    return [
        Cell(number(other["difference"], decimals), float(other["difference"])),
        _span(other["low"], other["high"], decimals),
        Cell(MISSING if math.isnan(other["positive"]) else f"{other['positive']:.0%}", other["positive"]),
        Cell(number(other["effect"], 2), float(other["effect"])),
        Cell(p_value(p).removeprefix("p ").removeprefix("= ").replace(" ", NO_BREAK), p),
    ]


def _span(low: float, high: float, decimals: int) -> Cell:
    return Cell(span(low, high, decimals), None if math.isnan(low) else float(low))
