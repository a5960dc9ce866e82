"""A cell's processes: ``python -m huebench.bench.cell.process SPECIFICATION SOCKET``.

The first reads photos and scores them, writes into the run folder, and reports progress as JSON lines through
the socket. The second, forked before anything heavy is imported, holds the method. Both end when the socket's
other end is gone.
"""

from __future__ import annotations

import faulthandler
import io
import json
import mmap
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, cast

ARENA = 1 << 32
"""Bytes of address space for the arrays of one message; memory is taken only for those in use."""


def main() -> None:
    """Run the cell whose specification and socket stand on the command line."""
    faulthandler.enable()
    cast("io.TextIOWrapper", sys.stdout).reconfigure(line_buffering=True)
    specification, supervisor = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    ours, theirs = socket.socketpair()
    arena = mmap.mmap(-1, ARENA, flags=mmap.MAP_SHARED | getattr(mmap, "MAP_NORESERVE", 0))
    pid = os.fork()
    if pid == 0:
        supervisor.close()
        ours.close()
        _hold_method(theirs, arena, specification)
    else:
        theirs.close()
        _end_with(supervisor)
        _score(ours, arena, pid, specification, supervisor)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a method's threads and exit handlers have no say any more


def _hold_method(connection: socket.socket, arena: mmap.mmap, specification: Path) -> None:
    from .channel import Channel  # after the fork, because libraries start threads
    from .method_process import serve

    serve(Channel(connection, arena), specification)


def _score(
    connection: socket.socket, arena: mmap.mmap, pid: int, specification: Path, supervisor: socket.socket
) -> None:
    from ..plan.cell import Cell  # after the fork, because libraries start threads
    from .channel import Channel
    from .method_process import MethodProcess
    from .running import CellRun

    with supervisor.makefile("w") as out:

        def emit(event: dict[str, Any]) -> None:
            print(json.dumps(event), file=out, flush=True)

        method = MethodProcess(Channel(connection, arena), pid)
        CellRun(Cell.read(specification), method, emit).run()


def _end_with(supervisor: socket.socket) -> None:
    """End this process group when whoever started it is gone, however it went."""

    def watch() -> None:
        supervisor.recv(1)  # nothing is ever sent: this returns at the end alone
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
