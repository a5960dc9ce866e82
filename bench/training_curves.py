"""Training curves for TensorBoard, written while a run trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from .. import UserError
from ..extras import require
from .executors.base import Observer
from .plan.cell import Cell

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


@contextmanager
def with_curves(observer: Observer, folder: Path | None) -> Iterator[Observer]:
    """Yield an observer that also writes every epoch's numbers; without a folder, the one that is given.

    Raises
    ------
    UserError
        If TensorBoard is not installed, or the folder cannot be written.
    """
    if folder is None:
        yield observer
        return
    require("--tensorboard", "tensorboard", "tensorboard")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"--tensorboard: the folder '{folder}' cannot be written: {error.strerror}"
        ) from error
    writing = TrainingCurves(observer, folder)
    try:
        yield writing
    finally:
        writing.close()


class TrainingCurves:
    """An observer that passes everything on and writes loss and accuracy of every epoch.

    Each cell has a folder of its own, which TensorBoard shows as one run.

    Parameters
    ----------
    observer
        The observer behind it.
    folder
        The folder that ``tensorboard --logdir`` is given.
    """

    def __init__(self, observer: Observer, folder: Path) -> None:
        self._observer = observer
        self._folder = folder
        self._writers: dict[str, SummaryWriter] = {}

    def doing(self, what: str) -> None:
        """Pass it on."""
        self._observer.doing(what)

    def planned(self, cells: Sequence[Cell]) -> None:
        """Pass it on."""
        self._observer.planned(cells)

    def started(self, cell: Cell) -> None:
        """Pass it on."""
        self._observer.started(cell)

    def event(self, cell: Cell, event: dict[str, Any]) -> None:
        """Pass it on; write an epoch's numbers."""
        self._observer.event(cell, event)
        if "epoch" in event:
            writer = self._writer(cell, event["epoch"])
            for name in ("loss", "accuracy"):
                writer.add_scalar(f"{name}/{event['split']}", event[name], event["epoch"])
            writer.flush()

    def finished(self, cell: Cell, status: dict[str, Any], *, reused: bool) -> None:
        """Pass it on; close the cell's file."""
        self._observer.finished(cell, status, reused=reused)
        if writer := self._writers.pop(cell.key, None):
            writer.close()

    def close(self) -> None:
        """Close all files."""
        for writer in self._writers.values():
            writer.close()

    def _writer(self, cell: Cell, epoch: int) -> SummaryWriter:
        """Return the writer of a cell; what an earlier run wrote from this epoch on no longer counts."""
        from torch.utils.tensorboard import SummaryWriter

        if cell.key not in self._writers:
            where = str(self._folder / cell.folder.name)
            self._writers[cell.key] = SummaryWriter(where, purge_step=epoch)
        return self._writers[cell.key]
