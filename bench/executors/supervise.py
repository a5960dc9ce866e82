"""Starts a cell's process, watches it, and kills it with all its descendants."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ...files import WEIGHTS_VARIABLE, seal
from ..cell.limits import memory_held, thread_limits
from ..plan.cell import Cell
from ..plan.facts import LONGEST_LINE, checked_event
from .logs import copy_capped, tail

MARK = "HUEBENCH_CELL"
"""Environment variable that all processes of a cell inherit: the cell's folder."""

POLL = 0.1
"""Seconds between two checks of a process."""

GRACE = 1.0
"""Seconds that a process has to write its traceback after a timeout."""

ROUNDS = 10
"""Maximum number of sweeps for processes that should be gone."""

ALLOCATION = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(128 << 20)}
"""Lets glibc keep one batch's pages for the next; fresh pages cost time."""

_NO_MEMORY = re.compile(r"bad_alloc|MemoryError|[Cc]annot allocate memory|out of memory")


def run_cell(
    cell: Cell, on_event: Callable[[dict[str, Any]], None], stop: Callable[[], bool]
) -> dict[str, Any] | None:
    """Run one cell in its own process and return its status; no process is left behind.

    Parameters
    ----------
    cell
        The cell, with its limits on time and memory.
    on_event
        Called with the cell's events, in another thread.
    stop
        Polled all the time; the cell is stopped once it returns true.

    Returns
    -------
    dict or None
        The facts for its row, even after a failure; ``None`` if it was stopped.
    """
    try:
        end_processes(cell.folder)  # left by a killed run, if any
        watched = _Watched(cell, on_event)
        try:
            watched.watch(stop)
        finally:
            watched.end()
        return watched.status(stopped=stop())
    except Exception as error:  # noqa: BLE001  # a full disk, or a bug of ours, may cost a cell, not the run
        what = "folder cannot be written" if isinstance(error, OSError) else "process cannot be watched"
        trace = traceback.format_exc()
        return {"status": "failed", "phase": "import", "reason": f"its {what}: {error}", "traceback": trace}


def end_processes(folder: Path) -> None:
    """Kill all processes of the cells in a folder, even those that left their group, session or parent."""
    for _ in range(ROUNDS):  # one may start another while it is being killed
        found = [process for process in psutil.process_iter() if _belongs(process, folder)]
        if not found:
            return
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=GRACE)


def _end_family(pid: int) -> None:
    """Kill the descendants of a cell's first process, which adopts orphans among them."""
    for _ in range(ROUNDS):
        try:
            family = psutil.Process(pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return
        if not family:
            return
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=GRACE)


@dataclass
class _Watched:
    cell: Cell
    on_event: Callable[[dict[str, Any]], None]
    phase: str = "import"
    problem: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        specification = self.cell.write()
        self._log = self.cell.folder / "log.txt"
        (self.cell.folder / "status.json").unlink(missing_ok=True)
        self._scratch = tempfile.TemporaryDirectory(prefix="huebench-", ignore_cleanup_errors=True)
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [
                    sys.executable,
                    "-m",
                    "huebench.bench.cell.process",
                    specification,
                    str(theirs.fileno()),
                    self._scratch.name,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                env=self._environment(),
                start_new_session=True,
            )
        readers = (self._read_log, self._listen)
        self._readers = [threading.Thread(target=reader, daemon=True) for reader in readers]
        for reader in self._readers:
            reader.start()

    def watch(self, stop: Callable[[], bool]) -> None:
        """Return when the process has ended or must end."""
        deadline = time.monotonic() + (self.cell.request.timeout or float("inf"))
        while not stop():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(POLL)
                return
            if time.monotonic() > deadline:
                self.problem = {
                    "status": "timeout",
                    "reason": f"did not end within {self.cell.request.timeout:g} s",
                }
                _write_tracebacks(self._process.pid)
                return
            self.problem = self.problem or self._excess()
            if self.problem:
                return

    def end(self) -> None:
        """Kill the rest of the cell; orphans are children of its first process while that lives."""
        if self._process.poll() is None:
            _end_family(self._process.pid)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        end_processes(self.cell.folder)
        for reader in self._readers:
            reader.join(GRACE)
        self._channel.close()
        self._scratch.cleanup()

    def status(self, *, stopped: bool) -> dict[str, Any] | None:
        """Return the facts that the cell wrote, or why it wrote none."""
        left = self.cell.status()
        timed_out = self.problem.get("status") == "timeout"  # what it wrote while it was being ended is void
        if stopped or (left is not None and not timed_out):
            return left
        printed = tail(self._log)
        status = {**(self.problem or self._death(printed)), "phase": self.phase, "traceback": printed}
        with suppress(OSError):  # full disk: the row has the reason anyway
            seal(self.cell.folder / "status.json", status)
        return status

    def _environment(self) -> dict[str, str]:
        """Return the cell's environment variables: threads and weights are the plan's on any machine."""
        own = {name: value for name, value in os.environ.items() if name != WEIGHTS_VARIABLE}
        weights = {WEIGHTS_VARIABLE: str(folder)} if (folder := self.cell.request.weights_dir) else {}
        limits = thread_limits(self.cell.threads)
        return {**ALLOCATION, **own, **limits, **weights, MARK: str(self.cell.folder)}

    def _death(self, printed: str) -> dict[str, str]:
        code = self._process.returncode
        if code >= 0:
            return {"status": "failed", "reason": f"its process ended with exit code {code} and no result"}
        reason = f"killed by {_signal_name(-code)}"
        if code == -signal.SIGKILL:
            reason += ", which the system does when memory runs out"
        memory = self.cell.request.max_memory is not None and _NO_MEMORY.search(printed)
        return {"status": "out-of-memory" if memory else "failed", "reason": reason}

    def _excess(self) -> dict[str, str]:
        most = self.cell.request.max_memory
        if most is None:
            return {}
        held = _memory_held(self._process.pid, most)
        if held <= most:
            return {}
        reason = f"its processes held {held / 2**20:.0f} MiB; --max-memory allows {most / 2**20:.0f}"
        return {"status": "out-of-memory", "reason": reason}

    def _listen(self) -> None:
        with self._channel.makefile("rb") as lines:
            while (line := lines.readline(LONGEST_LINE)).endswith(
                b"\n"
            ):  # a killed process leaves half a line
                try:
                    event = checked_event(dict(json.loads(line)))
                except (ValueError, TypeError, RecursionError) as error:
                    self.problem = {"status": "failed", "reason": str(error)}
                    return
                self.phase = event.get("phase", self.phase)
                self.on_event(event)
            if len(line) == LONGEST_LINE:
                self.problem = {
                    "status": "failed",
                    "reason": f"it reported more than {LONGEST_LINE:,} bytes at once",
                }

    def _read_log(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        with self._process.stdout as stream:
            copy_capped(stream, self._log)


def _write_tracebacks(pid: int) -> None:
    """End a cell's processes one after another with a signal that makes Python write its traceback.

    The method's process and its descendants come first, the scorer last; if all wrote at once, their lines
    would be mixed.
    """
    with suppress(psutil.Error):
        family = _family(psutil.Process(pid))
        for process in family[1:] + family[:1]:
            _abort(process)


def _abort(process: psutil.Process) -> None:
    until = time.monotonic() + GRACE
    with suppress(psutil.Error):  # it has ended
        process.send_signal(signal.SIGABRT)
        while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
            time.sleep(POLL / 10)


def _family(first: psutil.Process) -> list[psutil.Process]:
    """Return a cell's processes but the first: the scorer, then the method's process and its descendants."""
    scorer = min(first.children(), key=lambda child: (child.create_time(), child.pid), default=None)
    family = first.children(recursive=True)
    return sorted(family, key=lambda process: process != scorer)


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        marked = process.environ().get(MARK)
    except psutil.Error:
        return False
    return marked is not None and Path(marked).is_relative_to(folder) and process.pid != os.getpid()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most real-time signals have none
        return f"signal {number}"


def _memory_held(pid: int, most: int) -> int:
    """Return the memory of a method and its descendants in bytes; near the limit, without file pages."""
    try:
        family = _family(psutil.Process(pid))[1:]
        held = sum(process.memory_info().rss for process in family)
    except psutil.Error:  # one of them has just ended: the next check will tell
        return 0
    if held <= most or not Path("/proc/self/smaps_rollup").exists():
        return held
    return sum(memory_held(process.pid) for process in family)
