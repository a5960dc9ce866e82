"""Processes that train a cell's method together, one GPU each; the cell's own process is the first.

They find one another through environment variables, as under ``torchrun``, so a method need not know who
started it. ``python -m huebench.bench.cell.training_group SPECIFICATION`` is one of the others: it fits the
same method on the same photos, and leaves saving, scoring and progress events to the first.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...methods.spec import MethodSpec
from ...plugins import import_only
from ..plan.cell import Cell
from ..plan.photos import open_split
from .limits import limit_memory

GRACE = 20.0
"""Seconds that the first process has to end by itself after another one has failed."""

VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@contextmanager
def training_group(cell: Cell) -> Iterator[None]:
    """Start the other processes of a cell's training, and act as the first until it ends."""
    if cell.devices == 1:
        yield
        return
    shared = {"WORLD_SIZE": str(cell.devices), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    others = [_start(rank, cell, shared) for rank in range(1, cell.devices)]
    ended = threading.Event()
    threading.Thread(target=_watch, args=(others, ended), daemon=True).start()
    os.environ.update({**shared, "RANK": "0", "LOCAL_RANK": "0"})
    try:
        yield
    finally:
        ended.set()
        for name in VARIABLES:
            os.environ.pop(name, None)
        for process in others:
            process.kill()
            process.wait()


def gpu_of(rank: int, visible: str | None) -> str:
    """Return the ``CUDA_VISIBLE_DEVICES`` that shows one process only its GPU, given the parent's value.

    Examples
    --------
    >>> gpu_of(1, None), gpu_of(1, "4,5,6"), gpu_of(1, "")
    ('1', '5', '')
    """
    if visible is None:
        return str(rank)
    names = [name.strip() for name in visible.split(",") if name.strip()]
    return names[rank] if rank < len(names) else ""


def _start(rank: int, cell: Cell, shared: dict[str, str]) -> subprocess.Popen[bytes]:
    # Each sees its GPU as the only one, so none needs to know which it is.
    gpu = {"CUDA_VISIBLE_DEVICES": gpu_of(rank, os.environ.get("CUDA_VISIBLE_DEVICES"))}
    own = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-m", "huebench.bench.cell.training_group", cell.folder / "cell.json"],
        stdin=subprocess.DEVNULL,
        env={**os.environ, **shared, **own, **gpu},
    )


def _watch(others: Sequence[subprocess.Popen[bytes]], ended: threading.Event) -> None:
    """End this process if another one fails: otherwise the rest would wait for an hour."""
    while not ended.wait(0.5):
        failed = [process for process in others if process.poll()]
        if failed:
            time.sleep(GRACE)
            if not ended.is_set():
                sys.stderr.write(f"one of {len(others) + 1} training processes has failed: see above\n")
                sys.stderr.flush()
                os._exit(1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def main() -> None:
    """Fit the cell whose specification is given on the command line, as one of several processes."""
    cell = Cell.of_specification(Path(sys.argv[1]))
    limit_memory(cell.request.max_memory, cell.request.device)
    import_only(filter(None, [cell.method_plugin]))
    method = MethodSpec(cell.name, cell.parameters).build()
    context = cell.context(checkpoints=cell.model_folder / "checkpoints", validate=lambda _: 0.0)
    train = open_split(cell.request, "train", cell.learned_as_planned)
    method.fit(train, open_split(cell.request, "validation", cell.learned_as_planned), context)


if __name__ == "__main__":
    main()
