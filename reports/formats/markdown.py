"""Markdown: ``report.md`` with its figures in ``figures/``."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tabulate import tabulate

from ...files import atomic, write_text
from .. import blocks as b
from ..blocks import Block, Document, Span, Text
from ..text import printable

MOST_COLUMNS = 9  #: Columns of a table of results that GitHub shows without scrolling


def write(document: Document, folder: Path) -> Path:
    """Write ``report.md`` and ``figures/`` into a folder and return the report's path."""
    for figure in b.figures(document.blocks):
        with atomic(folder / "figures" / figure.file) as partial:
            partial.write_bytes(figure.content)
    path = folder / "report.md"
    write_text(path, render([b.Heading(document.title, 1), *document.blocks]))
    return path


def render(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown; figures are expected in ``figures/``."""
    return printable("\n\n".join(filter(None, map(render_block, blocks))) + "\n")


def inline(text: Text) -> str:
    r"""Return a text on one line, its strings shown literally.

    >>> print(inline("a_b <b>|\n[x](y)"))
    a\_b \<b\>\| \[x\](y)
    """
    line = "".join(map(_span, b.spans(text))).strip(" ")
    # At the start of a line: a list marker or a heading's underline.
    return re.sub(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=](?:[-=\s]|$)))", r"\1\\", line)


def code(value: str) -> str:
    """Return a code span, even for text with back-ticks.

    >>> print(code("bench run"), code("a`b"))
    `bench run` ``a`b``
    """
    line = _one_line(value).strip(" ")
    fence = "`" * _longer_than_any(line, 1)
    pad = " " if line[:1] == "`" or line[-1:] == "`" or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def render_block(block: Block) -> str:  # noqa: C901, PLR0911  # one case per kind
    """Return a block as Markdown."""
    match block:
        case b.Heading():
            return f"{'#' * block.level} {inline(block.text)}"
        case b.Prose():
            return inline(block.text)
        case b.Caveat():
            return f"> {inline(block.text)}"
        case b.Bullets():
            return "\n".join(f"- {inline(item)}" for item in block.items)
        case b.Listing():
            fence = "`" * _longer_than_any(block.text, 3)
            return f"{fence}sh\n{block.text}\n{fence}"
        case b.Table():
            return _results(block)
        case b.PlainTable():
            rows = [[inline(text) for text in row] for row in block.rows]
            return _table([inline(text) for text in block.headings], rows, ["left"] * len(block.headings))
        case b.Figure():
            picture = f"{'' if block.moves else '!'}[{inline(block.alt)}](figures/{block.file})"
            return f"{picture}\n\n{inline(block.caption)}" if block.caption else picture
        case b.Gallery():
            shown = [photo for photo in block.photos if photo.sheet]
            return "\n\n".join(map(_photo, shown))
        case b.Details():
            return (
                f"<details><summary>{inline(block.summary)}</summary>\n\n{render(block.blocks)}\n</details>"
            )
        case b.Data():
            return ""


def _photo(photo: b.GalleryPhoto) -> str:
    parts = (b.Heading(photo.title, 3), b.Prose(photo.note), photo.sheet)
    return "\n\n".join(render_block(part) for part in parts if part is not None)


def _results(table: b.Table) -> str:
    """Return a table of results: the best in bold, oracles and the truth in italics.

    One with more than `MOST_COLUMNS` becomes several.
    """
    places = range(len(table.columns))
    if len(places) <= MOST_COLUMNS - 2:
        return _part(table)
    parts = [places[start : start + MOST_COLUMNS - 2] for start in places[:: MOST_COLUMNS - 2]]
    return "\n\n".join(_part(table.only(part)) for part in parts)


def _part(table: b.Table) -> str:
    headings = ["", "method", *(inline(column.title) for column in table.columns)]
    rows, group = [], ""
    for row in table.rows:
        label = f"*{inline(row.label)}*" if row.apart else inline(row.label)
        entries = [inline(b.Strong(entry.text) if entry.rank == 1 else entry.text) for entry in row.entries]
        rows.append(["" if row.group in (group, "truth") else row.group, label, *entries])
        group = row.group
    return _table(headings, rows, ["left", "left", *("right" for _ in table.columns)])


def _span(span: Span) -> str:
    if isinstance(span, b.Code):
        return code(span.text)
    if isinstance(span, b.Strong):
        return f"**{_escaped(span.text)}**"
    if isinstance(span, b.Link):
        return f"[{_escaped(span.text)}](#{b.slug(span.section)})"
    return _escaped(span)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str]) -> str:
    # A bar ends a cell, even within a code span; escape it only once.
    cells = [[re.sub(r"(?<!\\)\|", r"\|", cell) for cell in row] for row in rows]
    return tabulate(cells, headings, tablefmt="pipe", colalign=align, disable_numparse=True)


def _escaped(value: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|~&$])", r"\\\1", _one_line(value))


def _one_line(value: str) -> str:
    return re.sub(r"[ \t\r\n\f\v]+", " ", value)


def _longer_than_any(value: str, least: int) -> int:
    return max(least, 1 + max((len(run) for run in re.findall("`+", value)), default=0))
