"""Runs cells, each in a process of its own, a few at a time."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .files import write_json
from .plan import Cell

LOG_TAIL = 2000
"""Characters of a dead cell's output that go into its row."""


class Observer(Protocol):
    """What the runner tells while it works."""

    def started(self, cell: Cell) -> None:
        """Tell that a cell's process was started."""

    def event(self, cell: Cell, event: dict[str, Any]) -> None:
        """Tell what a cell reported: ``done``/``total``/``what``, or an epoch's numbers."""

    def finished(self, cell: Cell, status: dict[str, Any], *, reused: bool) -> None:
        """Tell that a cell ended, with its row's facts, or was found done already."""


@dataclass
class _Running:
    cell: Cell
    process: subprocess.Popen[bytes]
    deadline: float
    timed_out: bool = False


def cell_status(cell: Cell) -> dict[str, Any] | None:
    """Return what a finished cell left, or ``None`` if it has not finished or its file is damaged."""
    try:
        status: dict[str, Any] = json.loads((cell.folder / "status.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return status


def run_cells(
    cells: Sequence[Cell], *, threads: int, timeout: float | None, observer: Observer
) -> dict[str, dict[str, Any]]:
    """Run every cell that is not done and return each one's status by key.

    A done cell is never run again; a failed one is. Ends all cells cleanly on ``KeyboardInterrupt``, which
    is raised again.

    Parameters
    ----------
    cells
        In the order in which they are started.
    threads
        Threads of the machine; cells run together as long as theirs fit.
    timeout
        Seconds a cell may take, or ``None``.
    observer
        Is told what happens.
    """
    statuses: dict[str, dict[str, Any]] = {}
    pending: list[Cell] = []
    for cell in cells:
        status = {"status": "skipped", "reason": cell.problem} if cell.problem else cell_status(cell)
        if status is not None and (cell.problem or status["status"] == "ok"):
            statuses[cell.key] = status
            observer.finished(cell, status, reused=not cell.problem)
        else:
            pending.append(cell)
    events: queue.Queue[tuple[str, dict[str, Any] | None]] = queue.Queue()
    running: dict[str, _Running] = {}
    try:
        while pending or running:
            free = threads - sum(each.cell.threads for each in running.values())
            while pending and (pending[0].threads <= free or not running):
                cell = pending.pop(0)
                running[cell.key] = _start(cell, timeout, events)
                observer.started(cell)
                free -= cell.threads
            _kill_late(running)
            try:
                key, event = events.get(timeout=0.5)
            except queue.Empty:
                continue
            if event is not None:
                observer.event(running[key].cell, event)
                continue
            ended = running.pop(key)
            statuses[key] = _end(ended, timeout)
            observer.finished(ended.cell, statuses[key], reused=False)
    finally:
        for each in running.values():
            _kill(each.process)
    return statuses


def _start(
    cell: Cell, timeout: float | None, events: queue.Queue[tuple[str, dict[str, Any] | None]]
) -> _Running:
    specification = cell.write()
    (cell.folder / "status.json").unlink(missing_ok=True)
    readable, writable = os.pipe()
    command = [sys.executable, "-m", "huebench.bench.cell", str(specification), str(writable)]
    with (cell.folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter on our own module
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[writable],
            start_new_session=True,
        )
    os.close(writable)
    threading.Thread(target=_listen, args=(cell.key, readable, process, events), daemon=True).start()
    return _Running(cell, process, time.monotonic() + timeout if timeout else float("inf"))


def _listen(
    key: str,
    readable: int,
    process: subprocess.Popen[bytes],
    events: queue.Queue[tuple[str, dict[str, Any] | None]],
) -> None:
    """Pass a cell's events on; ``None`` says that its process has ended."""
    with os.fdopen(readable) as lines:
        for line in lines:
            try:
                events.put((key, json.loads(line)))
            except json.JSONDecodeError:  # a process killed while it wrote
                break
    process.wait()
    events.put((key, None))


def _end(ended: _Running, timeout: float | None) -> dict[str, Any]:
    """Return a cell's status; one that left none is a row as well."""
    _kill(ended.process)  # a child that lingers in its session
    status = cell_status(ended.cell)
    if status is not None and not ended.timed_out:
        return status
    code = ended.process.returncode
    if ended.timed_out:
        status = {"status": "timeout", "reason": f"did not end within {timeout:g} s"}
    elif code < 0:
        status = {"status": "failed", "reason": f"killed by {signal.Signals(-code).name}"}
    else:
        status = {"status": "failed", "reason": f"its process ended with exit code {code} and no result"}
    log = (ended.cell.folder / "log.txt").read_text(errors="replace")
    status["traceback"] = log[-LOG_TAIL:]
    write_json(ended.cell.folder / "status.json", status)
    return status


def _kill_late(running: dict[str, _Running]) -> None:
    for each in running.values():
        if time.monotonic() > each.deadline and not each.timed_out:
            each.timed_out = True
            _kill(each.process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a cell's whole process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
