"""Live progress of a run in the terminal."""

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..plan.cell import Cell


class LiveProgress:
    """A bar for the run of ``total`` cells and one per running cell; a line for each cell that ends.

    Without a terminal, only the lines are written.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[what]}", style="dim", markup=False),
            console=console,
            transient=True,
        )
        self._all = self._progress.add_task("[bold]cells", total=total, what="")
        self._tasks: dict[str, TaskID] = {}
        self._epochs: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, cell: Cell) -> None:
        """Add the cell's bar."""
        self._tasks[cell.key] = self._progress.add_task(escape(_title(cell)), total=None, what="starting")

    def event(self, cell: Cell, event: dict[str, Any]) -> None:
        """Move the cell's bar, or store an epoch's numbers to show next to it."""
        task = self._tasks[cell.key]
        if "epoch" in event:
            self._epochs[cell.key] = (
                f"epoch {event['epoch']}/{event['epochs']} {event['split']} loss {event['loss']:.4g} "
                f"accuracy {event['accuracy']:.3f}"
            )
            self._progress.update(task, what=self._epochs[cell.key])
            return
        what = " · ".join(filter(None, (event["what"], self._epochs.get(cell.key))))
        self._progress.update(task, completed=event["done"], total=event["total"], what=what)

    def finished(self, cell: Cell, status: dict[str, Any], *, reused: bool) -> None:
        """Remove the cell's bar and leave a line."""
        if cell.key in self._tasks:
            self._progress.remove_task(self._tasks.pop(cell.key))
        self._progress.advance(self._all)
        if status["status"] == "ok":
            how = Text("already done", "dim") if reused else Text("done", "green")
        else:
            how = Text.assemble((status["status"], "red"), f": {status['reason']}")
        self._progress.console.print(Text.assemble(f"  {_title(cell)}  ", how))


def _title(cell: Cell) -> str:
    return f"{cell.label} seed {cell.seed}" if cell.seed else cell.label
