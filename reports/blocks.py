"""The building blocks of a report: sections return them, and every format renders them.

A `Text` is a string or a tuple of spans, some of them marked: ``("see ", Link("failures", "Failures"))``.
Formats escape every string, so outside text is shown literally.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import pandas as pd


@dataclass(frozen=True)
class Code:
    """A name or a command within a text."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Emphasized words within a text."""

    text: str


@dataclass(frozen=True)
class Link:
    """Words within a text that link to the section with this heading."""

    text: str
    section: str


Span: TypeAlias = str | Code | Strong | Link
Text: TypeAlias = Span | tuple[Span, ...]


def spans(text: Text) -> tuple[Span, ...]:
    """Return the spans of a text."""
    return text if isinstance(text, tuple) else (text,)


def plain(text: Text) -> str:
    """Return a text without its marks.

    >>> plain(("run ", Code("bench"), "."))
    'run bench.'
    """
    return "".join(span if isinstance(span, str) else span.text for span in spans(text))


@dataclass(frozen=True)
class Heading:
    """The heading of a section (level 2) or of a part of one (level 3)."""

    text: str
    level: int = 2


def slug(heading: str) -> str:
    """Return the anchor of a heading, as on GitHub.

    >>> slug("Statistical significance")
    'statistical-significance'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: Text


@dataclass(frozen=True)
class Caveat:
    """A warning that comes before everything else."""

    text: Text


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[Text, ...]


@dataclass(frozen=True)
class Listing:
    """One or more commands on separate lines."""

    text: str


@dataclass(frozen=True)
class Column:
    """The heading of a column: ``arrow`` shows which direction is better; terminals keep essential ones."""

    label: str
    unit: str = ""
    arrow: str = ""
    description: str = ""
    essential: bool = False

    @property
    def title(self) -> str:
        """The heading on one line: ``PSNR ↑ (dB)``."""
        unit = f"({self.unit})" if self.unit else ""
        return " ".join(part for part in (self.label, self.arrow, unit) if part)


@dataclass(frozen=True)
class Entry:
    """One entry of a `Table`: its text, the value to sort by, its rank (1 best, 2 second), its interval.

    NaN as the value counts as none.
    """

    text: str
    value: float | None = None
    rank: int = 0
    interval: str = ""

    def __post_init__(self) -> None:
        if self.value is not None and math.isnan(self.value):
            object.__setattr__(self, "value", None)


@dataclass(frozen=True)
class Row:
    """One row of a `Table`: a method or the truth, and its group (a family, ``oracle`` or ``truth``)."""

    label: str
    group: str
    entries: tuple[Entry, ...]

    @property
    def apart(self) -> bool:
        """Whether it does not compete."""
        return self.group in ("hinted", "exemplar", "oracle", "truth")


@dataclass(frozen=True)
class Table:
    """A table of results: one row per method, one entry per column; tables of one name share a file."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    name: str
    caption: str

    def only(self, places: Sequence[int]) -> Table:
        """Return the table with some of its columns; without the truth if it has no value in these."""
        rows = [replace(row, entries=tuple(row.entries[i] for i in places)) for row in self.rows]
        told = [row for row in rows if row.group != "truth" or any(e.value is not None for e in row.entries)]
        return replace(self, columns=tuple(self.columns[i] for i in places), rows=tuple(told))


@dataclass(frozen=True)
class PlainTable:
    """A table of texts."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    caption: str


@dataclass(frozen=True)
class Figure:
    """A picture or film, drawn on first use: ``name``.``kind``, its alt text and its caption.

    A film has the kind ``mp4``. ``svg`` draws it as an ``svg`` element for pages, if it can be.
    """

    name: str
    alt: str
    caption: str
    draw: Callable[[], bytes]
    kind: str = "png"
    svg: Callable[[], str] | None = None

    @cached_property
    def content(self) -> bytes:
        """The file."""
        return self.draw()

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}.{self.kind}"

    @property
    def moves(self) -> bool:
        """Whether it is a film."""
        return self.kind == "mp4"


@dataclass(frozen=True)
class Tile:
    """One picture of a gallery: its label, group, caption and file; without a file the caption says why."""

    label: str
    group: str
    caption: str
    path: Path | None


@dataclass(frozen=True)
class GalleryPhoto:
    """A photo of a gallery: its input and truth, and its answers.

    A photo with a ``rank``, such as ``best``, also has a sheet of all its pictures, for formats that cannot
    lay them out; these leave out photos without a sheet.
    """

    name: str
    rank: str
    note: str
    given: tuple[Tile, Tile]
    answers: tuple[Tile, ...]
    sheet: Figure | None = None

    @property
    def title(self) -> str:
        """The rank and the name: ``Best: im0001.jpg``."""
        return f"{self.rank.capitalize()}: {self.name}" if self.rank else self.name


@dataclass(frozen=True)
class Gallery:
    """Photos to look at, the most telling ones first."""

    photos: tuple[GalleryPhoto, ...]
    best: str = ""  #: Label of the answer that is compared with the truth until a reader chooses another


@dataclass(frozen=True)
class Details:
    """Blocks collapsed under a summary."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Data:
    """Unrounded numbers for other programs: ``name``.csv; other formats leave it out."""

    name: str
    table: pd.DataFrame


Block: TypeAlias = (
    Heading | Prose | Caveat | Bullets | Listing | Table | PlainTable | Figure | Gallery | Details | Data
)


@dataclass(frozen=True)
class Document:
    """A whole report; its ``subject`` names photos and protocol, for standalone tables."""

    title: str
    subject: str
    blocks: tuple[Block, ...]


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks, including those collapsed inside others."""
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from walk(block.blocks)


def figures(blocks: Iterable[Block]) -> list[Figure]:
    """Return all figures in blocks, including the galleries' contact sheets."""
    found: list[Figure] = []
    for block in walk(blocks):
        if isinstance(block, Figure):
            found.append(block)
        elif isinstance(block, Gallery):
            found += [photo.sheet for photo in block.photos if photo.sheet]
    return found
