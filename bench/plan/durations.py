"""How long cells took in earlier runs on this machine, from which a run estimates the time left."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...datasets.digests import cache_folder
from ...files import write_json
from .cell import Cell
from .keys import digest

FILE: Final = "durations.json"
"""The file in the cache folder."""

MOST: Final = 2000
"""Cells that are remembered; the oldest are forgotten first."""


class Durations:
    """The seconds that cells took, remembered between runs in the cache folder.

    They are for estimates alone: a damaged file counts as empty, one that cannot be written is left as it is,
    and of two runs that end cells at once one wins.
    """

    def __init__(self) -> None:
        self._path = cache_folder() / FILE
        self._seconds = _read(self._path)

    def expected(self, cell: Cell) -> float | None:
        """Return the seconds that an equal cell took, whatever its seed and its code; ``None`` if unknown."""
        return self._seconds.get(_activity(cell))

    def record(self, cell: Cell, seconds: float) -> None:
        """Remember how long a cell took."""
        key = _activity(cell)
        others = {known: value for known, value in _read(self._path).items() if known != key}
        self._seconds = dict(list(others.items())[1 - MOST :]) | {key: round(seconds, 1)}
        with suppress(OSError):  # a full disk
            write_json(self._path, self._seconds)


def _activity(cell: Cell) -> str:
    """Return a digest of what decides how long a cell takes."""
    request = cell.request
    options = (request.dataset, request.train_on, request.split, request.limit, request.budget)
    return digest(
        cell.label, cell.rescored != "", cell.protocol.digest, options, request.device, cell.threads,
        cell.devices,
    )  # fmt: skip


def _read(path: Path) -> dict[str, float]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): float(value) for key, value in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
