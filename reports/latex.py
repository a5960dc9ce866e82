r"""The tables of a report in LaTeX: booktabs, the best bold, the second best underlined.

Each file holds one ``table`` environment to ``\input``; the document needs ``\usepackage{booktabs}``.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pandas as pd

from .layout import Table
from .material import Material

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


def write_latex(material: Material, folder: Path) -> Path:
    """Write ``latex/*.tex``, a file a table, and return the folder ``latex``."""
    content, target = material.content, folder / "latex"
    target.mkdir(parents=True, exist_ok=True)
    photos = (
        f"{content.run.dataset['name']}, {content.photos:,} photos, protocol {content.run.protocol_digest}"
    )
    tables = {"headline": (content.headline, f"Results on {photos}.")}
    tables["further"] = (content.further, f"Further metrics and cost on {photos}.")
    if content.coloured:
        tables["without-near-grey"] = (content.coloured, f"Results on {photos}, without near-grey ones.")
    for metric, parts in content.by_category.items():
        for number, part in enumerate(parts, 1):
            name = f"{metric}-by-category" + (f"-{number}" if len(parts) > 1 else "")
            tables[name] = (part, f"{content.title(metric)} by category on {photos}.")
    for by in content.evidence:
        caption = f"Paired differences in {by.metric.label} to {by.best} on {photos}."
        tables[f"{by.metric.name}-differences"] = (by.table, caption)
    if content.study:
        caption = f"{content.study.sentence} Photos of {photos}."
        tables["fool-rate"] = (content.study.table, caption)
    for name, (table, caption) in tables.items():
        (target / f"{name}.tex").write_text(latex(table, caption, f"tab:{name}"), encoding="utf-8")
    return target


def latex(table: Table, caption: str, label: str) -> str:
    """Return a table as a LaTeX ``table`` environment.

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
    return str(
        texts.style.format_index(
            lambda place: _escaped(table.columns[cast("int", place)].title), axis="columns"
        )
        .apply(lambda _: pd.DataFrame(marks, methods, places), axis=None)
        .to_latex(
            hrules=True,
            column_format="ll" + "r" * len(table.columns),
            multirow_align="naive",
            position_float="centering",
            caption=_escaped(caption),
            label=label,
        )
    )


def _escaped(text: str) -> str:
    return text.translate(ESCAPES)
