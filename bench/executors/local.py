"""Runs cells on this machine, a few at a time."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from ..plan.cell import Cell
from .base import Ended, Observer
from .supervise import run_cell


@dataclass(frozen=True)
class _News:
    """A message from a cell's thread: an event, or with `ended` the facts for the cell's row."""

    cell: Cell
    facts: dict[str, Any] | None
    ended: bool


@dataclass(frozen=True)
class LocalPool:
    """Runs cells in parallel as long as their threads fit.

    Attributes
    ----------
    threads
        Threads of the machine.
    jobs
        Maximum number of cells at a time.
    """

    threads: int
    jobs: int

    def run(self, cells: Sequence[Cell], observer: Observer) -> Generator[Ended]:
        """Yield each cell with the facts for its row as it ends."""
        pending = deque(cells)
        running: dict[str, threading.Thread] = {}
        free = self.threads
        news: queue.Queue[_News] = queue.Queue()
        stop = threading.Event()
        try:
            while pending or running:
                while pending and (not running or (pending[0].threads <= free and len(running) < self.jobs)):
                    cell = pending.popleft()
                    free -= cell.threads
                    running[cell.key] = threading.Thread(target=_run, args=(cell, news, stop))
                    running[cell.key].start()
                    observer.started(cell)
                told = news.get()
                if told.ended:
                    running.pop(told.cell.key).join()
                    free += told.cell.threads
                    yield told.cell, told.facts or {}
                else:
                    observer.event(told.cell, told.facts or {})
        finally:
            stop.set()
            for thread in running.values():
                thread.join()


def _run(cell: Cell, news: queue.Queue[_News], stop: threading.Event) -> None:
    status = run_cell(cell, lambda event: news.put(_News(cell, event, ended=False)), stop.is_set)
    news.put(_News(cell, status, ended=True))
