"""``bench run``: plan, prepare, run the cells, collect, report."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .. import UserError, __version__
from ..datasets.base import Dataset
from ..files import is_fault_of
from ..reports.report import STAMPED, write_report
from ..reports.tables import Results, RunFacts, write_results
from .clean import discard_models
from .collect import collect, metric_facts, without_home
from .executors.base import Executor, ExecutorLostError, Observer
from .executors.logs import stderr_to
from .executors.runner import impossible, run_cells
from .executors.supervise import end_processes
from .plan.cell import Cell
from .plan.keys import library_versions, scoring_source
from .plan.machine import machine_facts
from .plan.photos import open_split
from .plan.plan import Plan
from .plan.resolve import protocol_of
from .protocol.presets import name_of
from .protocol.training_sample import TrainingSample
from .training_curves import with_curves

ENDINGS = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end a run as Ctrl-C does."""


class InterruptedRun(KeyboardInterrupt):
    """A run was interrupted; finished work is kept and reported."""


def execute(
    plan: Plan,
    executor: Executor | None,
    observer: Observer,
    *,
    rerun: str = "",
    fail_fast: bool = False,
    command: str = "",
) -> tuple[Results, Path]:
    """Run a plan and return its results and the path of the report's page.

    Finished work is not repeated. On ``KeyboardInterrupt`` and SIGTERM, and when the executor is lost, the
    tables and the report of finished work are written before the error is raised; the next run resumes from
    there. A second ``KeyboardInterrupt`` skips that.

    Parameters
    ----------
    plan
        The plan.
    executor
        Runs the cells; ``None`` runs nothing and collects the results of ended cells.
    observer
        Receives progress.
    rerun
        Cells to recompute from scratch: ``failed``, ``all``, or a method's name or label.
    fail_fast
        Whether the first failure stops the run.
    command
        The command for the report; by default the command line as typed.

    Raises
    ------
    UserError
        If another run uses the same folder, the folder cannot be written, ``rerun`` matches no cell, the
        executor is lost, or no cell has ended whose results could be collected.
    InterruptedRun
        If it was interrupted, after the report of finished work is written.
    """
    statuses: dict[str, dict[str, Any]] = {}
    interruption: InterruptedRun | ExecutorLostError | None = None
    out = plan.request.out
    assert out is not None  # noqa: S101  # it is resolved
    if executor is None and all(cell.status() is None for cell in plan.cells):
        raise UserError(
            f"--collect: none of these methods has finished in '{out}'; it only reports finished work: run "
            "the same command without it first, or give the --out and the options of the run"
        )
    with (
        run_folder(out, otherwise="choose another --out"),
        with_curves(observer, plan.request.tensorboard) as told,
    ):
        started, start = datetime.now(UTC), time.perf_counter()
        try:
            if executor is None:
                found = ((cell.key, _stored(cell)) for cell in plan.cells)
                statuses |= {key: status for key, status in found if status is not None}
            else:
                _forget(plan.cells, rerun)
                told.doing("describing the training photos")
                with stderr_to(out / "log.txt"):
                    prepare(plan.cells[0], plan.dataset, plan.training)
                run_cells(plan.cells, executor, told, statuses, fail_fast=fail_fast)
        except KeyboardInterrupt:
            interruption = InterruptedRun()
        except ExecutorLostError as error:
            interruption = error
        told.doing("writing the report")
        run = _facts(plan, command or typed(), started, time.perf_counter() - start)
        results, page = write(plan.cells, statuses, run, expected=len(plan.photos), out=out)
        if interruption is not None:
            raise interruption
        discard_models(plan.cells, results, plan.request.keep_models)
    return results, page


def write(
    cells: Sequence[Cell], statuses: dict[str, dict[str, Any]], run: RunFacts, *, expected: int, out: Path
) -> tuple[Results, Path]:
    """Write the tables and the report of some cells; return the results and the page's path."""
    for cell in cells:
        # Cells that were not started are described too; one that cannot run has the same key in every run.
        if cell.problem or not _is_described(cell):
            cell.write()
    results = collect(cells, statuses, run, expected=expected, folder=out)
    write_results(results, out)
    write_report(results, out)
    return results, out / STAMPED["html"]


def _is_described(cell: Cell) -> bool:
    """Return whether the cell's folder describes it, under the name that its row has now."""
    if not (cell.folder / "cell.json").exists():
        return False
    try:
        return Cell.read(cell.run_folder, cell.key).label == cell.label
    except UserError:  # damaged
        return False


@contextmanager
def run_folder(out: Path, otherwise: str = "") -> Iterator[None]:
    """Lock a run folder for one run; let SIGTERM and SIGHUP end it like Ctrl-C, unless they are ignored.

    ``nohup`` ignores SIGHUP, so that a run goes on when its terminal closes.

    Parameters
    ----------
    out
        The folder; created if missing.
    otherwise
        Further advice if it cannot be used, besides waiting or freeing space.

    Raises
    ------
    UserError
        If another run has locked it, or it cannot be written.
    """
    if out.is_file():
        advice = f"; {otherwise}" if otherwise else ""
        raise UserError(f"the run folder '{out}' cannot be written: it is a file{advice}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0), _locked(out), _ending_cleanly():
            end_processes(out / "cells")  # left by a killed run, if any
            yield
    except Timeout:
        advice = " or ".join(filter(None, ("wait for it", otherwise)))
        raise UserError(f"another run is using '{out}'; {advice}") from None
    except OSError as error:
        if not is_fault_of(out, error):
            raise
        advice = " or ".join(filter(None, ("free some space", "make it writable", otherwise)))
        raise UserError(
            f"the run folder '{out}' cannot be written: {error}; {advice}; "
            "the same command resumes from finished work"
        ) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder itself, because a lock file in it may be deleted.

    Some network file systems can only lock files; there a lock file must do.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Timeout(str(folder)) from None
        except OSError:  # not possible on this file system
            pass
        yield
    finally:
        os.close(handle)


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # which alone may handle signals
        yield
        return
    heard = [number for number in ENDINGS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stored(cell: Cell) -> dict[str, Any] | None:
    """Return the row's facts for a cell that cannot run or has ended, whatever it kept, else ``None``."""
    return impossible(cell) if cell.problem else cell.status()


def _forget(cells: Sequence[Cell], rerun: str) -> None:
    """Delete the results of the chosen cells."""
    if not rerun:
        return
    chosen = [cell for cell in cells if _is_chosen(cell, rerun)]
    if not chosen and rerun not in ("failed", "all"):
        raise UserError(
            f"--rerun {rerun}: no cell of this run has that method; "
            f"write failed, all or one of {', '.join(sorted({cell.name for cell in cells}))}"
        )
    for cell in chosen:
        for folder in (cell.folder, cell.model_folder, cell.prediction_folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_chosen(cell: Cell, rerun: str) -> bool:
    if rerun == "failed":
        status = cell.status()
        return status is not None and status["status"] != "ok"
    return rerun in ("all", cell.name, cell.label)


def prepare(cell: Cell, dataset: Dataset, training: Dataset) -> None:
    """Record the photos and describe the training sample, once for all cells; any one of them is given.

    Parameters
    ----------
    cell
        Any cell of the run.
    dataset, training
        The open datasets whose photos are scored and learned from.
    """
    for planned, opened in ((cell.scored_as_planned, dataset), (cell.learned_as_planned, training)):
        if planned:
            planned.record(opened)
    try:
        TrainingSample.load(cell.training_sample)
    except UserError:
        train = open_split(cell.request, "train", cell.learned_as_planned)
        TrainingSample.build(train, cell.protocol).save(cell.training_sample)


def typed() -> str:
    """Return the command line as typed, with the user's home folder as ``~``."""
    return without_home(shlex.join(["bench", *sys.argv[1:]]))


def _facts(plan: Plan, command: str, started: datetime, seconds: float) -> RunFacts:
    request, info, protocol = plan.request, plan.dataset.info, protocol_of(plan.request)
    dataset: dict[str, Any] = {
        "name": without_home(request.dataset),
        "fingerprint": plan.fingerprint,
        "licence": info.licence,
        "source": info.source,
        "caveat": info.caveat,
        "trained_on": plan.trained_on,
        "shipped weights trained on": {cell.label: cell.trained_on for cell in plan.cells if cell.trained_on},
        "photos": dict(Counter(entry.split for entry in plan.dataset.entries())),
        **plan.dataset.facts(),
    }
    train_on = without_home(request.train_on)
    if train_on:
        learned = {"name": train_on, "fingerprint": plan.training.fingerprint()}
        dataset["learned from"] = {**learned, **plan.training.facts()}
    with suppress(UserError):  # nothing was prepared yet
        if unreadable := TrainingSample.load(plan.cells[0].training_sample).failures:
            dataset["unreadable training photos"] = {"number": len(unreadable), "reasons": unreadable}
    return RunFacts(
        command=without_home(command),
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 1),
        dataset=dataset,
        protocol=protocol.facts(),
        protocol_digest=protocol.digest,
        metrics=metric_facts(protocol.metrics),
        versions={
            "huebench": __version__,
            "huebench's code for predicting and scoring": scoring_source(protocol.metrics),
            **library_versions(),
        },
        machine=machine_facts(),
        options={
            **request.facts,
            "train_on": train_on,
            "protocol": name_of(protocol, request.protocol),
        },
    )
