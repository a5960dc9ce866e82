"""``bench sensitivity``: how much each choice of protocol and of definition moves the numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from ... import UserError
from ..plan.request import Request
from .console import Console

if TYPE_CHECKING:
    from ..sensitivity.measure import Sensitivity, SensitivityRow

START, END = "<!-- table: {} -->", "<!-- end of table -->"
"""The lines of a Markdown file between which `--into` writes; the first holds the dataset's name."""

DECIMALS = 2

NONE = "0.00"
"""A difference that is none to these decimals."""

SCALE = {"psnr": 1.0, "colorfulness": 1.0, "delta_colorfulness": 1.0}
"""Metric → the factor at which it is shown; of all others, whose range is 0…1, hundredths are shown."""


def sensitivity(
    methods: Annotated[str, typer.Option(help="Methods to compare; fast ones suffice.")] = (
        "gray,mean-ab,histogram-matching,color-transfer-welsh"
    ),
    dataset: Annotated[
        str, typer.Option(help="A name from `bench list datasets`, or folder:PATH.")
    ] = "samples",
    data_root: Annotated[Path | None, typer.Option(help="Folder or archive that holds the photos.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use at most N photos.")] = None,
    only: Annotated[
        str, typer.Option(help="Only choices of protocol whose text contains one of these: resized,cropped.")
    ] = "",
    into: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help=f"Markdown file: replace what is between {START.format('DATASET')} and {END}.",
        ),
    ] = None,
) -> None:
    """Show how much each choice of protocol and of definition moves the numbers of the same methods."""
    from ..sensitivity.measure import measure

    console = Console()
    request = Request.of(methods=methods, dataset=dataset, data_root=data_root, limit=limit)
    start = START.format(request.dataset_name)
    around = None if into is None else _around(into, start)
    words = tuple(word.strip() for word in only.split(",") if word.strip())
    with console.status("reading the training photos") as status:
        found = measure(request, words, lambda done, total: status.update(f"photo {done + 1} of {total}"))
    if into is None or around is None:
        console.print(escape(measured(found)))
        for metric in found.metrics:
            console.print(_table(found, metric))
        return
    from ...files import write_text

    write_text(into, f"{around[0]}{start}\n\n{markdown(found)}\n{END}{around[1]}")
    console.print(f"table: {escape(str(into))}")


def measured(found: Sensitivity) -> str:
    """Return what the rows were measured on, in a sentence; photos that cannot be decoded are named."""
    from ...wording import counted

    size, photos = found.protocol.size, counted(found.photos, "photo")
    text = f"{photos} of {found.dataset}, protocol huebench at {size} pixels."
    if not found.unread:
        return text
    return f"{text} {counted(len(found.unread), 'photo')} could not be decoded: {', '.join(found.unread)}."


def choice(row: SensitivityRow) -> str:
    """Return a row's choice, with the number of photos that it leaves out, if any."""
    from ...wording import counted

    return f"{row.text} ({counted(row.left_out, 'photo')} fewer)" if row.left_out else row.text


def title(metric: str) -> str:
    """Return the heading of a metric's table: its label and unit, with hundredths as points."""
    from ..metrics import get_metric

    known = get_metric(metric)
    unit = known.unit or ("" if metric in SCALE else "points of 100")
    return f"{known.label} ({unit})" if unit else known.label


def cells(found: Sensitivity, row: SensitivityRow) -> list[str]:
    """Return a row's texts: the base's values, or another choice's differences from them."""
    from ...reports.text import number, signed

    base, scale = found.base(row.metric), SCALE.get(row.metric, 100.0)
    if row is base:
        return [number(value * scale, DECIMALS) for value in row.values.values()]
    differences = ((row.values[name] - base.values[name]) * scale for name in base.values)
    return [signed(round(difference, DECIMALS), DECIMALS) for difference in differences]


def markdown(found: Sensitivity) -> str:
    """Return the tables as Markdown; choices that make no difference to any method stand below them."""
    from ...reports.blocks import Block, Heading, PlainTable, Prose
    from ...reports.formats.markdown import render

    blocks: list[Block] = [Prose(measured(found))]
    for metric in found.metrics:
        base, *others = (row for row in found.rows if row.metric == metric)
        texts = {choice(row): cells(found, row) for row in others}
        same = [text for text, entries in texts.items() if set(entries) == {NONE}]
        shown = ((base.text, *cells(found, base)), *((t, *e) for t, e in texts.items() if t not in same))
        headings = ("choice", *base.values)
        blocks += [Heading(title(metric), 4), PlainTable(headings, shown, title(metric))]
        if same:
            blocks.append(Prose(f"No difference here: {'; '.join(same)}."))
    return render(blocks)


def _table(found: Sensitivity, metric: str) -> Table:
    names = (Column(escape(name), justify="right") for name in found.base(metric).values)
    table = Table("choice", *names, title=title(metric), box=None, header_style="bold")
    for row in found.rows:
        if row.metric == metric:
            table.add_row(escape(choice(row)), *cells(found, row))
    return table


def _around(path: Path, start: str) -> tuple[str, str]:
    """Return a file's text before and after its table; raises `UserError` if it has no marks."""
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--into '{path}' is not a text file that can be read: {error}") from error
    before, found, rest = text.partition(start)
    _, end, after = rest.partition(END)
    if not (found and end):
        raise UserError(f"--into '{path}': put the lines {start} and {END} where the table belongs")
    return before, after
