"""Tables laid out for readers: formatted, ranked and labelled once, for every report format."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from .summary import Summary
from .tables import MetricFacts

if TYPE_CHECKING:
    from .statistics import Intervals

ARROWS = {"higher": "↑", "lower": "↓", "target": "→ truth", "none": ""}
"""Direction of a metric → what its heading says of it."""

MISSING = "–"

NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Column:
    """A column's heading: ``label``, ``unit``, ``arrow``, and a sentence on what it is."""

    label: str
    unit: str = ""
    arrow: str = ""
    description: str = ""

    @property
    def title(self) -> str:
        """The heading in one line: ``PSNR ↑ (dB)``."""
        unit = f"({self.unit})" if self.unit else ""
        return " ".join(part for part in (self.label, self.arrow, unit) if part)


@dataclass(frozen=True)
class Cell:
    """One entry: its text, what to sort it by, its rank (1 best, 2 second, 0 neither), and its interval."""

    text: str
    value: float | str | None = None
    rank: int = 0
    interval: str = ""


@dataclass(frozen=True)
class Row:
    """One method, or the truth: its label and its group (a family, ``oracle`` or ``truth``)."""

    label: str
    group: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Columns, and rows with a cell for each; the rows' labels are a column of their own."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def intervals(self) -> Table | None:
        """The same methods with the intervals of their means; ``None`` where no cell has one."""
        places = [i for i in range(len(self.columns)) if any(row.cells[i].interval for row in self.rows)]
        rows = [
            replace(row, cells=tuple(_interval_cell(row.cells[i]) for i in places))
            for row in self.rows
            if row.group != "truth"
        ]
        return Table(tuple(self.columns[i] for i in places), tuple(rows)) if places else None


FACTS = {
    "coverage": Column("coverage", description="photos scored / photos expected, and what went wrong"),
    "images_per_second": Column(
        "images/s", description="photos colorized in a second of the method's own time, warm-up outside"
    ),
    "parameter_count": Column("parameters", description="learned weights"),
    "fit_seconds": Column("training", "s", description="time of the training, all threads"),
    "peak_memory_mb": Column("peak memory", "MiB", description="of the method's process"),
}
"""Columns that are no metrics, by their name in `Summary.rows`."""


def lay_out(summary: Summary, names: Sequence[str], intervals: Intervals | None = None) -> Table:
    """Make a table of some of a summary's columns.

    Parameters
    ----------
    summary
        What to show; every row of it is shown.
    names
        Names of metrics and of `FACTS`, in order; metrics that the summary lacks are left out.
    intervals
        Of the summary's means.

    Returns
    -------
    Table
        The best and second-best contenders ranked a metric, the truth's own values last if it has any.
    """
    metrics = {metric.name: metric for metric in summary.metrics}
    columns: list[Column] = []
    texts: list[list[Cell]] = []
    for name in names:
        if name in metrics:
            columns.append(metric_column(metrics[name]))
            texts.append(_metric_cells(summary, metrics[name], intervals))
        elif name in FACTS:
            columns.append(FACTS[name])
            texts.append([_fact_cell(row, name) for _, row in summary.rows.iterrows()] + [Cell(MISSING)])
    return _table(summary, columns, texts)


def metric_column(metric: MetricFacts) -> Column:
    """Return the heading of a metric."""
    return Column(metric.label, metric.unit, ARROWS[metric.direction], metric.description)


def matrix(summaries: Mapping[str, tuple[Summary, Intervals | None]], name: str) -> Table:
    """Make a table of one metric: a row a method, a column a summary.

    Parameters
    ----------
    summaries
        Heading → summary and the intervals of its means; they share their methods.
    name
        The metric.
    """
    columns, texts = [], []
    for heading, (summary, intervals) in summaries.items():
        metric = next(metric for metric in summary.metrics if metric.name == name)
        columns.append(Column(heading))
        texts.append(_metric_cells(summary, metric, intervals))
    return _table(next(iter(summaries.values()))[0], columns, texts)


def number(value: float, decimals: int) -> str:
    """Format a value; a missing one is a dash, an infinite one ``∞``.

    >>> number(22.6449, 2), number(float("inf"), 2), number(float("nan"), 2), number(-0.001, 2)
    ('22.64', '∞', '–', '0.00')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:z,.{decimals}f}".replace("-", "−")


def decimals_for(largest: float) -> int:
    """Return to how many decimals a metric is shown whose largest value is this.

    >>> decimals_for(0.98), decimals_for(1.0000001), decimals_for(24.1)
    (3, 3, 2)
    """
    return 3 if round(largest, 3) <= 1 else 2


def span(low: float, high: float, decimals: int) -> str:
    """Format an interval on one line; a missing one is a dash.

    >>> span(0.8791, 0.8964, 3).replace(NO_BREAK, " "), span(float("nan"), float("nan"), 3)
    ('0.879 … 0.896', '–')
    """
    if math.isnan(low) or math.isnan(high):
        return MISSING
    return f"{number(low, decimals)}{NO_BREAK}…{NO_BREAK}{number(high, decimals)}"


def counted(count: int, noun: str) -> str:
    """Return how many there are of something.

    >>> counted(1, "photo"), counted(4319, "photo")
    ('1 photo', '4,319 photos')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def p_value(p: float) -> str:
    """Format a p-value.

    >>> p_value(0.0312), p_value(1e-9)
    ('p = 0.031', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {number(p, 3)}"


def _table(summary: Summary, columns: list[Column], cells: list[list[Cell]]) -> Table:
    """Turn columns of cells into rows; the last cell of each is the truth's."""
    families = zip(summary.rows["family"], summary.rows["oracle"], strict=True)
    groups = ["oracle" if oracle else str(family) for family, oracle in families]
    labels = [str(label) for label in summary.rows.index]
    rows = [
        Row(label, group, tuple(column[i] for column in cells))
        for i, (label, group) in enumerate(zip([*labels, "truth"], [*groups, "truth"], strict=True))
    ]
    known = any(cell.value is not None for cell in rows[-1].cells)
    return Table(tuple(columns), tuple(rows if known else rows[:-1]))


def _metric_cells(summary: Summary, metric: MetricFacts, intervals: Intervals | None) -> list[Cell]:
    values, spread = summary.scores[metric.name], summary.spread[metric.name]
    truth = summary.truth[metric.name]
    finite = [abs(value) for value in [*values, truth] if math.isfinite(value)]
    decimals = decimals_for(max(finite, default=0))
    ranks = _ranks(summary.badness(metric), decimals)
    cells = []
    for label, value, deviation in zip(values.index, values, spread, strict=True):
        text = number(value, decimals)
        if math.isfinite(deviation):
            text += f"{NO_BREAK}±{NO_BREAK}{number(deviation, decimals)}"
        interval = ""
        if intervals is not None and metric.name in intervals.low:
            low, high = intervals.low[metric.name], intervals.high[metric.name]
            interval = span(float(low[label]), float(high[label]), decimals)
        cells.append(Cell(text, _sortable(value), ranks.get(str(label), 0), interval))
    return [*cells, Cell(number(truth, decimals), _sortable(truth))]


def _interval_cell(cell: Cell) -> Cell:
    return Cell(cell.interval or MISSING, cell.value)


def _ranks(badness: pd.Series[float], decimals: int) -> dict[str, int]:
    """Rank the best 1 and the second best 2; what looks the same in the table has the same rank."""
    shown = {str(label): float(f"{value:.{decimals}f}") for label, value in badness.items()}
    best = sorted(set(shown.values()))[:2]
    return {label: best.index(value) + 1 for label, value in shown.items() if value in best}


def _fact_cell(row: pd.Series[Any], name: str) -> Cell:
    if name == "coverage":
        trouble = "" if row["status"] == "ok" else f" {row['status']}"
        return Cell(f"{row['scored']:,}/{row['expected']:,}{trouble}", _sortable(row["coverage"]))
    value = float(row[name])
    small = name == "images_per_second" and value < 100
    return Cell(f"{value:.3g}" if small else number(value, 0), _sortable(value))


def _sortable(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
