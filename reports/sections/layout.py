"""Tables for several sections, made from a summary: formatted, ranked and labelled."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from ... import UserError
from ..analysis.material import Material
from ..analysis.statistics import Intervals
from ..analysis.summary import Summary
from ..blocks import Block, Column, Details, Entry, Figure, Row, Table
from ..tables import MetricFacts
from ..text import MISSING, NO_BREAK, number, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ARROWS = {"higher": "↑", "lower": "↓", "target": "→ truth", "none": ""}
"""Direction of a metric → arrow in its heading."""

FACTS = {
    "coverage": Column(
        "coverage", description="photos or clips scored / expected, and what went wrong", essential=True
    ),
    "images_per_second": Column(
        "images/s", description="photos colorized per second of the method's own time, excluding warm-up"
    ),
    "parameter_count": Column("parameters", description="learned weights"),
    "fit_seconds": Column("training", "s", description="training time, all threads"),
    "peak_memory_mb": Column("peak memory", "MiB", description="of the method's process"),
    "model_mb": Column("on disk", "MiB", description="what the method learned, and the files that it reads"),
}
"""Columns that are not metrics, by their name in `Summary.rows`."""


def headline_table(material: Material, *, intervals: bool = False) -> Table:
    """Return the first table of a report: the chosen columns, or the headline metrics and the main costs.

    Raises `UserError` if a chosen column is unknown.
    """
    summary, chosen = material.headline, material.selection.columns
    known = [*(metric.name for metric in summary.metrics), *FACTS]
    if unknown := [name for name in chosen if name not in known]:
        raise UserError(f"unknown column '{unknown[0]}'; this run has {', '.join(known)}")
    metrics = [metric.name for metric in summary.metrics if metric.headline]
    names = chosen or [*covered(summary), *metrics, "images_per_second", "parameter_count"]
    ends = material.headline_intervals if intervals else None
    return lay_out(summary, names, ends, name="headline", caption=material.headline_photos)


def covered(summary: Summary) -> list[str]:
    """Return the column of coverage, if any method lacks some."""
    return [] if summary.complete else ["coverage"]


def lay_out(
    summary: Summary, names: Sequence[str], intervals: Intervals | None = None, *, name: str, caption: str
) -> Table:
    """Make a table of some of a summary's columns: one row per method, then the truth's own values if any.

    Parameters
    ----------
    summary
        The methods; the two best contenders are ranked by each metric.
    names
        Names of metrics and of `FACTS`, in order; metrics that the summary lacks are left out.
    intervals
        The intervals of the summary's means.
    name, caption
        Name and caption of the table.
    """
    metrics = {metric.name: metric for metric in summary.metrics}
    columns: list[Column] = []
    entries: list[list[Entry]] = []
    for column in names:
        if column in metrics:
            columns.append(metric_column(metrics[column]))
            entries.append(metric_entries(summary, metrics[column], intervals))
        elif column in FACTS:
            columns.append(FACTS[column])
            entries.append(
                [fact_entry(row, column) for row in summary.rows.to_dict("records")] + [Entry(MISSING)]
            )
    return _table(summary, columns, entries, name, caption)


def matrix(
    summaries: Mapping[str, tuple[Summary, Intervals | None]], metric: MetricFacts, *, name: str, caption: str
) -> Table:
    """Make a table of one metric: one row per method, one column per summary.

    The summaries, given by heading with the intervals of their means, share their methods.
    """
    columns = [Column(heading) for heading in summaries]
    entries = [metric_entries(summary, metric, intervals) for summary, intervals in summaries.values()]
    return _table(next(iter(summaries.values()))[0], columns, entries, name, caption)


def with_intervals(table: Table) -> list[Block]:
    """Return a table and, collapsed, the intervals of its means, if any."""
    places = [i for i in range(len(table.columns)) if any(row.entries[i].interval for row in table.rows)]
    if not places:
        return [table]
    part = table.only(places)
    rows = tuple(
        replace(row, entries=tuple(Entry(e.interval or MISSING, e.value) for e in row.entries))
        for row in part.rows
        if row.group != "truth"
    )
    name, caption = f"{table.name}-intervals", f"95% intervals: {table.caption}"
    intervals = replace(part, rows=rows, name=name, caption=caption)
    return [table, Details("95% intervals of these means", (intervals,))]


def unrounded(summary: Summary, intervals: Intervals) -> pd.DataFrame:
    """Return a summary with the ends of its intervals, one row per method, for `Data`."""
    ends = (intervals.low.add_suffix("_low"), intervals.high.add_suffix("_high"))
    return pd.concat([summary.table(), *ends], axis="columns").rename_axis("method")


def metric_column(metric: MetricFacts) -> Column:
    """Return the heading of a metric."""
    arrow = ARROWS[metric.direction]
    return Column(metric.label, metric.unit, arrow, metric.description, essential=metric.compared)


def chart(name: str, alt: str, caption: str, draw: Callable[[], Drawing]) -> Figure:
    """Return a chart that is drawn on first use."""
    drawn = cache(draw)

    def encoded() -> bytes:
        from ..charts.style import encode  # Matplotlib is slow to import

        return encode(drawn())

    def inline() -> str:
        from ..charts.style import inline_svg

        return inline_svg(drawn(), name)

    return Figure(name, alt, caption, encoded, svg=inline)


def photo_chart(name: str, alt: str, caption: str, draw: Callable[[], Drawing]) -> Figure:
    """Return a chart that is made of photos, as JPEG, which is far smaller; drawn on first use."""

    def encoded() -> bytes:
        from ..charts.style import encode  # Matplotlib is slow to import

        return encode(draw(), "jpg")

    return Figure(name, alt, caption, encoded, kind="jpg")


def _table(
    summary: Summary, columns: list[Column], entries: list[list[Entry]], name: str, caption: str
) -> Table:
    """Turn columns of entries into rows; the last entry of each is the truth's."""
    labels = [*summary.groups.items(), ("truth", "truth")]
    rows = [
        Row(label, group, tuple(column[i] for column in entries)) for i, (label, group) in enumerate(labels)
    ]
    known = any(entry.value is not None for entry in rows[-1].entries)
    return Table(tuple(columns), tuple(rows if known else rows[:-1]), name, caption)


def metric_entries(summary: Summary, metric: MetricFacts, intervals: Intervals | None = None) -> list[Entry]:
    """Return a metric's value for every method of a summary, in order, and then the truth's own."""
    values, spread = summary.scores[metric.name], summary.spread[metric.name]
    truth, decimals = summary.truth[metric.name], summary.decimals(metric)
    ranks = _ranks(summary.badness(metric), decimals)
    entries = []
    for label, value, deviation in zip(values.index, values, spread, strict=True):
        text = number(value, decimals)
        if math.isfinite(deviation):
            text += f"{NO_BREAK}±{NO_BREAK}{number(deviation, decimals)}"
        interval = ""
        if intervals is not None and metric.name in intervals.low:
            low, high = intervals.low[metric.name], intervals.high[metric.name]
            interval = span(float(low[label]), float(high[label]), decimals)
        entries.append(Entry(text, value, ranks.get(str(label), 0), interval))
    return [*entries, Entry(number(truth, decimals), truth)]


def _ranks(badness: pd.Series[float], decimals: int) -> dict[str, int]:
    """Rank the best 1 and the second best 2; values that look the same in the table share a rank."""
    shown = {str(label): float(f"{value:.{decimals}f}") for label, value in badness.items()}
    best = sorted(set(shown.values()))[:2]
    return {label: best.index(value) + 1 for label, value in shown.items() if value in best}


def fact_entry(row: Mapping[Any, Any], name: str) -> Entry:
    """Return one of `FACTS` of a method, a row of `Summary.rows`."""
    if name == "coverage":
        trouble = "" if row["status"] == "ok" else f" {row['status']}"
        return Entry(f"{row['scored']:,}/{row['expected']:,}{trouble}", row["coverage"])
    value = float(row[name])
    small = name in ("images_per_second", "model_mb") and 0.01 <= value < 100
    return Entry(f"{value:.3g}" if small else number(value, 0), value)
