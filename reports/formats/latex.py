r"""LaTeX: the tables of a report with booktabs; the best is bold, the second best underlined.

Each file to ``\input`` holds a ``table`` environment, or several if one would be too wide to read; the
document needs ``\usepackage{booktabs,adjustbox}``. A table wider than the line is shrunk to fit.
"""

from pathlib import Path
from typing import cast

import pandas as pd

from ...files import write_text
from ..blocks import Document, Table, walk
from ..text import printable

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
"""Characters that LaTeX reads as commands, and frequent characters that its plain fonts lack."""

COMMANDS = {1: "textbf:--rwrap", 2: "underline:--rwrap"}  #: Rank → how pandas' Styler marks it

CHARACTER, GAP = 5, 8  #: Width of a 10 pt digit, and of the gap between columns, in points

ROOM = round(345 / 0.6)
r"""Width in points beyond which a table is split: shrunk to ``article``'s line of 345 pt, its 10 pt type
would be smaller than 6 pt. Across both columns of a paper with two, about 500 pt, it stays above 8 pt."""

COLUMN = round(240 / 0.7)
r"""Width in points beyond which a table spans both columns of a paper with two, of 240 pt each."""

TEMPLATE = r"""\begin{%s}
\centering
\caption{%s}
\label{%s}
\setlength{\tabcolsep}{%gpt}
\begin{adjustbox}{max width=\linewidth}
%s\end{adjustbox}
\end{%s}
"""


def write(document: Document, folder: Path) -> Path:
    """Write ``latex/*.tex`` and return the folder ``latex``.

    It holds one file per table of the report, and ``*-intervals.tex`` with the intervals of its means.
    """
    target = folder / "latex"
    named: dict[str, list[Table]] = {}
    for block in walk(document.blocks):
        if isinstance(block, Table):
            named.setdefault(block.name, []).append(block)
    for name, tables in named.items():
        parts = [part for table in tables for part in readable(table)]
        texts = []
        for i, part in enumerate(parts, 1):
            which = f" Part {i} of {len(parts)}." if len(parts) > 1 else ""
            label = f"tab:{name}" if i == 1 else f"tab:{name}-{i}"
            texts.append(latex(part, f"{part.caption} ({document.subject}).{which}", label))
        write_text(target / f"{name}.tex", printable("\n".join(texts)))
    return target


def readable(table: Table) -> list[Table]:
    """Split a table that would be too small to read into as few readable tables as possible.

    Each has some of the columns, in order, and they are about equally wide; an interval stays next to its
    value. Each has all rows, except the truth's if it has none of these values.
    """
    widths = [_width(place, table) for place in range(len(table.columns))]
    room = max(ROOM - _names_width(table), ROOM // 2)  # long names must not force one table per column

    def packed(room: int) -> list[list[int]]:
        parts: list[list[int]] = [[]]
        for unit in _units(table):
            if parts[-1] and sum(widths[i] for i in (*parts[-1], *unit)) > room:
                parts.append([])
            parts[-1] += unit
        return parts

    fewest = len(packed(room))
    even = next(parts for narrow in range(room + 1) if len(parts := packed(narrow)) == fewest)
    return [table.only(part) for part in even]


def latex(table: Table, caption: str, label: str) -> str:
    """Return a table as a LaTeX ``table`` environment, at most as wide as the line; texts are escaped.

    A line parts the families; what does not compete is in italics. A wide table is a ``table*``, which spans
    both columns of a paper with two.
    """
    methods = pd.RangeIndex(len(table.rows))
    # Headings may repeat, but a Styler's columns must be unique.
    places = pd.RangeIndex(len(table.columns))
    texts = pd.DataFrame(
        [[_escaped(entry.text) for entry in row.entries] for row in table.rows], methods, places
    )
    marks = [[COMMANDS.get(entry.rank, "") for entry in row.entries] for row in table.rows]
    labels = [
        rf"\textit{{{_escaped(row.label)}}}" if row.apart else _escaped(row.label) for row in table.rows
    ]
    tabular = (
        texts.style.format_index(lambda row: labels[cast("int", row)], axis="index")
        .format_index(lambda place: _stacked(_lines(cast("int", place), table)), axis="columns")
        .apply(lambda _: pd.DataFrame(marks, methods, places), axis=None)
        .to_latex(
            hrules=True,
            column_format="@{}l" + "r" * len(table.columns) + "@{}",
        )
    )
    width = _names_width(table) + sum(_width(place, table) for place in range(len(table.columns)))
    kind = "table*" if width > COLUMN else "table"
    return TEMPLATE % (kind, _escaped(caption), label, GAP / 2, _parted(tabular, table), kind)


def _parted(tabular: str, table: Table) -> str:
    """Return a ``tabular`` with a line above every family but the first."""
    head, rule, body = tabular.partition("\\midrule\n")
    lines = body.splitlines(keepends=True)
    groups = [row.group for row in table.rows]
    for place in range(len(groups) - 1, 0, -1):
        if groups[place] != groups[place - 1]:
            lines.insert(place, rule)
    return head + rule + "".join(lines)


def _names_width(table: Table) -> int:
    """Return the approximate width of the methods' names in points, including their gap."""
    return CHARACTER * max((len(row.label) for row in table.rows), default=0) + GAP


def _units(table: Table) -> list[list[int]]:
    """Return the columns' indices, grouped if they belong together."""
    units: list[list[int]] = []
    for place, column in enumerate(table.columns):
        if units and column.label.endswith("interval"):
            units[-1].append(place)
        else:
            units.append([place])
    return units


def _width(place: int, table: Table) -> int:
    """Return a column's approximate width in points, including its gap."""
    texts = [*_lines(place, table), *(row.entries[place].text for row in table.rows)]
    return CHARACTER * max(map(len, texts)) + GAP


def _lines(place: int, table: Table) -> list[str]:
    """Return a column's heading, on two lines if one would be wider than the cells below."""
    title = table.columns[place].title
    words = title.split(" ")
    if len(words) == 1 or len(title) <= max((len(row.entries[place].text) for row in table.rows), default=0):
        return [title]
    broken = ([" ".join(words[:i]), " ".join(words[i:])] for i in range(1, len(words)))
    return min(broken, key=lambda lines: max(map(len, lines)))


def _stacked(lines: list[str]) -> str:
    text = r"\\".join(map(_escaped, lines))
    return text if len(lines) == 1 else rf"\begin{{tabular}}[b]{{@{{}}r@{{}}}}{text}\end{{tabular}}"


def _escaped(text: str) -> str:
    return text.translate(ESCAPES)
