r"""The tables of a report in LaTeX: booktabs, the best bold, the second best underlined.

Each file holds what to ``\input``: a ``table`` environment, or several where one would be too wide to read;
the document needs ``\usepackage{booktabs,adjustbox}``. A table wider than the line is shrunk to it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pandas as pd

from .layout import Table
from .material import Material
from .statistics import LEVEL

ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: rf"\{character}" for character in "&%$#_{}"},
        "<": "$<$",
        ">": "$>$",
        "|": "$|$",
        "↑": r"$\uparrow$",
        "↓": r"$\downarrow$",
        "→": r"$\rightarrow$",
        "Δ": r"$\Delta$",
        "±": r"$\pm$",
        "−": "$-$",
        "×": r"$\times$",
        "∞": r"$\infty$",
        "…": r"\dots{}",
        "–": "--",
        "\N{NO-BREAK SPACE}": "~",
    }
)
"""What LaTeX would read as a command, and what our tables are full of and its plain fonts lack."""

COMMANDS = {1: "textbf:--rwrap", 2: "underline:--rwrap"}
"""Rank → how pandas' Styler marks it."""

CHARACTER, GAP = 5, 8
"""Width of a digit of 10 pt type, and of the space between two columns, in points."""

ROOM = round(345 / 0.7)
r"""From what width in points on a table is split: shrunk to the line of ``article``, which has 345, its 10 pt
type would be smaller than the 7 of ``\scriptsize``."""

TEMPLATE = r"""\begin{table}
\centering
\caption{%s}
\label{%s}
\setlength{\tabcolsep}{%gpt}
\begin{adjustbox}{max width=\linewidth}
%s\end{adjustbox}
\end{table}
"""


def write_latex(material: Material, folder: Path) -> Path:
    """Write ``latex/*.tex`` and return the folder ``latex``.

    It has a file a table of the report, and ``*-intervals.tex`` with the intervals of its means.
    """
    content, target = material.content, folder / "latex"
    target.mkdir(parents=True, exist_ok=True)
    photos = (
        f"{content.run.dataset['name']}, {content.photos:,} photos, protocol {content.run.protocol_digest}"
    )
    tables = {"headline": ([content.headline], f"Results on {photos}.")}
    tables["further"] = ([content.further], f"Further metrics and cost on {photos}.")
    if content.coloured:
        tables["without-near-grey"] = ([content.coloured], f"Results on {photos}, without near-grey ones.")
    for metric, by_category in content.by_category.items():
        tables[f"{metric}-by-category"] = (by_category, f"{content.title(metric)} by category on {photos}.")
    for by in content.evidence:
        caption = f"Paired differences in {by.metric.label} to {by.best} on {photos}."
        tables[f"{by.metric.name}-differences"] = ([by.table], caption)
    if content.study:
        caption = f"{content.study.sentence} Photos of {photos}."
        tables["fool-rate"] = ([content.study.table], caption)
    for name, (whole, caption) in list(tables.items()):
        intervals = [table.intervals for table in whole if table.intervals]
        if intervals:
            tables[f"{name}-intervals"] = (intervals, f"{LEVEL:.0%} intervals. {caption}")
    for name, (whole, caption) in tables.items():
        parts = [part for table in whole for part in readable(table)]
        texts = []
        for i, part in enumerate(parts, 1):
            which = f" Part {i} of {len(parts)}." if len(parts) > 1 else ""
            label = f"tab:{name}" if i == 1 else f"tab:{name}-{i}"
            texts.append(latex(part, caption + which, label))
        (target / f"{name}.tex").write_text("\n".join(texts), encoding="utf-8")
    return target


def readable(table: Table) -> list[Table]:
    """Split a table that would be too small to read on one line into as few as are not.

    Parameters
    ----------
    table
        What to show.

    Returns
    -------
    list of Table
        Each has some of the columns, in their order, and they are about equally wide; an interval stays
        beside what it is of. Each has all rows, but for the truth's where it has none of these values.
    """
    widths = [_width(place, table) for place in range(len(table.columns))]
    names = ([row.group for row in table.rows], [row.label for row in table.rows])
    taken = sum(CHARACTER * max(map(len, texts), default=0) + GAP for texts in names)
    room = max(ROOM - taken, ROOM // 2)  # long names are no reason for a table of every column

    def packed(room: int) -> list[list[int]]:
        parts: list[list[int]] = [[]]
        for unit in _units(table):
            if parts[-1] and sum(widths[i] for i in (*parts[-1], *unit)) > room:
                parts.append([])
            parts[-1] += unit
        return parts

    fewest = len(packed(room))
    even = next(parts for narrow in range(room + 1) if len(parts := packed(narrow)) == fewest)
    return [_columns(table, part) for part in even]


def latex(table: Table, caption: str, label: str) -> str:
    """Return a table as a LaTeX ``table`` environment, at most as wide as the line.

    Parameters
    ----------
    table
        What to show; all of it is escaped.
    caption, label
        The environment's; the caption is escaped.
    """
    methods = pd.MultiIndex.from_tuples([(_escaped(row.group), _escaped(row.label)) for row in table.rows])
    # Headings need not differ, but a Styler's columns must.
    places = pd.RangeIndex(len(table.columns))
    texts = pd.DataFrame([[_escaped(cell.text) for cell in row.cells] for row in table.rows], methods, places)
    marks = [[COMMANDS.get(cell.rank, "") for cell in row.cells] for row in table.rows]
    tabular = (
        texts.style.format_index(lambda place: _stacked(_lines(cast("int", place), table)), axis="columns")
        .apply(lambda _: pd.DataFrame(marks, methods, places), axis=None)
        .to_latex(
            hrules=True,
            column_format="@{}ll" + "r" * len(table.columns) + "@{}",
            multirow_align="naive",
        )
    )
    return TEMPLATE % (_escaped(caption), label, GAP / 2, tabular)


def _units(table: Table) -> list[list[int]]:
    """Return the places of the columns, those together that belong together."""
    units: list[list[int]] = []
    for place, column in enumerate(table.columns):
        if units and column.label.endswith("interval"):
            units[-1].append(place)
        else:
            units.append([place])
    return units


def _columns(table: Table, places: list[int]) -> Table:
    rows = [replace(row, cells=tuple(row.cells[i] for i in places)) for row in table.rows]
    told = [row for row in rows if row.group != "truth" or any(cell.value is not None for cell in row.cells)]
    return Table(tuple(table.columns[i] for i in places), tuple(told))


def _width(place: int, table: Table) -> int:
    """Return about how wide a column is, in points, with the space beside it."""
    texts = [*_lines(place, table), *(row.cells[place].text for row in table.rows)]
    return CHARACTER * max(map(len, texts)) + GAP


def _lines(place: int, table: Table) -> list[str]:
    """Return a column's heading, in two lines where one is wider than everything below it."""
    title = table.columns[place].title
    words = title.split(" ")
    if len(words) == 1 or len(title) <= max((len(row.cells[place].text) for row in table.rows), default=0):
        return [title]
    broken = ([" ".join(words[:i]), " ".join(words[i:])] for i in range(1, len(words)))
    return min(broken, key=lambda lines: max(map(len, lines)))


def _stacked(lines: list[str]) -> str:
    text = r"\\".join(map(_escaped, lines))
    return text if len(lines) == 1 else rf"\begin{{tabular}}[b]{{@{{}}r@{{}}}}{text}\end{{tabular}}"


def _escaped(text: str) -> str:
    return text.translate(ESCAPES)
