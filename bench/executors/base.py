"""The interfaces of executors and of those that watch them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol

from ... import UserError
from ..plan.cell import Cell

Ended = tuple[Cell, dict[str, Any]]
"""A cell and the facts for its row."""


class ExecutorLostError(UserError):
    """An executor was lost during the run; finished cells are kept."""


class Observer(Protocol):
    """Receives progress while cells run."""

    def doing(self, what: str) -> None:
        """Report what the run does besides its cells: ``reading the training photos``."""

    def planned(self, cells: Sequence[Cell]) -> None:
        """Report the cells of the run before any of them is started."""

    def started(self, cell: Cell) -> None:
        """Report that a cell's process was started."""

    def event(self, cell: Cell, event: dict[str, Any]) -> None:
        """Pass on a cell's event: a phase, ``done``/``total``/``what``, or an epoch's numbers."""

    def finished(self, cell: Cell, status: dict[str, Any], *, reused: bool) -> None:
        """Report that a cell ended, with the facts for its row, or was already done."""


class Executor(Protocol):
    """Runs cells, here or elsewhere."""

    def run(self, cells: Sequence[Cell], observer: Observer) -> Generator[Ended]:
        """Yield each cell with the facts for its row as it ends.

        Closing the iterator stops the cells that are still running.

        Raises
        ------
        ExecutorLostError
            If the remaining cells cannot be run.
        """
