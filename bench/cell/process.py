"""A cell's processes: ``python -m huebench.bench.cell.process SPECIFICATION SOCKET SCRATCH``.

The first process kills everything that the cell started, however the cell ends. The second reads photos and
scores them, writes into the run folder, and reports progress as JSON lines through the socket. The third
runs the method, and shares the memory of the modules that both import. All end when the socket's other end
closes. The method may write temporary files into the scratch folder, which whoever started the cell deletes.
"""

from __future__ import annotations

import ctypes
import faulthandler
import io
import json
import mmap
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from .ending import end_alike, end_descendants

ARENA = 1 << 32
"""Address space for the arrays of one message, in bytes; only what is used takes memory."""

SET_CHILD_SUBREAPER = 36
"""The ``prctl`` option that makes a process the parent of its orphaned descendants."""


def main() -> None:
    """Run the cell whose specification, socket and scratch folder are given on the command line."""
    faulthandler.enable()
    cast("io.TextIOWrapper", sys.stdout).reconfigure(line_buffering=True, errors="backslashreplace")
    specification, supervisor = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    _adopt_orphans()
    ours, theirs = socket.socketpair()
    arena = mmap.mmap(-1, ARENA, flags=mmap.MAP_SHARED | getattr(mmap, "MAP_NORESERVE", 0))
    scorer = os.fork()
    if scorer:
        ours.close()
        theirs.close()
        arena.close()
        _end_with(supervisor)
        try:
            _, status = os.waitpid(scorer, 0)
        except ChildProcessError:  # `_end_with` collected it first
            status = signal.SIGKILL
        end_descendants()
        end_alike(status)
    if sys.platform == "linux":  # elsewhere NumPy's libraries do not survive a fork
        import_module("huebench.bench.cell.method_server")
    method = os.fork()
    if method == 0:
        supervisor.close()
        ours.close()
        _hold_method(theirs, arena, specification)
    else:
        theirs.close()
        _score(ours, arena, method, specification, supervisor, Path(sys.argv[3]))
    end_alike(0)


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _hold_method(connection: socket.socket, arena: mmap.mmap, specification: Path) -> None:
    from .channel import Channel
    from .method_server import serve

    serve(Channel(connection, arena), specification)


def _score(
    connection: socket.socket,
    arena: mmap.mmap,
    pid: int,
    specification: Path,
    supervisor: socket.socket,
    scratch: Path,
) -> None:
    from ..plan.cell import Cell  # after the fork, because its libraries start threads
    from .channel import Channel
    from .method_process import MethodProcess
    from .running import CellRun

    with supervisor.makefile("w") as out:

        def emit(event: dict[str, Any]) -> None:
            print(json.dumps(event), file=out, flush=True)

        method = MethodProcess(Channel(connection, arena), pid, scratch)
        CellRun(Cell.of_specification(specification), method, emit).run()


def _end_with(supervisor: socket.socket) -> None:
    """End the cell when its supervisor ends, however that happens."""

    def watch() -> None:
        with suppress(ConnectionError):  # closed with events unread
            supervisor.recv(1)  # nothing is ever sent: this returns only when the socket closes
        end_descendants()
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
