"""Runs a plan's unfinished cells and reports progress."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from ... import UserError
from ...extras import require
from ..cell import isolation
from ..plan.cell import Cell
from ..plan.request import Request
from .base import Executor, Observer
from .cluster_file import ClusterFile
from .local import LocalPool


def run_cells(
    cells: Sequence[Cell],
    executor: Executor,
    observer: Observer,
    statuses: dict[str, dict[str, Any]],
    *,
    fail_fast: bool = False,
) -> None:
    """Run every unfinished cell; failed ones are tried again.

    Parameters
    ----------
    cells
        The cells, in starting order.
    executor
        Runs them.
    observer
        Receives progress.
    statuses
        Filled with each cell's facts by key as it ends, so that they survive an interruption.
    fail_fast
        Whether the first failure stops the other cells.
    """
    pending = []
    observer.planned(cells)
    for cell in cells:
        if cell.problem:
            statuses[cell.key] = impossible(cell)
            observer.finished(cell, statuses[cell.key], reused=False)
        elif cell.is_done():
            statuses[cell.key] = cell.status() or {}
            observer.finished(cell, statuses[cell.key], reused=True)
        else:
            pending.append(cell)
    for stage in _stages(pending):
        fitted = {cell.fit_key for cell in cells if statuses.get(cell.key, {}).get("status") == "ok"}
        ready = [cell for cell in stage if not cell.condition or cell.fit_key in fitted]
        for cell in stage:
            if cell not in ready:
                failed = "on the clean photos" if cell.degradation else "with its own references"
                statuses[cell.key] = {"status": "skipped", "reason": f"its method failed {failed}"}
                observer.finished(cell, statuses[cell.key], reused=False)
        if not ready:
            continue
        with closing(executor.run(ready, observer)) as ended:
            for cell, status in ended:
                statuses[cell.key] = status
                observer.finished(cell, status, reused=False)
                if fail_fast and status["status"] != "ok":
                    left = {"status": "skipped", "reason": f"--fail-fast: {cell.title} failed before it"}
                    statuses |= {each.key: left for each in pending if each.key not in statuses}
                    return


def _stages(cells: Sequence[Cell]) -> tuple[list[Cell], ...]:
    """Return cells in groups that run one after another, so that no two cells train one model at a time.

    The first group trains every model. The second loads them for other numbers of hints, the third for
    other conditions.
    """
    own = [cell for cell in cells if not cell.condition]
    training = {cell.fit_key: cell.key for cell in reversed(own)}
    first = [cell for cell in own if training[cell.fit_key] == cell.key]
    others = [cell for cell in own if training[cell.fit_key] != cell.key]
    return first, others, [cell for cell in cells if cell.condition]


def impossible(cell: Cell) -> dict[str, Any]:
    """Return the facts for the row of a cell that cannot run at all.

    A missing dependency is not a failure of the method. A method that cannot be imported has no family.
    """
    status = "skipped" if cell.family else "failed"
    return {"status": status, "phase": "import", "reason": cell.problem}


def choose_executor(request: Request) -> Executor:
    """Return the executor for a resolved request: this machine, a Dask cluster, or job arrays.

    Raises
    ------
    UserError
        If a scheduler and a cluster are both given, the cluster's file is missing or wrong, its library is
        not installed, or methods cannot be isolated here.
    """
    if request.isolate and request.devices > 1:
        raise UserError("--isolate: processes that train together read photos: leave out --devices")
    if not request.remote:
        if request.isolate and not isolation.is_supported():
            raise UserError(isolation.UNSUPPORTED)
        return LocalPool(request.threads or 1, request.jobs)
    if request.scheduler and request.cluster is not None:
        raise UserError("give --scheduler (a running cluster) or --cluster (one to start), not both")
    file = None if request.cluster is None else ClusterFile.read(request.cluster)
    if file is not None and file.arrays:
        require("a job array", "slurm", "submitit")
        from .arrays import ArrayExecutor

        return ArrayExecutor(file)
    require("a cluster", "cluster", "distributed")
    from .cluster import DaskExecutor

    return DaskExecutor(request.scheduler, file)
