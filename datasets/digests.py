"""SHA-256 digests of photos, computed once and remembered between runs.

A digest is recomputed when the photo's stamp differs: its size, the times at which its content and its inode
last changed, and the inode's number. The content's time can be set back; the inode's cannot.

Each root has one file in `cache_folder`, replaced atomically: if two processes write at once, one wins, and
the other's digests are recomputed when next needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Final

import platformdirs

from ..files import file_digest as file_digest  # noqa: PLC0414  # for plugins
from ..files import write_text

Stamp = tuple[int, int, int, int]
"""Size in bytes, times in nanoseconds of the last change of the content and of the inode, and the inode."""

SETTLED: Final = 2_000_000_000
"""Age in nanoseconds from which a stamp is trusted: a younger file may change and keep its stamp."""

_reread: ContextVar[bool] = ContextVar("reread", default=False)

_THREADS: Final = 4  # reading waits for the disk, and hashing large blocks leaves the interpreter free


def cache_folder() -> Path:
    """Return the folder of caches: ``HUEBENCH_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("HUEBENCH_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("huebench", appauthor=False)


def file_stamp(path: str | Path) -> Stamp:
    """Return a file's stamp."""
    status = os.stat(path)  # noqa: PTH116  # a million Path objects take seconds
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def digests(root: Path, stamps: Iterable[tuple[str, Stamp]], compute: Callable[[str], str]) -> dict[str, str]:
    """Return the digest of every photo under a root.

    Parameters
    ----------
    root
        The folder or archive that the ids belong to.
    stamps
        Ids with their stamps; a photo whose stamp is new has changed. They are not kept: of a million photos
        they take 300 MB.
    compute
        Function that returns the digest of an id, or ``""`` if it cannot be read; called in several threads
        for the ids that are new or changed.

    Returns
    -------
    dict
        Hex digests by id, in the order of ``stamps``.
    """
    path = _path(root)
    lines = {} if _reread.get() else _load(path)
    found: dict[str, str] = {}
    new: dict[str, Stamp] = {}
    for key, stamp in stamps:
        line, start = lines.get(key, ""), _start(stamp)
        if line.startswith(start):
            found[key] = line[len(start) :]
        else:
            found[key], new[key] = "", stamp
    if new:
        with ThreadPoolExecutor(_THREADS) as threads:
            found.update(zip(new, threads.map(compute, new), strict=True))
        settled = time.time_ns() - SETTLED
        added = {
            key: _start(stamp) + found[key]
            for key, stamp in new.items()
            if found[key] and max(stamp[1:3]) < settled
        }
        _save(path, {key: lines[key] for key in found if key not in new} | added)
    return found


def rereading() -> bool:
    """Return whether remembered digests are ignored; see `reread`."""
    return _reread.get()


@contextmanager
def reread() -> Iterator[None]:
    """Make `digests` read every photo again inside the block, ignoring remembered digests."""
    token = _reread.set(True)
    try:
        yield
    finally:
        _reread.reset(token)


def _path(root: Path) -> Path:
    name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:24]
    return cache_folder() / "digests" / f"{name}.json"


def _load(path: Path) -> dict[str, str]:
    """Read remembered lines, a stamp and a digest each, by id; a missing or damaged file holds none."""
    try:
        lines = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    whole = isinstance(lines, dict) and all(isinstance(line, str) for line in lines.values())
    return lines if whole else {}


def _save(path: Path, lines: dict[str, str]) -> None:
    """Write remembered lines; a cache that cannot be written only costs time."""
    with suppress(OSError):
        write_text(path, json.dumps(lines))


def _start(stamp: Stamp) -> str:
    """Return how the line of a file with this stamp starts."""
    size, changed, inode_changed, inode = stamp
    return f"{size} {changed} {inode_changed} {inode} "
