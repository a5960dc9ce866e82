"""A folder of the server's own for uploads and results; it is emptied by age, and removed at the end."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

from filelock import FileLock, Timeout

from ....datasets.digests import cache_folder

EVERY: Final = 30.0
"""Seconds between two looks for old files."""


@contextmanager
def workspace(keep: float) -> Iterator[Path]:
    """Make a folder that only this user may read; remove it at the end.

    Parameters
    ----------
    keep
        Seconds after its last change that a file is kept.

    Yields
    ------
    Path
        The new folder. Folders of servers that were killed are removed first.
    """
    parent = cache_folder() / "demo"
    parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(parent)
    folder = parent / secrets.token_hex(8)
    stop = Event()
    with FileLock(_lock_of(folder)):
        folder.mkdir(mode=0o700)
        cleaner = Thread(target=_clean, args=(folder, keep, stop), daemon=True)
        cleaner.start()
        try:
            yield folder
        finally:
            stop.set()
            cleaner.join()
            shutil.rmtree(folder, ignore_errors=True)
    _lock_of(folder).unlink(missing_ok=True)


def remove_old(folder: Path, keep: float) -> None:
    """Remove files that were last changed more than ``keep`` seconds ago, and folders that are then empty."""
    oldest = time.time() - keep
    for path in sorted(folder.rglob("*"), reverse=True):  # what is inside a folder comes before it
        try:
            if path.lstat().st_mtime > oldest:
                continue
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
        except OSError:
            continue  # a folder that is not empty, or a file that is gone


def _clean(folder: Path, keep: float, stop: Event) -> None:
    while not stop.wait(min(EVERY, keep)):
        remove_old(folder, keep)


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of servers that no longer run."""
    for lock in parent.glob("*.lock"):
        try:
            with FileLock(lock, timeout=0):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except Timeout:
            continue


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")
