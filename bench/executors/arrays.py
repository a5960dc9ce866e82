"""Runs cells as a job array of a batch system, through submitit; all nodes share the run folder's path.

Unlike a Dask cluster it needs no scheduler or worker that stays: each cell is one job, which ends with it.
"""

from __future__ import annotations

import json
import pickle
import shutil
import socket
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import submitit

from ... import UserError
from ..plan.cell import Cell
from ..plan.facts import checked_event
from .base import Ended, Observer
from .cluster_file import ARRAYS, ClusterFile
from .environment import differences, environment
from .supervise import end_processes, run_cell

POLL: Final = 0.5
"""Seconds between two looks at the jobs."""

SELDOM: Final = 1.0
"""Seconds between two events that a job writes, besides phases and epochs."""

ENDING: Final = 20.0
"""Seconds that cancelled jobs get to end."""

LONGEST_MINUTES: Final = 24 * 60
"""Time limit of a job in minutes, unless the file has another."""

EVENTS: Final = "events.jsonl"
"""The file in a cell's folder through which its job reports progress."""


class CellJob(submitit.helpers.Checkpointable):  # type: ignore[misc]  # it has no types
    """The work of one job. A job that the batch system stops is queued again, and resumes its cell."""

    def __call__(self, cell: Cell, expected: dict[str, str]) -> dict[str, Any]:
        """Run a cell here and return the facts for its row.

        Parameters
        ----------
        cell
            The cell.
        expected
            The environment of the run.
        """
        host = socket.gethostname()
        if reason := differences(cell, expected):
            return {
                "status": "failed",
                "reason": f"the machine {host} differs from that of the run: {reason}",
            }
        report = _Reporter(cell.folder / EVENTS)
        report({"done": 0, "total": 1, "what": f"on {host}"})
        return run_cell(cell, report, lambda: False) or {}


class _Reporter:
    """Writes a cell's events into a file, a line each."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._last = 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if "what" in event and now - self._last < SELDOM:
            return
        self._last = now
        with (
            suppress(OSError),
            self._path.open("a", encoding="utf-8") as file,
        ):  # a full disk costs progress only
            file.write(json.dumps(event) + "\n")


@dataclass
class _Job:
    """A submitted cell, how far its events have been read, and whether its job ended without a result."""

    cell: Cell
    job: submitit.Job[dict[str, Any]]
    read: int = 0
    started: bool = False
    lost: bool = False

    def tell(self, observer: Observer) -> None:
        """Pass on the events since the last time."""
        with suppress(OSError), (self.cell.folder / EVENTS).open("rb") as file:
            file.seek(self.read)
            for line in file:
                if not line.endswith(b"\n"):  # half of it has arrived
                    return
                self.read += len(line)
                with suppress(ValueError):
                    event = checked_event(dict(json.loads(line)))
                    self._start(observer)
                    observer.event(self.cell, event)

    def end(self, observer: Observer) -> dict[str, Any]:
        """Return the facts for the row of a cell whose job has ended."""
        self.tell(observer)
        self._start(observer)
        (self.cell.folder / EVENTS).unlink(missing_ok=True)
        try:
            facts: dict[str, Any] = self.job.result()
        except (
            submitit.core.utils.UncompletedJobError, submitit.core.utils.FailedJobError, OSError, EOFError,
            pickle.UnpicklingError,
        ) as error:  # fmt: skip
            self.lost = True
            reason = " ".join(str(error).split())[:500]
            return {
                "status": "failed",
                "phase": "import",
                "reason": f"its job {self.job.job_id} ended: {reason}",
            }
        return facts

    def _start(self, observer: Observer) -> None:
        if not self.started:
            self.started = True
            observer.started(self.cell)


@dataclass(frozen=True)
class ArrayExecutor:
    """Runs every cell as a job: on Slurm as one array, on this machine a few at a time, to try it out.

    Attributes
    ----------
    file
        ``submitit.slurm`` or ``submitit.local``; ``options`` are parameters of submitit's ``AutoExecutor``,
        and ``jobs`` is the number of jobs at a time.
    """

    file: ClusterFile

    def run(self, cells: Sequence[Cell], observer: Observer) -> Generator[Ended]:
        """Yield each cell with the facts for its row as it ends.

        Raises
        ------
        UserError
            If the file's options are not submitit's, or the batch system takes no jobs.
        """
        folder = cells[0].run_folder / "jobs"
        executor, expected = self._executor(folder, cells), environment(cells[0])
        waiting, running, lost = deque(cells), list[_Job](), False
        try:
            while waiting or running:
                if batch := [waiting.popleft() for _ in range(min(len(waiting), self._room(len(running))))]:
                    running += self._submitted(executor, batch, expected)
                for each in list(running):
                    each.tell(observer)
                    if each.job.done():
                        running.remove(each)
                        facts = each.end(observer)
                        lost |= each.lost
                        yield each.cell, facts
                if running:
                    time.sleep(POLL)
            if not lost:  # else its files say why
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            _cancel(running)
            end_processes(cells[0].run_folder / "cells")

    @property
    def _on_slurm(self) -> bool:
        return self.file.cluster == f"{ARRAYS}slurm"

    def _room(self, running: int) -> int:
        """Return how many more cells to submit: Slurm holds its array back itself."""
        return 1 << 30 if self._on_slurm else (self.file.jobs or 1) - running

    def _executor(self, folder: Path, cells: Sequence[Cell]) -> submitit.AutoExecutor:
        usual: dict[str, Any] = {
            "name": "huebench",
            "timeout_min": LONGEST_MINUTES,
            "cpus_per_task": max(cell.threads for cell in cells),
        }
        if self.file.jobs:
            usual["slurm_array_parallelism"] = self.file.jobs
        try:
            executor = submitit.AutoExecutor(folder, cluster=self.file.cluster.removeprefix(ARRAYS))
            executor.update_parameters(**usual | self.file.options)
        except Exception as error:  # submitit raises many kinds, even of assertions
            raise self.file.fault(error) from error
        return executor

    def _submitted(
        self, executor: submitit.AutoExecutor, cells: Sequence[Cell], expected: dict[str, str]
    ) -> list[_Job]:
        for cell in cells:
            (cell.folder / EVENTS).unlink(missing_ok=True)  # of a killed run
        try:
            with executor.batch():
                jobs = [executor.submit(CellJob(), cell, expected) for cell in cells]
        except (submitit.core.utils.FailedJobError, OSError, RuntimeError) as error:
            raise UserError(f"--cluster {self.file.path}: the batch system took no jobs: {error}") from error
        return [_Job(cell, job) for cell, job in zip(cells, jobs, strict=True)]


def _cancel(running: Sequence[_Job]) -> None:
    """Cancel jobs, and wait for their end, so that the next run finds their cells alone."""
    for each in running:
        with suppress(Exception):  # it has just ended, or the batch system does not answer
            each.job.cancel(check=False)
    deadline = time.monotonic() + ENDING
    while time.monotonic() < deadline and not all(each.job.done() for each in running):
        time.sleep(POLL)
