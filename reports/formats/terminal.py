"""The terminal: blocks rendered by rich, as wide as the console allows."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text as RichText

from ..blocks import Bullets, Heading, Prose, Strong, Table, Text, plain, spans


def show(blocks: Iterable[Heading | Prose | Bullets | Table], console: Console) -> None:
    """Print blocks."""
    for block in blocks:
        match block:
            case Heading():
                console.print(RichText(f"\n{block.text}", "bold"))
            case Prose():
                console.print(RichText(plain(block.text), "dim"))
            case Bullets():
                for item in block.items:
                    console.print(Padding(_inline(item), (0, 0, 0, 2)))
            case Table():
                console.print(_Fitting(block))


class _Fitting:
    """A table that leaves out columns in a narrow console: the last first, essential ones never."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept = list(range(len(self._table.columns)))
        expendable = [i for i in kept if not self._table.columns[i].essential]
        table = _rich(self._table)
        while expendable and Measurement.get(console, options.update(max_width=1000), table).maximum > (
            options.max_width
        ):
            kept.remove(expendable.pop())
            table = _rich(self._table.only(kept))
        yield table


def _inline(text: Text) -> RichText:
    parts = ((span.text, "red") if isinstance(span, Strong) else plain(span) for span in spans(text))
    return RichText.assemble(*parts)


def _rich(source: Table) -> RichTable:
    made = RichTable(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    longest = max((len(row.label) for row in source.rows), default=0)
    made.add_column("method", overflow="fold", min_width=min(longest, 24))
    for column in source.columns:
        heading = f"{column.label} {column.arrow}".strip()
        if len(heading) > 11:
            heading = heading.replace(" ", "\n", 1)
        made.add_column(RichText(heading), justify="right", no_wrap=True)
    for row in source.rows:
        entries = [RichText(entry.text, "bold green" if entry.rank == 1 else "") for entry in row.entries]
        made.add_row(RichText(row.label), *entries, style="dim" if row.apart else "")
    return made
