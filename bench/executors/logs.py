"""Logs of cells, limited in size, and of a run itself."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import IO

HEAD = TAIL = 1 << 18
"""Bytes kept from a log's beginning and end."""

ROW_TAIL = 2000
"""Characters of a log that go into the row of a crashed cell."""

_BLOCK = 1 << 16

_MODULES = re.compile(r"^Extension modules: .*\n?", re.MULTILINE)


def copy_capped(stream: IO[bytes], path: Path) -> None:
    """Write a stream to a file: its first `HEAD` bytes as they arrive, and at its end the last `TAIL` bytes.

    The stream is read to its end even if the file cannot be written, so the writer never blocks.
    """
    rest: deque[bytes] = deque()
    size = 0
    with suppress(OSError), path.open("wb", buffering=0) as log:
        while size < HEAD and (block := _read(stream, HEAD - size)):
            log.write(block)
            size += len(block)
    left_out = 0
    while block := _read(stream, _BLOCK):
        rest.append(block)
        if len(rest) > TAIL // _BLOCK + 1 and sum(map(len, rest)) - len(rest[0]) >= TAIL:
            left_out += len(rest.popleft())
    with suppress(OSError), path.open("ab") as log:
        if left_out:
            log.write(b"\n[... %d bytes left out ...]\n" % left_out)
        log.writelines(rest)


@contextmanager
def stderr_to(path: Path) -> Iterator[None]:
    """Append what libraries write to the standard error, also those in C, to a file while the block runs.

    The file is removed if it is empty.
    """
    terminal = os.dup(2)
    try:
        with path.open("a", buffering=1, encoding="utf-8") as log, redirect_stderr(log):
            os.dup2(log.fileno(), 2)
            yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        if path.exists() and not path.stat().st_size:
            path.unlink()


def tail(path: Path) -> str:
    """Return the end of a log without the module list that Python adds to a crash; ``""`` without a log."""
    try:
        printed = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return _MODULES.sub("", printed)[-ROW_TAIL:]


def _read(stream: IO[bytes], most: int) -> bytes:
    read: bytes = stream.read1(min(most, _BLOCK))  # type: ignore[attr-defined]  # a pipe's stream is buffered
    return read
