"""Markdown: ``report.md`` with its figures in ``figures/``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import singledispatch
from pathlib import Path

from tabulate import tabulate

from ...files import atomic
from ..blocks import (
    Block,
    Bullets,
    Caveat,
    Code,
    Data,
    Details,
    Document,
    Figure,
    Gallery,
    Heading,
    Link,
    Listing,
    PlainTable,
    Prose,
    Span,
    Strong,
    Table,
    Text,
    figures,
    slug,
    spans,
)


def write(document: Document, folder: Path) -> Path:
    """Write ``report.md`` and ``figures/`` into a folder and return the report's path."""
    for figure in figures(document.blocks):
        with atomic(folder / "figures" / figure.file) as partial:
            partial.write_bytes(figure.content)
    path = folder / "report.md"
    with atomic(path) as partial:
        partial.write_text(render([Heading(document.title, 1), *document.blocks]), encoding="utf-8")
    return path


def render(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown; figures are expected in ``figures/``."""
    return "\n\n".join(filter(None, map(render_block, blocks))) + "\n"


def inline(text: Text) -> str:
    r"""Return a text on one line, its strings shown literally.

    >>> print(inline("a_b <b>|\n[x](y)"))
    a\_b \<b\>\| \[x\](y)
    """
    line = "".join(map(_span, spans(text))).strip(" ")
    # At the start of a line, a list's mark or a rule under a heading.
    return re.sub(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=](?:[-=\s]|$)))", r"\1\\", line)


def code(value: str) -> str:
    """Return a code span, whatever back-ticks are in it.

    >>> print(code("bench run"), code("a`b"))
    `bench run` ``a`b``
    """
    line = _one_line(value).strip(" ")
    fence = "`" * _longer_than_any(line, 1)
    pad = " " if line[:1] == "`" or line[-1:] == "`" or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


@singledispatch
def render_block(block: Block) -> str:
    """Return a block as Markdown."""
    raise TypeError(f"Markdown cannot show a {type(block).__name__}")


@render_block.register
def _(block: Heading) -> str:
    return f"{'#' * block.level} {inline(block.text)}"


@render_block.register
def _(block: Prose) -> str:
    return inline(block.text)


@render_block.register
def _(block: Caveat) -> str:
    return f"> {inline(block.text)}"


@render_block.register
def _(block: Bullets) -> str:
    return "\n".join(f"- {inline(item)}" for item in block.items)


@render_block.register
def _(block: Listing) -> str:
    fence = "`" * _longer_than_any(block.text, 3)
    return f"{fence}sh\n{block.text}\n{fence}"


@render_block.register
def _(block: Table) -> str:
    headings = ["", "method", *(inline(column.title) for column in block.columns)]
    rows, group = [], ""
    for row in block.rows:
        label = f"*{inline(row.label)}*" if row.apart else inline(row.label)
        entries = [inline(Strong(entry.text) if entry.rank == 1 else entry.text) for entry in row.entries]
        rows.append(["" if row.group in (group, "truth") else row.group, label, *entries])
        group = row.group
    return _table(headings, rows, ["left", "left", *("right" for _ in block.columns)])


@render_block.register
def _(block: PlainTable) -> str:
    rows = [[inline(text) for text in row] for row in block.rows]
    return _table(list(map(inline, block.headings)), rows, ["left"] * len(block.headings))


@render_block.register
def _(block: Figure) -> str:
    picture = f"![{inline(block.alt)}](figures/{block.file})"
    return f"{picture}\n\n{inline(block.caption)}" if block.caption else picture


@render_block.register
def _(block: Gallery) -> str:
    return render_block(block.sheet)


@render_block.register
def _(block: Details) -> str:
    return f"<details><summary>{inline(block.summary)}</summary>\n\n{render(block.blocks)}\n</details>"


@render_block.register
def _(block: Data) -> str:  # noqa: ARG001  # for programs
    return ""


def _span(span: Span) -> str:
    if isinstance(span, Code):
        return code(span.text)
    if isinstance(span, Strong):
        return f"**{_escaped(span.text)}**"
    if isinstance(span, Link):
        return f"[{_escaped(span.text)}](#{slug(span.section)})"
    return _escaped(span)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str]) -> str:
    # A bar ends a cell, even within a code span; escaped twice it would not.
    cells = [[re.sub(r"(?<!\\)\|", r"\|", cell) for cell in row] for row in rows]
    return tabulate(cells, headings, tablefmt="pipe", colalign=align, disable_numparse=True)


def _escaped(value: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|~&$])", r"\\\1", _one_line(value))


def _one_line(value: str) -> str:
    return re.sub(r"[ \t\r\n\f\v]+", " ", value)


def _longer_than_any(value: str, least: int) -> int:
    return max(least, 1 + max((len(run) for run in re.findall("`+", value)), default=0))
