"""Live progress of a run in the terminal."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from ...reports.text import duration
from ..collect import first_scores
from ..plan.durations import Durations

if TYPE_CHECKING:
    from ..plan.cell import Cell

PHASES: Final[Mapping[str, str]] = {
    "import": "loading", "fit": "fitting", "colorize": "colorizing", "score": "scoring",
}  # fmt: skip
"""The phases of a cell, as shown."""

QUIET: Final = 60.0
"""Seconds after which a cell leaves another line where there is no terminal."""


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

    def left(self, done: int) -> float | None:
        """Return the seconds left; ``None`` until something was done."""
        if done <= self.done:
            return None
        return (time.monotonic() - self.since) / (done - self.done) * (self.total - done)


@dataclass
class _Running:
    """A cell at work: its bar, what is known of its time, and what is shown of it."""

    cell: Cell
    task: TaskID
    start: float
    expected: float | None
    pace: Pace | None = None
    left: float | None = None
    told: float = 0.0
    phase: str = "import"
    epoch: str = ""
    line: list[str] = field(default_factory=list)

    def seconds_left(self) -> float | None:
        """Return the time left: by the pace of the present activity, else as in earlier runs."""
        if self.left is not None or self.expected is None:
            return self.left
        return max(0.0, self.expected - (time.monotonic() - self.start))

    def move(self, done: int, total: int) -> None:
        """Take note of an activity's progress."""
        if self.pace is None or self.pace.total != total or done < self.pace.done:  # another activity
            self.pace = Pace(done, total, time.monotonic())
        self.left = self.pace.left(done)


class LiveProgress:
    """A bar for the run and one for each running cell; a line, with time and score, for each that ends.

    Without a terminal there are only lines: for the start of each cell, each epoch of a training, and each
    minute of anything else.

    Parameters
    ----------
    console
        Where to show it.
    durations
        How long cells took in earlier runs.
    """

    def __init__(self, console: Console, durations: Durations | None = None) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[what]}", style="dim", markup=False),
            console=console,
            transient=True,
        )
        self._console = console
        self._durations = durations or Durations()
        self._all = self._progress.add_task("[bold]cells", total=None, what="", left="")
        self._running: dict[str, _Running] = {}
        self._waiting: dict[str, float | None] = {}
        self._jobs = 1

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def doing(self, what: str) -> None:
        """Show what the run does besides its cells."""
        self._progress.update(self._all, what=what)
        if not self._console.is_terminal:
            self._print(Text(f"{what} …", "dim"))

    def planned(self, cells: Sequence[Cell]) -> None:
        """Show how many cells there are."""
        self._waiting = {cell.key: self._durations.expected(cell) for cell in cells}
        self._jobs = max((cell.request.jobs for cell in cells), default=1)
        self._progress.update(self._all, total=len(cells), what="")

    def started(self, cell: Cell) -> None:
        """Add the cell's bar."""
        self._waiting.pop(cell.key, None)
        expected, now = self._durations.expected(cell), time.monotonic()
        task = self._progress.add_task(escape(cell.title), total=None, what="starting", left=_clock(expected))
        self._running[cell.key] = _Running(cell, task, now, expected, told=now)
        if not self._console.is_terminal:
            self._print_parts(cell.title, "started", _clock(expected))

    def event(self, cell: Cell, event: dict[str, Any]) -> None:
        """Move the cell's bar, or store an epoch's numbers to show next to it."""
        running = self._running[cell.key]
        if "phase" in event:
            if running.phase == "fit":  # colorizing begins, with a bar and a pace of its own
                running.pace = running.left = None
                self._progress.update(running.task, completed=0)
            running.phase = event["phase"]
            self._show(running, PHASES[running.phase])
        elif "epoch" in event:
            running.epoch = _numbers(event)
            self._show(running, running.epoch)
            self._print_epoch(running, event)
        else:
            running.move(event["done"], event["total"])
            self._progress.update(running.task, completed=event["done"], total=event["total"])
            self._show(running, " · ".join(filter(None, (event["what"], running.epoch))))
            self._print_each_minute(running, event)

    def finished(self, cell: Cell, status: dict[str, Any], *, reused: bool) -> None:
        """Remove the cell's bar and leave a line."""
        self._waiting.pop(cell.key, None)
        running = self._running.pop(cell.key, None)
        if running:
            self._print_waiting(running)
            self._progress.remove_task(running.task)
        self._progress.update(self._all, advance=1, left=self._run_left())
        if status["status"] != "ok":
            how = Text.assemble((status["status"], "red"), f": {status['reason']}")
        elif reused:
            how = Text("already done", "dim")
        else:
            how = Text(f"done{self._took(running)}", "green")
        scores = (f"{label} {value}" for label, value in first_scores(cell, status).items())
        self._print(Text.assemble(f"  {cell.title}  ", how, *(f"  {score}" for score in scores)))

    def _took(self, running: _Running | None) -> str:
        if running is None:
            return ""
        seconds = time.monotonic() - running.start
        self._durations.record(running.cell, seconds)
        return f" in {duration(seconds)}"

    def _run_left(self) -> str:
        """Return the time left for the run; a part of it if it is not known for every cell."""
        left = [*self._waiting.values(), *(each.seconds_left() for each in self._running.values())]
        known = [seconds for seconds in left if seconds is not None]
        text = _clock(sum(known) / self._jobs if known else None)
        return f"more than {text}" if text and len(known) < len(left) else text

    def _show(self, running: _Running, what: str) -> None:
        self._progress.update(running.task, what=what, left=_clock(running.seconds_left()))
        self._progress.update(self._all, left=self._run_left())

    def _print_epoch(self, running: _Running, event: dict[str, Any]) -> None:
        """Leave a line for each epoch without a terminal, once its validation is known or the next begins."""
        if self._console.is_terminal:
            return
        if event["split"] == "train":
            self._print_waiting(running)
            running.line = [running.cell.title, f"epoch {event['epoch']}/{event['epochs']}"]
        running.line = running.line or [running.cell.title]
        running.line.append(f"{event['split']} loss {event['loss']:.4g} accuracy {event['accuracy']:.3f}")
        if event["split"] == "validation":
            self._print_waiting(running)

    def _print_waiting(self, running: _Running) -> None:
        if running.line:
            self._print_parts(*running.line, _clock(running.left))
            running.line, running.told = [], time.monotonic()

    def _print_each_minute(self, running: _Running, event: dict[str, Any]) -> None:
        """Leave a line without a terminal, if the cell has not left one for a minute."""
        if self._console.is_terminal or time.monotonic() - running.told <= QUIET:
            return
        running.told = time.monotonic()
        what = f"{event['what']} {event['done']:,}/{event['total']:,}"
        self._print_parts(running.cell.title, what, _clock(running.seconds_left()))

    def _print_parts(self, *parts: str) -> None:
        self._print(Text(f"  {'  '.join(filter(None, parts))}", "dim"))

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=not self._console.is_terminal)


def _clock(seconds: float | None) -> str:
    """Return a time left, such as ``0:12:34 left``; ``""`` if it is unknown."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    return f"{timedelta(seconds=round(seconds))} left"


def _numbers(event: dict[str, Any]) -> str:
    return (
        f"epoch {event['epoch']}/{event['epochs']} {event['split']} loss {event['loss']:.4g} "
        f"accuracy {event['accuracy']:.3f}"
    )
