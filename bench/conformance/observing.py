"""Observes a method: the files that it reads, and what it holds in memory."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

from ...datasets.base import Dataset
from ...methods.base import Method


def held(method: Method) -> int:
    """Return the bytes of the arrays, and the number of the objects, that a method's attributes lead to."""
    met: dict[int, object] = {}
    queue: list[object] = [vars(method)]
    total = 0
    while queue:
        item = queue.pop()
        if id(item) in met or isinstance(item, type | ModuleType | Dataset):
            continue
        met[id(item)] = item  # held, so that no other object gets its id
        total += 1 + int(getattr(item, "nbytes", 0))
        if isinstance(item, Mapping):
            queue += item.values()
        elif isinstance(item, list | tuple | set | frozenset | deque):
            queue += item
        else:
            queue.append(getattr(item, "__dict__", None))
    return total


_noting: list[list[Path]] = []
"""Lists to which files being read are added."""

_made: set[Path] = set()
"""Files and folders created during the check."""


@contextmanager
def noted(opened: list[Path]) -> Iterator[None]:
    """Record the files that are read but were not created meanwhile."""
    _add_hook()
    _noting.append(opened)
    try:
        yield
    finally:
        _noting.pop()


@cache
def _add_hook() -> None:
    sys.addaudithook(_note)  # hooks cannot be removed: this one is idle while nothing is recorded


def _note(event: str, given: tuple[object, ...]) -> None:
    if not _noting or event not in ("open", "os.mkdir") or not isinstance(given[0], str | bytes):
        return
    path = Path(os.fsdecode(given[0])).resolve()
    flags = given[2]
    if event == "os.mkdir" or (isinstance(flags, int) and flags & (os.O_CREAT | os.O_TRUNC)):
        _made.add(path)
    elif _made.isdisjoint((path, *path.parents)):
        _noting[-1].append(path)
