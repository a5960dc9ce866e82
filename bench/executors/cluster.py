"""Runs cells on many machines through Dask distributed; all of them share the run folder's path.

A worker runs as many cells at a time as it has threads: start it with the run's ``--jobs`` as its
``--nthreads``, and with ``--resources GPU=1`` if it has a GPU.
"""

from __future__ import annotations

import importlib
import logging
import queue
import shlex
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from shutil import which
from typing import Any

from distributed import (
    CancelledError,
    Client,
    Future,
    Scheduler,
    SchedulerPlugin,
    Worker,
    WorkerPlugin,
    get_worker,
)
from distributed.core import Status
from distributed.deploy.cluster import Cluster
from distributed.scheduler import KilledWorker
from distributed.utils import sync

from ... import UserError
from ...extras import require
from ...wording import counted
from ..plan.cell import Cell
from .base import Ended, ExecutorLostError, Observer
from .cluster_file import ClusterFile
from .environment import differences, environment
from .supervise import end_processes, run_cell

PATIENCE = 5
"""Seconds to wait for a scheduler's answer."""

JOINING = 60
"""Seconds to wait for the first worker of a running scheduler."""

QUEUEING = 24 * 3600
"""Seconds to wait for the first worker of a batch system."""

ENDING = 10
"""Seconds after which the cells of a vanished run have sent their last messages."""


CLUSTERS = ("distributed", "dask_")
"""Packages from which a cluster file may name a class: importing any other would run its code."""

CELLS_AT_A_TIME = 1e6
"""Amount of a run's resource that a checked worker offers: large, so that its threads are the limit."""

_log = logging.getLogger(__name__)


class WorkerDiffersError(Exception):
    """A worker's environment differs from the run's; the message names the worker and the differences."""


class CheckedEnvironment(WorkerPlugin):
    """Lets workers with the run's environment offer the run's resource, which every cell requires.

    Workers that join later are checked too; workers that differ get no cells.

    Parameters
    ----------
    name
        The run's name on the cluster: names the plugin, the resource and the topic.
    cell
        Any cell of the run.
    """

    def __init__(self, name: str, cell: Cell) -> None:
        self.name = name
        self._cell = cell
        self._expected = environment(cell)

    async def setup(self, worker: Worker) -> None:
        """Offer the run's resource if the environments match."""
        if reason := differences(self._cell, self._expected):
            _log.warning("this worker gets no work from %s: %s", self.name, reason)
        else:
            await worker.set_resources(**{self.name: CELLS_AT_A_TIME})

    def teardown(self, worker: Worker) -> None:
        """Withdraw the offer; a cell that is being stopped still returns its share."""
        worker.state.total_resources.pop(self.name, None)


class Leaver(SchedulerPlugin):
    """Removes a run from the scheduler when its client disconnects for any reason.

    Parameters
    ----------
    name
        The run's name on the cluster.
    client
        The client's id.
    """

    def __init__(self, name: str, client: str) -> None:
        self.name = f"{name}-leaver"
        self._run = name
        self._client = client

    def remove_client(self, scheduler: Scheduler, client: str) -> None:
        """Remove the run's plugins, resource and topic."""
        if client == self._client:
            scheduler.remove_plugin(self.name)
            scheduler.loop.add_callback(self._clear, scheduler)

    async def _clear(self, scheduler: Scheduler) -> None:
        with suppress(ValueError):  # the run ended before registration
            await scheduler.unregister_worker_plugin(None, self._run)
        for worker in scheduler.workers.values():
            worker.resources.pop(self._run, None)
            worker.used_resources.pop(self._run, None)
        scheduler.resources.pop(self._run, None)
        # A cell that is being stopped may still send messages.
        scheduler.loop.call_later(ENDING, scheduler._broker._topics.pop, self._run, None)  # noqa: SLF001


@dataclass(frozen=True)
class DaskExecutor:
    """Runs cells on the workers of a Dask cluster.

    If a worker is lost, another one resumes its cell from the last finished shard.

    Attributes
    ----------
    address
        Address of a running scheduler, or ``""``.
    file
        Describes the cluster to start, or ``None``; see `start_cluster`.
    """

    address: str = ""
    file: ClusterFile | None = None

    def run(self, cells: Sequence[Cell], observer: Observer) -> Generator[Ended]:
        """Yield each cell with the facts for its row as it ends.

        Raises
        ------
        UserError
            If the scheduler does not answer, no worker joins, or none has the run's environment.
        ExecutorLostError
            If the scheduler stops answering, or the last worker with that environment has changed.
        """
        with self._client() as client:
            name = f"huebench-{uuid.uuid4()}"
            news: queue.Queue[tuple[str, dict[str, Any] | None]] = queue.Queue()
            client.subscribe_topic(name, lambda event: news.put(event[1]))
            expected = _check_workers(client, cells, name)
            running = {cell.key: cell for cell in cells}
            futures = {cell.key: _submit(client, cell, name, expected, news) for cell in cells}
            started = set()
            try:
                while running:
                    key, event = news.get()
                    if key not in running:  # a message that arrived after its end
                        continue
                    if event is None:
                        future = futures.pop(key)
                        if _refused(client, future, name):
                            futures[key] = _submit(client, running[key], name, expected, news)
                            continue
                        yield running.pop(key), _status(future)
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
        if self.file is not None:
            with start_cluster(self.file) as cluster, Client(cluster) as client:
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


def start_cluster(file: ClusterFile) -> Cluster:
    """Start the Dask cluster that a file describes.

    ``cluster`` names a class of dask-jobqueue (``SLURMCluster``, ``PBSCluster``, …), ``LocalCluster`` of
    distributed, or a class of another ``dask_…`` package with its module; ``options`` are its arguments, and
    ``jobs`` is the number of jobs to request.

    Raises
    ------
    UserError
        If its class is not a Dask cluster, takes no jobs, or cannot be started, or this machine lacks the
        command that submits jobs.
    """
    try:
        kind = _cluster_class(file.cluster)
        _check_jobs(file, kind)
        cluster = kind(**file.options)
        if file.jobs is not None:
            cluster.scale(jobs=file.jobs)  # type: ignore[call-arg]  # for classes that take jobs
    except UserError:
        raise
    except Exception as error:  # the cluster's class may raise anything
        raise file.fault(error) from error
    return cluster


def _check_jobs(file: ClusterFile, kind: type[Cluster]) -> None:
    """Refuse a cluster that takes no jobs, or whose jobs cannot be submitted here.

    Dask itself would only log that a job was not submitted, and the run would wait for its workers.
    """
    jobs = getattr(kind, "job_cls", None)  # only classes of dask-jobqueue have one
    if jobs is None and file.jobs is not None:
        takes = f"{file.cluster} takes no 'jobs'"
        raise UserError(
            f"--cluster {file.path}: {takes}: leave it out, and say in 'options' how many workers to start"
        )
    command = shlex.split(getattr(jobs, "submit_command", None) or "")
    if command and which(command[0]) is None:
        raise UserError(
            f"--cluster {file.path}: {file.cluster} submits jobs with '{command[0]}', which this machine "
            "lacks: start the run on a machine that can submit jobs"
        )


def _cluster_class(name: str) -> type[Cluster]:
    """Return the class named in a cluster file; nothing else is imported or called."""
    module, _, wanted = name.rpartition(".")
    module = module or ("distributed" if wanted == "LocalCluster" else "dask_jobqueue")
    package = module.partition(".")[0]
    if package == "dask_jobqueue":
        require(name, "cluster", package)
    if package == CLUSTERS[0] or package.startswith(CLUSTERS[1]):
        found = getattr(importlib.import_module(module), wanted)
        if isinstance(found, type) and issubclass(found, Cluster):
            return found
    raise TypeError(
        f"'{name}' is not a Dask cluster class: name one of dask-jobqueue, such as SLURMCluster, "
        "LocalCluster, or one of another dask_… package with its module"
    )


def run_on_worker(cell: Cell, name: str, expected: dict[str, str]) -> dict[str, Any]:
    """Run a cell in a process next to the Dask worker and return the facts for its row.

    The cell is stopped when nobody waits for it: its run was killed, or the scheduler is gone.

    Parameters
    ----------
    cell
        The cell.
    name
        The run's name on the cluster.
    expected
        The run's environment.

    Raises
    ------
    WorkerDiffersError
        If the environment is not, or is no longer, the run's; the worker then gets no more of its cells.
    """
    worker = get_worker()
    key = worker.get_current_task()
    if reason := differences(cell, expected):
        sync(worker.loop, worker.set_resources, **{name: 0.0})
        raise WorkerDiffersError(f"the worker at {worker.address} differs from this machine: {reason}")

    def unwanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled" or worker.status in (Status.closing, Status.closed)

    worker.log_event(name, (cell.key, {"done": 0, "total": 1, "what": f"on {worker.address}"}))
    return run_cell(cell, lambda event: worker.log_event(name, (cell.key, event)), unwanted) or {}


def _submit(
    client: Client,
    cell: Cell,
    name: str,
    expected: dict[str, str],
    news: queue.Queue[tuple[str, dict[str, Any] | None]],
) -> Future[dict[str, Any]]:
    resources = {name: 1, **({"GPU": cell.devices} if _needs_gpu(cell) else {})}
    future = client.submit(run_on_worker, cell, name, expected, pure=False, resources=resources)
    future.add_done_callback(lambda _: news.put((cell.key, None)))
    return future


def _refused(client: Client, future: Future[dict[str, Any]], name: str) -> bool:
    """Return whether a worker refused a cell that another one can run."""
    if future.status != "error" or not isinstance(error := future.exception(), WorkerDiffersError):
        return False
    _log.warning("%s; it gets no more work", error)
    if not client.run_on_scheduler(_offered, name):
        raise ExecutorLostError(f"no worker is left that can take this run: {error}")
    return True


def _status(future: Future[dict[str, Any]]) -> dict[str, Any]:
    try:
        return future.result()
    except KilledWorker as error:
        return {"status": "failed", "reason": f"every worker that ran it was lost: {error}"}
    except (CancelledError, OSError) as error:
        raise ExecutorLostError(
            f"the Dask scheduler was lost: {getattr(error, 'reason', error)}; finished work is kept "
            "and reported; start a scheduler again, and the same command resumes from there"
        ) from error
    except Exception as error:  # noqa: BLE001  # from a worker, such as a missing library
        return {"status": "failed", "phase": "import", "reason": f"{type(error).__name__}: {error}"}


def _check_workers(client: Client, cells: Sequence[Cell], name: str) -> dict[str, str]:
    """Let the workers with the run's environment take its cells; return that environment."""
    needed = max((cell.devices for cell in cells if _needs_gpu(cell)), default=0)
    if needed and client.run_on_scheduler(_offered, "GPU") < needed:
        raise UserError(
            f"--device cuda: no worker of the cluster offers {counted(needed, 'GPU')}: "
            f"`dask worker ADDRESS --resources GPU={needed}`"
        )
    expected = environment(cells[0])
    try:
        client.register_plugin(Leaver(name, client.id))
        answers = client.run(differences, cells[0], expected, on_error="return")
    except Exception as error:  # including a scheduler that cannot import this package
        raise UserError(f"the cluster cannot take this run: {error}") from error
    refused = {
        address: str(answer) or type(answer).__name__ for address, answer in answers.items() if answer != ""
    }
    told = [f"the worker at {worker} differs from this machine: {why}" for worker, why in refused.items()]
    if len(refused) == len(answers):
        raise UserError(f"no worker of the cluster can take this run:  {'; '.join(told)}")
    for line in told:
        _log.warning("%s; it gets no work", line)
    with suppress(Exception):  # a worker that cannot import this package was reported above
        client.register_plugin(CheckedEnvironment(name, cells[0]))
    return expected


def _wait_for_workers(client: Client, seconds: int) -> None:
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError:
        raise UserError(
            f"the Dask scheduler has no worker after {seconds} s: start some with `dask worker ADDRESS`"
        ) from None


def _needs_gpu(cell: Cell) -> bool:
    return cell.request.device == "cuda" and cell.family in ("deep", "published")


def _offered(resource: str, dask_scheduler: Scheduler) -> float:
    """Return the largest amount of a resource that any worker offers."""
    return max((worker.resources.get(resource, 0) for worker in dask_scheduler.workers.values()), default=0)
