"""Live progress of a run in the terminal."""

import time
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from ...reports.text import duration
from ..plan.cell import Cell


@dataclass
class Pace:
    """The speed of an activity since its first event, from which the time left is estimated.

    Parameters
    ----------
    done, total
        Amount that was done at the first event, and in all.
    since
        Time of the first event, on the monotonic clock.
    """

    done: int
    total: int
    since: float

    def left(self, done: int) -> str:
        """Return the time left, such as ``0:12:34 left``; ``""`` until something was done."""
        if done <= self.done:
            return ""
        seconds = (time.monotonic() - self.since) / (done - self.done) * (self.total - done)
        return f"{timedelta(seconds=round(seconds))} left"


class LiveProgress:
    """A bar for the run of ``total`` cells and one per running cell; a line for each cell that ends.

    Without a terminal there are only lines, among them one for each epoch of a training.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[what]}", style="dim", markup=False),
            console=console,
            transient=True,
        )
        self._all = self._progress.add_task("[bold]cells", total=total, what="", left="")
        self._run = Pace(0, total, time.monotonic())
        self._paces: dict[str, Pace] = {}
        self._left: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}
        self._tasks: dict[str, TaskID] = {}
        self._epochs: dict[str, str] = {}
        self._starts: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, cell: Cell) -> None:
        """Add the cell's bar."""
        self._starts[cell.key] = time.monotonic()
        self._tasks[cell.key] = self._progress.add_task(
            escape(cell.title), total=None, what="starting", left=""
        )

    def event(self, cell: Cell, event: dict[str, Any]) -> None:
        """Move the cell's bar, or store an epoch's numbers to show next to it."""
        task = self._tasks[cell.key]
        if "epoch" in event:
            self._epochs[cell.key] = (
                f"epoch {event['epoch']}/{event['epochs']} {event['split']} loss {event['loss']:.4g} "
                f"accuracy {event['accuracy']:.3f}"
            )
            self._progress.update(task, what=self._epochs[cell.key])
            self._print_epoch(cell, event)
            return
        what = " · ".join(filter(None, (event["what"], self._epochs.get(cell.key))))
        done, total = event["done"], event["total"]
        pace = self._paces.get(cell.key)
        if pace is None or pace.total != total or done < pace.done:  # another activity
            pace = self._paces[cell.key] = Pace(done, total, time.monotonic())
        left = self._left[cell.key] = pace.left(done)
        self._progress.update(task, completed=done, total=total, what=what, left=left)

    def finished(self, cell: Cell, status: dict[str, Any], *, reused: bool) -> None:
        """Remove the cell's bar and leave a line."""
        self._print_waiting(cell)
        if cell.key in self._tasks:
            self._progress.remove_task(self._tasks.pop(cell.key))
        self._progress.advance(self._all)
        done = int(self._progress.tasks[0].completed)
        self._progress.update(self._all, left=self._run.left(done))
        if status["status"] == "ok":
            start = self._starts.get(cell.key)
            took = "" if start is None else f" in {duration(time.monotonic() - start)}"
            how = Text("already done", "dim") if reused else Text(f"done{took}", "green")
        else:
            how = Text.assemble((status["status"], "red"), f": {status['reason']}")
        self._progress.console.print(Text.assemble(f"  {cell.title}  ", how))

    def _print_epoch(self, cell: Cell, event: dict[str, Any]) -> None:
        """Leave a line for each epoch without a terminal, once its validation is known or the next begins."""
        if self._progress.console.is_terminal:
            return
        if event["split"] == "train":
            self._print_waiting(cell)
            self._lines[cell.key] = [cell.title, f"epoch {event['epoch']}/{event['epochs']}"]
        line = self._lines.setdefault(cell.key, [cell.title])
        line.append(f"{event['split']} loss {event['loss']:.4g} accuracy {event['accuracy']:.3f}")
        if event["split"] == "validation":
            self._print_waiting(cell)

    def _print_waiting(self, cell: Cell) -> None:
        line = self._lines.pop(cell.key, [])
        if line:
            parts = filter(None, (*line, self._left.get(cell.key)))
            self._progress.console.print(Text(f"  {'  '.join(parts)}", "dim"), soft_wrap=True)
