"""Runs the cells of a plan that are not done, and reports progress."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from importlib.util import find_spec
from typing import Any, Protocol

from ... import UserError
from ..cell import isolation
from ..plan.cell import Cell
from ..plan.request import Request

Ended = tuple[Cell, dict[str, Any]]
"""A cell and the facts of its row."""


class ExecutorLostError(UserError):
    """An executor was lost on the way; what has ended before is kept."""


class Observer(Protocol):
    """What is told while cells run."""

    def started(self, cell: Cell) -> None:
        """Tell that a cell's process was started."""

    def event(self, cell: Cell, event: dict[str, Any]) -> None:
        """Tell what a cell reported: ``done``/``total``/``what``, or an epoch's numbers."""

    def finished(self, cell: Cell, status: dict[str, Any], *, reused: bool) -> None:
        """Tell that a cell ended, with its row's facts, or was found done already."""


class Executor(Protocol):
    """Where cells run."""

    def run(self, cells: Sequence[Cell], observer: Observer) -> Generator[Ended]:
        """Yield each cell with its row's facts when it has ended.

        Closing the iterator ends the cells that still run.

        Raises
        ------
        ExecutorLostError
            If the rest cannot be run any more.
        """


def run_cells(
    cells: Sequence[Cell],
    executor: Executor,
    observer: Observer,
    statuses: dict[str, dict[str, Any]],
    *,
    fail_fast: bool = False,
) -> None:
    """Run every cell that is not done; a failed one is tried again.

    Parameters
    ----------
    cells
        In the order in which they are started.
    executor
        Where they run.
    observer
        Is told what happens.
    statuses
        Takes each cell's facts by its key as it ends, so that an interruption leaves what is known.
    fail_fast
        Whether the first failure ends the others.
    """
    pending = []
    for cell in cells:
        if cell.problem:
            statuses[cell.key] = impossible(cell)
            observer.finished(cell, statuses[cell.key], reused=False)
        elif cell.is_done():
            statuses[cell.key] = cell.status() or {}
            observer.finished(cell, statuses[cell.key], reused=True)
        else:
            pending.append(cell)
    if not pending:
        return
    with closing(executor.run(pending, observer)) as ended:
        for cell, status in ended:
            statuses[cell.key] = status
            observer.finished(cell, status, reused=False)
            if fail_fast and status["status"] != "ok":
                left = {"status": "skipped", "reason": f"--fail-fast: {cell.label} failed before it"}
                statuses |= {each.key: left for each in pending if each.key not in statuses}
                return


def impossible(cell: Cell) -> dict[str, Any]:
    """Return the row's facts of a cell that cannot run at all.

    What is missing here is no fault of the method; what cannot even be imported has no family.
    """
    status = "skipped" if cell.family else "failed"
    return {"status": status, "phase": "import", "reason": cell.problem}


def choose_executor(request: Request) -> Executor:
    """Return where the cells of a resolved request run: on this machine, or on a Dask cluster.

    Raises
    ------
    UserError
        If both a scheduler and a cluster are named, the cluster's file is missing, Dask is not installed, or
        methods cannot be isolated here.
    """
    from .local import LocalPool

    if request.isolate and request.devices > 1:
        raise UserError("--isolate: processes that train together read photos: leave --devices out")
    if not request.remote:
        if request.isolate and not isolation.is_supported():
            raise UserError(isolation.UNSUPPORTED)
        return LocalPool(request.threads or 1, request.jobs)
    if request.scheduler and request.cluster is not None:
        raise UserError("give --scheduler, a cluster that runs, or --cluster, one to be started: not both")
    if request.cluster is not None and not request.cluster.is_file():
        raise UserError(
            f"--cluster: not a file: '{request.cluster}'; it names a class to start, and its options"
        )
    if find_spec("distributed") is None:
        raise UserError("a cluster needs Dask: pip install 'huebench[cluster]'")
    from .cluster import DaskExecutor

    return DaskExecutor(request.scheduler, request.cluster)
