"""The final table of a run, in the terminal."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from .content import Failure, failures
from .layout import Table, lay_out
from .summary import summarize
from .tables import Results

COLUMNS = (
    "psnr",
    "ssim",
    "colorfulness",
    "auc",
    "auc_rebalanced",
    "accuracy@10",
    "delta_e2000",
    "coverage",
    "images_per_second",
)

EXPENDABLE = ("delta_e2000", "accuracy@10", "ssim", "images_per_second", "auc_rebalanced", "colorfulness")
"""What a narrow terminal goes without, first to last; the report has them all."""


def print_results(results: Results, console: Console) -> None:
    """Print a run's table and its failures, as wide as the console allows."""
    console.print(FinalTable(results))


class FinalTable:
    """A run's results for rich: the table, a line on how to read it, and every failure with its reason.

    Parameters
    ----------
    results
        The run.
    """

    def __init__(self, results: Results) -> None:
        self._summary = summarize(results)
        self._failures = failures(results.cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._fitting(console, options)
        yield Text(
            "bold: best of those with every photo; oracles see the truth; never rank on PSNR alone", "dim"
        )
        if self._failures:
            yield Group(Text(), Text("Failures", "bold"), *(_failure(failure) for failure in self._failures))

    def _fitting(self, console: Console, options: ConsoleOptions) -> RichTable:
        """Leave out columns until the table fits."""
        for count in range(len(EXPENDABLE) + 1):
            names = [name for name in COLUMNS if name not in EXPENDABLE[:count]]
            table = _rich(lay_out(self._summary, names))
            if Measurement.get(console, options.update(max_width=1000), table).maximum <= options.max_width:
                break
        return table


def _rich(source: Table) -> RichTable:
    made = RichTable(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    longest = max((len(row.label) for row in source.rows), default=0)
    made.add_column("method", overflow="fold", min_width=min(longest, 24))
    for column in source.columns:
        heading = f"{column.label} {column.arrow}".strip()
        if len(heading) > 11:
            heading = heading.replace(" ", "\n", 1)
        made.add_column(Text(heading), justify="right", no_wrap=True)
    group = source.rows[0].group if source.rows else ""
    for row in source.rows:
        if row.group not in (group, "truth"):
            made.add_row()
        group = row.group
        style = "dim" if row.group in ("oracle", "truth") else ""
        cells = [Text(cell.text, "bold green" if cell.rank == 1 else "") for cell in row.cells]
        made.add_row(Text(row.label), *cells, style=style)
    return made


def _failure(failure: Failure) -> Padding:
    where = f" in {failure.phase}" if failure.phase else ""
    what = Text.assemble(
        (failure.method, "red"), f" (seed {failure.seed}): {failure.status}{where}: {failure.reason}"
    )
    if failure.log:
        what.append(f" (log: {failure.log})", "dim")
    return Padding(what, (0, 0, 0, 2))
