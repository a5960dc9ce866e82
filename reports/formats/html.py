"""HTML: one file for sorting, filtering and comparing; needs no network."""

import base64
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TypeGuard

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ...files import write_text
from .. import blocks as b
from ..blocks import Block, Document, Span, Text
from ..text import printable
from .html_gallery import Pictures, gallery

TEMPLATES = Path(__file__).parent / "templates"

SCRIPTS = ("report.js", "gallery.js", "charts.js")

RANKS = {0: "", 1: Markup(' class="best"'), 2: Markup(' class="second"')}  #: Rank of an entry → its class


def write(document: Document, folder: Path) -> Path:
    """Write ``report.html`` into a folder and return its path."""
    path = folder / "report.html"
    write_text(path, printable(page(document, Pictures(folder))))
    return path


def page(document: Document, pictures: Pictures) -> str:
    """Return a whole page; the blocks before the first heading go to its header."""
    lead = list(takewhile(lambda block: not isinstance(block, b.Heading), document.blocks))
    environment = Environment(
        loader=PackageLoader("huebench.reports.formats"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2").render(
        title=document.title,
        lead=render(lead, pictures),
        sections=[(b.slug(block.text), block.text) for block in document.blocks if _is_section(block)],
        content=render(document.blocks[len(lead) :], pictures),
        css=_template("report.css"),
        js=Markup("\n").join(map(_template, SCRIPTS)),
    )


def render(blocks: Iterable[Block], pictures: Pictures | None = None) -> Markup:
    """Return blocks as HTML; without ``pictures``, those of a gallery are embedded as far as they fit."""
    known = pictures or Pictures()
    return Markup("\n").join(render_block(block, known) for block in blocks)


def inline(text: Text) -> Markup:
    """Return a text as HTML, its strings escaped.

    >>> inline(("<b> ", b.Code("x")))
    Markup('&lt;b&gt; <code>x</code>')
    """
    return _join(map(_span, b.spans(text)))


def render_block(block: Block, pictures: Pictures) -> Markup:  # noqa: C901, PLR0911  # one case per kind
    """Return a block as HTML; every text in it is escaped."""
    match block:
        case b.Heading(level=2):
            return Markup('<h2 id="{}">{}</h2>').format(b.slug(block.text), block.text)
        case b.Heading():
            return Markup("<h{0}>{1}</h{0}>").format(block.level, block.text)
        case b.Prose():
            return Markup("<p>{}</p>").format(inline(block.text))
        case b.Caveat():
            return Markup('<p class="caveat">{}</p>').format(inline(block.text))
        case b.Bullets():
            items = _join(Markup("<li>{}</li>").format(inline(item)) for item in block.items)
            return Markup("<ul>{}</ul>").format(items)
        case b.Listing():
            return Markup("<pre><code>{}</code></pre>").format(block.text)
        case b.Table():
            return _results(block)
        case b.PlainTable():
            return _plain(block)
        case b.Figure():
            return Markup(
                '<figure class="chart"><div class="scroll" tabindex="0" role="region" aria-label="{}">'
                "{}</div>\n<figcaption>{}</figcaption></figure>"
            ).format(block.alt, _drawing(block), block.caption)
        case b.Gallery():
            return gallery(block, pictures)
        case b.Details():
            folded = Markup("<details><summary>{}</summary>\n{}\n</details>")
            return folded.format(block.summary, render(block.blocks, pictures))
        case b.Data():
            return Markup("")


def _drawing(figure: b.Figure) -> Markup:
    if figure.moves:
        film = Markup('<video src="{}" aria-label="{}" controls loop muted playsinline></video>')
        return film.format(_uri(figure.content, f"video/{figure.kind}"), figure.alt)
    if figure.svg is None:
        return Markup('<img src="{}" alt="{}">').format(
            _uri(figure.content, f"image/{figure.kind}"), figure.alt
        )
    # Matplotlib escapes the texts in it.
    svg = Markup(figure.svg())  # noqa: S704
    return svg.replace("<svg", Markup('<svg role="img" aria-label="{}"').format(figure.alt), 1)


def _is_section(block: Block) -> TypeGuard[b.Heading]:
    return isinstance(block, b.Heading) and block.level == 2


def _template(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704  # ours


def _results(table: b.Table) -> Markup:
    heading = Markup('<th scope="col"><button type="button"{}>{}</button></th>')
    headings = [heading.format("", "method")]
    for column in table.columns:
        title = Markup(' title="{}"').format(column.description) if column.description else ""
        headings.append(heading.format(title, column.title))
    groups = ["", *(row.group for row in table.rows)]
    rows = [_row(row, first=row.group != before) for row, before in zip(table.rows, groups, strict=False)]
    return _table(headings, rows, table.caption, "results")


def _plain(table: b.PlainTable) -> Markup:
    headings = [Markup('<th scope="col">{}</th>').format(heading) for heading in table.headings]
    rows = []
    for first, *others in table.rows:
        cells = _join(Markup("<td>{}</td>").format(inline(text)) for text in others)
        rows.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(inline(first), cells))
    return _table(headings, rows, table.caption, "plain")


def _span(span: Span) -> Markup:
    if isinstance(span, b.Code):
        return Markup("<code>{}</code>").format(span.text)
    if isinstance(span, b.Strong):
        return Markup("<strong>{}</strong>").format(span.text)
    if isinstance(span, b.Link):
        return Markup('<a href="#{}">{}</a>').format(b.slug(span.section), span.text)
    return Markup("{}").format(span)


def _table(headings: Sequence[Markup], rows: Sequence[Markup], caption: str, kind: str) -> Markup:
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{0}">\n'
        '<table class="{1}" aria-label="{0}">\n<thead><tr>{2}</tr></thead>\n'
        "<tbody>\n{3}\n</tbody>\n</table>\n</div>"
    ).format(caption, kind, _join(headings), Markup("\n").join(rows))


def _row(row: b.Row, *, first: bool) -> Markup:
    group = "" if row.group == row.label else Markup(" <small>{}</small>").format(row.group)
    classes = " ".join(name for name, holds in (("first", first), ("apart", row.apart)) if holds)
    return Markup(
        '<tr data-method="{0} {1}" class="{2}"><th scope="row" data-label="{0}">{0}{3}</th>{4}</tr>'
    ).format(row.label, row.group, classes, group, _join(map(_entry, row.entries)))


def _entry(entry: b.Entry) -> Markup:
    value = "" if entry.value is None else Markup(' data-value="{}"').format(entry.value)
    return Markup("<td{}{}>{}</td>").format(RANKS[entry.rank], value, entry.text)


def _uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)
