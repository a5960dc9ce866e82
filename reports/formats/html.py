"""HTML: one file that needs no network, to sort, filter and compare in."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from functools import singledispatch
from itertools import takewhile
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from ...files import atomic
from ..blocks import (
    Block,
    Bullets,
    Caveat,
    Code,
    Data,
    Details,
    Document,
    Entry,
    Figure,
    Gallery,
    Heading,
    Link,
    Listing,
    PlainTable,
    Prose,
    Row,
    Span,
    Strong,
    Table,
    Text,
    Tile,
    slug,
    spans,
)

TEMPLATES = Path(__file__).parent / "templates"

RANKS = {0: "", 1: "best", 2: "second"}
"""Rank of an entry → its class."""


def write(document: Document, folder: Path) -> Path:
    """Write ``report.html`` into a folder and return its path."""
    path = folder / "report.html"
    with atomic(path) as partial:
        partial.write_text(page(document), encoding="utf-8")
    return path


def page(document: Document) -> str:
    """Return a whole page; the blocks before the first heading go to its header."""
    lead = list(takewhile(lambda block: not isinstance(block, Heading), document.blocks))
    environment = Environment(
        loader=PackageLoader("huebench.reports.formats"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2").render(
        title=document.title,
        lead=render(lead),
        content=render(document.blocks[len(lead) :]),
        css=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # ours
        js=Markup((TEMPLATES / "report.js").read_text(encoding="utf-8")),  # noqa: S704  # ours
    )


def render(blocks: Iterable[Block]) -> Markup:
    """Return blocks as HTML."""
    return Markup("\n").join(map(render_block, blocks))


def inline(text: Text) -> Markup:
    """Return a text as HTML, its strings escaped.

    >>> inline(("<b> ", Code("x")))
    Markup('&lt;b&gt; <code>x</code>')
    """
    return _join(map(_span, spans(text)))


@singledispatch
def render_block(block: Block) -> Markup:
    """Return a block as HTML; every text in it is escaped."""
    raise TypeError(f"HTML cannot show a {type(block).__name__}")


@render_block.register
def _(block: Heading) -> Markup:
    if block.level > 2:
        return Markup("<h{0}>{1}</h{0}>").format(block.level, block.text)
    return Markup('<h2 id="{}">{}</h2>').format(slug(block.text), block.text)


@render_block.register
def _(block: Prose) -> Markup:
    return Markup("<p>{}</p>").format(inline(block.text))


@render_block.register
def _(block: Caveat) -> Markup:
    return Markup('<p class="caveat">{}</p>').format(inline(block.text))


@render_block.register
def _(block: Bullets) -> Markup:
    return Markup("<ul>{}</ul>").format(_join(Markup("<li>{}</li>").format(inline(i)) for i in block.items))


@render_block.register
def _(block: Listing) -> Markup:
    return Markup("<pre><code>{}</code></pre>").format(block.text)


@render_block.register
def _(block: Table) -> Markup:
    heading = Markup('<th scope="col"><button type="button"{}>{}</button></th>')
    headings = [heading.format("", "method")]
    for column in block.columns:
        title = Markup(' title="{}"').format(column.description) if column.description else ""
        headings.append(heading.format(title, column.title))
    groups = ["", *(row.group for row in block.rows)]
    rows = [_row(row, first=row.group != before) for row, before in zip(block.rows, groups, strict=False)]
    return _table(headings, rows, block.caption, "results")


@render_block.register
def _(block: PlainTable) -> Markup:
    headings = [Markup('<th scope="col">{}</th>').format(heading) for heading in block.headings]
    rows = []
    for first, *others in block.rows:
        cells = _join(Markup("<td>{}</td>").format(inline(text)) for text in others)
        rows.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(inline(first), cells))
    return _table(headings, rows, block.caption, "plain")


@render_block.register
def _(block: Figure) -> Markup:
    return Markup(
        '<figure class="chart"><div class="scroll" tabindex="0" role="region" aria-label="{0}">'
        '<img src="{1}" alt="{0}"></div>\n<figcaption>{2}</figcaption></figure>'
    ).format(block.alt, _uri(block.content, block.kind), block.caption)


@render_block.register
def _(block: Gallery) -> Markup:
    given, truth = block.given
    tiles = [_tile(given, block.photo), _truth(truth, block.photo)]
    tiles += [_tile(answer, block.photo, slider=True) for answer in block.answers]
    picture = _picture(truth.path) if truth.path else ""
    return Markup('<div class="gallery" style="--truth: url({})">\n{}\n</div>').format(
        picture, Markup("\n").join(tiles)
    )


@render_block.register
def _(block: Details) -> Markup:
    return Markup("<details><summary>{}</summary>\n{}\n</details>").format(
        block.summary, render(block.blocks)
    )


@render_block.register
def _(block: Data) -> Markup:  # noqa: ARG001  # for programs
    return Markup("")


def _span(span: Span) -> Markup:
    if isinstance(span, Code):
        return Markup("<code>{}</code>").format(span.text)
    if isinstance(span, Strong):
        return Markup("<strong>{}</strong>").format(span.text)
    if isinstance(span, Link):
        return Markup('<a href="#{}">{}</a>').format(slug(span.section), span.text)
    return Markup("{}").format(span)


def _table(headings: Sequence[Markup], rows: Sequence[Markup], caption: str, kind: str) -> Markup:
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{0}">\n'
        '<table class="{1}" aria-label="{0}">\n<thead><tr>{2}</tr></thead>\n'
        "<tbody>\n{3}\n</tbody>\n</table>\n</div>"
    ).format(caption, kind, _join(headings), Markup("\n").join(rows))


def _row(row: Row, *, first: bool) -> Markup:
    group = "" if row.group == row.label else Markup(" <small>{}</small>").format(row.group)
    classes = " ".join(name for name, holds in (("first", first), ("apart", row.apart)) if holds)
    return Markup(
        '<tr data-method="{0} {1}" class="{2}"><th scope="row" data-label="{0}">{0}{3}</th>{4}</tr>'
    ).format(row.label, row.group, classes, group, _join(map(_entry, row.entries)))


def _entry(entry: Entry) -> Markup:
    value = "" if entry.value is None else Markup(' data-value="{}"').format(entry.value)
    return Markup('<td class="{}"{}>{}</td>').format(RANKS[entry.rank], value, entry.text)


def _tile(tile: Tile, photo: str, *, slider: bool = False) -> Markup:
    """Return a picture; a slider uncovers the truth under it."""
    if tile.path is None:
        picture, control = Markup('<span class="missing">{}</span>').format(tile.caption), ""
    else:
        picture = Markup('<div class="truth"></div><img class="over" src="{}" alt="{} of {}">').format(
            _picture(tile.path), tile.label, photo
        )
        control = Markup(
            '<input type="range" min="0" max="100" value="0" aria-label="uncover the truth under {}">'
        ).format(tile.label)
    method = Markup(' data-method="{} {}"').format(tile.label, tile.group) if slider else ""
    caption = tile.caption if tile.path else ""
    return Markup(
        '<figure{}>\n<div class="picture">{}</div>\n{}<figcaption><b>{}</b> {}</figcaption>\n</figure>'
    ).format(method, picture, control if slider else "", tile.label, caption)


def _truth(tile: Tile, photo: str) -> Markup:
    return Markup(
        '<figure>\n<div class="picture"><div class="truth" role="img" aria-label="the truth of {}">'
        "</div></div>\n<figcaption><b>{}</b></figcaption>\n</figure>"
    ).format(photo, tile.label)


def _picture(path: Path) -> str:
    """Return a kept picture as a data URI; as JPEG, a fifth of its size."""
    made = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").save(made, format="JPEG", quality=92, subsampling=0)
    return _uri(made.getvalue(), "jpeg")


def _uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)
