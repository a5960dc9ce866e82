"""Cells on many machines, through Dask distributed; the run folder is on a path that all of them share.

A worker runs as many cells at a time as it has threads: start it with the run's ``--jobs`` as its
``--nthreads``, and one that has a GPU with ``--resources GPU=1``.
"""

from __future__ import annotations

import importlib
import queue
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from distributed import CancelledError, Client, Future, Scheduler, Worker, WorkerPlugin, get_worker
from distributed.core import Status
from distributed.deploy.cluster import Cluster
from distributed.scheduler import KilledWorker

from ... import UserError, __version__
from ...files import file_digest
from ..plan.cell import Cell
from ..plan.keys import digest, library_versions
from .runner import Ended, ExecutorLostError, Observer
from .supervise import end_processes, run_cell

PATIENCE = 5
"""Seconds that a scheduler may take to answer."""

JOINING = 60
"""Seconds that the first worker of a running scheduler may take to join."""

QUEUEING = 24 * 3600
"""Seconds that the first worker may wait in a batch system's queue."""


class CheckedEnvironment(WorkerPlugin):
    """Refuses a worker whose environment is not that of the run, now or when it joins later.

    Parameters
    ----------
    cell
        Any cell of the run.
    """

    def __init__(self, cell: Cell) -> None:
        self.name = f"huebench-{uuid.uuid4()}"
        self._cell = cell
        self._expected = _environment(cell)

    def setup(self, worker: Worker) -> None:
        """Raise `UserError` that says what is different."""
        found = _environment(self._cell)
        wrong = [
            f"{name} is {found[name]}, not {expected}"
            for name, expected in self._expected.items()
            if found[name] != expected
        ]
        if wrong:
            raise UserError(f"the worker at {worker.address} differs from this machine: {'; '.join(wrong)}")


@dataclass(frozen=True)
class DaskExecutor:
    """Runs cells on the workers of a Dask cluster.

    A cell whose worker is lost is taken up by another one, from its last shard.

    Attributes
    ----------
    address
        Of a scheduler that runs, or ``""``.
    config
        A YAML file that says which cluster to start, or ``None``; see `start_cluster`.
    """

    address: str = ""
    config: Path | None = None

    def run(self, cells: Sequence[Cell], observer: Observer) -> Generator[Ended]:
        """Yield each cell with its row's facts when it has ended.

        Raises
        ------
        UserError
            If the scheduler does not answer, no worker joins, or a worker's environment is another.
        ExecutorLostError
            If the scheduler does not answer any more.
        """
        with self._client() as client, _checked_workers(client, cells):
            topic = f"huebench-{uuid.uuid4()}"
            news: queue.Queue[tuple[str, dict[str, Any] | None]] = queue.Queue()
            client.subscribe_topic(topic, lambda event: news.put(event[1]))
            running = {cell.key: cell for cell in cells}
            futures = {cell.key: _submit(client, cell, topic, news) for cell in cells}
            started = set()
            try:
                while running:
                    key, event = news.get()
                    if key not in running:  # its last words came after its end
                        continue
                    if event is None:
                        cell = running.pop(key)
                        yield cell, _status(futures.pop(key))
                        continue
                    if key not in started:
                        started.add(key)
                        observer.started(running[key])
                    observer.event(running[key], event)
            finally:
                if running and client.status == "running":
                    client.cancel(list(futures.values()))
                    client.run(end_processes, cells[0].run_folder / "cells", on_error="ignore")

    @contextmanager
    def _client(self) -> Iterator[Client]:
        if self.config is not None:
            with start_cluster(self.config) as cluster, Client(cluster) as client:
                _wait_for_workers(client, QUEUEING)
                yield client
            return
        try:
            client = Client(self.address, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise UserError(
                f"--scheduler {self.address}: no Dask scheduler answers there within {PATIENCE} s; "
                f"start one with `dask scheduler` and give the address that it prints ({error})"
            ) from error
        with client:
            _wait_for_workers(client, JOINING)
            yield client


def start_cluster(path: Path) -> Cluster:
    """Start the cluster that a YAML file describes.

    ``cluster`` names a class of dask-jobqueue (``SLURMCluster``, ``PBSCluster``, …), ``LocalCluster`` of
    distributed, or any class with its module; ``options`` are its arguments, and ``jobs`` says how many jobs
    it shall ask for.

    Raises
    ------
    UserError
        If the file cannot be read or its class not be found or started.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        name, options, jobs = given["cluster"], given.get("options", {}), given.get("jobs")
        module = "distributed" if name == "LocalCluster" else "dask_jobqueue"
        if "." in name:
            module, _, name = name.rpartition(".")
        cluster = getattr(importlib.import_module(module), name)(**options)
        if jobs is not None:
            cluster.scale(jobs=jobs)
    except Exception as error:  # whatever a cluster's class raises, it comes of the file
        raise UserError(f"--cluster {path}: {type(error).__name__}: {error}") from error
    return cast("Cluster", cluster)


def run_on_worker(cell: Cell, topic: str) -> dict[str, Any]:
    """Run a cell in a process beside the Dask worker and return the facts of its row.

    The cell is ended when nobody waits for it any more: its run was killed, or the scheduler is gone.
    """
    worker = get_worker()
    key = worker.get_current_task()

    def unwanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled" or worker.status in (Status.closing, Status.closed)

    worker.log_event(topic, (cell.key, {"done": 0, "total": 1, "what": f"on {worker.address}"}))
    return run_cell(cell, lambda event: worker.log_event(topic, (cell.key, event)), unwanted) or {}


def _submit(
    client: Client, cell: Cell, topic: str, news: queue.Queue[tuple[str, dict[str, Any] | None]]
) -> Future[dict[str, Any]]:
    resources = {"GPU": cell.devices} if _needs_gpu(cell) else None
    future = client.submit(run_on_worker, cell, topic, pure=False, resources=resources)
    future.add_done_callback(lambda _: news.put((cell.key, None)))
    return future


def _status(future: Future[dict[str, Any]]) -> dict[str, Any]:
    try:
        return future.result()
    except KilledWorker as error:
        return {"status": "failed", "reason": f"every worker that took it was lost: {error}"}
    except (CancelledError, OSError) as error:
        raise ExecutorLostError(
            f"the Dask scheduler was lost: {getattr(error, 'reason', error)}; what is done is kept and "
            "reported; start a scheduler again, and the same command goes on from there"
        ) from error
    except Exception as error:  # noqa: BLE001  # of a worker, such as a library that it lacks
        return {"status": "failed", "phase": "import", "reason": f"{type(error).__name__}: {error}"}


@contextmanager
def _checked_workers(client: Client, cells: Sequence[Cell]) -> Iterator[None]:
    needed = max((cell.devices for cell in cells if _needs_gpu(cell)), default=0)
    if needed and client.run_on_scheduler(_gpus) < needed:
        raise UserError(
            f"--device cuda: no worker of the cluster offers {needed} GPU(s): "
            f"`dask worker ADDRESS --resources GPU={needed}`"
        )
    check = CheckedEnvironment(cells[0])
    try:
        try:
            client.register_plugin(check)
        except Exception as error:  # also that a worker cannot import this package
            raise UserError(f"the cluster cannot take this run: {error}") from error
        yield
    finally:
        with suppress(Exception):
            client.unregister_worker_plugin(check.name)


def _wait_for_workers(client: Client, seconds: int) -> None:
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError:
        raise UserError(
            f"the Dask scheduler has no worker after {seconds} s: start some with `dask worker ADDRESS`"
        ) from None


def _needs_gpu(cell: Cell) -> bool:
    return cell.request.device == "cuda" and cell.family == "deep"


def _gpus(dask_scheduler: Scheduler) -> float:
    return max((worker.resources.get("GPU", 0) for worker in dask_scheduler.workers.values()), default=0)


def _environment(cell: Cell) -> dict[str, str]:
    """Return what must be the same wherever a cell of the run works."""
    held = cell.run_folder / ".lock"
    return {
        "huebench": __version__,
        "the code of huebench": _code(),
        **library_versions(),
        **{f"plugin {path}": file_digest(path) or "missing" for path in cell.request.plugins},
        f"the run folder {cell.run_folder}": "there" if held.exists() else "missing",
    }


def _code() -> str:
    package = Path(__file__).parents[2]
    folders = ("bench", "datasets", "methods")
    return digest([file_digest(path) for name in folders for path in sorted((package / name).rglob("*.py"))])
