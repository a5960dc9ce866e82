"""``bench score``: scores a run's kept predictions again, without running a method."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import UserError
from ..datasets.base import Dataset
from ..plugins import load_plugin
from ..reports.tables import Results
from .collect import metric_facts
from .executors.base import Observer
from .executors.local import LocalPool
from .executors.runner import impossible, run_cells
from .metrics import resolve
from .plan.cell import Cell
from .plan.machine import threads_available
from .plan.photos import dataset_key, limited
from .plan.plan import data_given, photos_key, sample_key, score_key
from .plan.request import Request
from .plan.resolve import dataset_of, protocol_of, training_dataset_of
from .protocol.presets import name_of
from .run import prepare, run_folder, typed, write


def rescore(
    before: Results,
    metrics: Sequence[str] | None,
    data_root: Path | None,
    plugins: Sequence[Path],
    jobs: int,
    observer: Observer,
) -> tuple[Results, Path]:
    """Score a run's kept predictions again; replace its tables and its report, and return them.

    Rows of failed cells stay as they are, with their logs.

    Parameters
    ----------
    before
        The run.
    metrics
        Names; ``None`` for the run's metrics, for example after a metric's code has changed.
    data_root
        Current folder or archive of the photos, if they have moved.
    plugins
        Files that register the run's dataset and metrics; plugins that the run itself names are not loaded.
    jobs
        Maximum number of cells at a time.
    observer
        Receives progress.

    Raises
    ------
    UserError
        If the run kept too few predictions, or its photos are missing or have changed.
    """
    started, start = datetime.now(UTC), time.perf_counter()
    folder, threads = before.folder, threads_available()
    for path in plugins:
        load_plugin(path)
    with run_folder(folder):
        keys_before = dict.fromkeys(key for table in before.tables.values() for key in table["cell"].unique())
        listed = [Cell.read(folder, str(key)) for key in keys_before]
        first = listed[0].request
        changes: dict[str, Any] = {
            "plugins": tuple(path.resolve() for path in plugins),
            "data_root": data_root.resolve() if data_root else first.data_root,
            "metrics": first.metrics if metrics is None else resolve(metrics),
            "timeout": None,
            "max_memory": None,
        }
        request = first.model_copy(update=changes)
        protocol = protocol_of(request)
        ran = [_that_ran(cell) for cell in listed]
        left = [_left(cell) for cell in ran]
        dataset, training = dataset_of(request), training_dataset_of(request)
        keys = _photo_keys(request, dataset, training, listed[0].scored, before.run.dataset)
        cells = [_rescored(cell, changes, keys) for cell in ran]
        observer.doing("describing the training photos")
        prepare(cells[0], dataset, training)
        statuses = {cell.key: status for cell, status in zip(cells, left, strict=True) if status}
        share = {"threads": max(1, threads // jobs)}
        to_score = [cell.model_copy(update=share) for cell in cells if cell.key not in statuses]
        run_cells(to_score, LocalPool(threads, jobs), observer, statuses)
        observer.doing("writing the report")
        run = replace(
            before.run,
            command=typed(),
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - start, 1),
            protocol=protocol.facts(),
            protocol_digest=protocol.digest,
            metrics=metric_facts(protocol.metrics),
            options={**before.run.options, "protocol": name_of(protocol, request.protocol)},
        )
        return write(cells, statuses, run, expected=int(before.cells["expected"].iloc[0]), out=folder)


def _that_ran(cell: Cell) -> Cell:
    """Return the cell that ran the method, given it or one that scored its predictions again."""
    if not cell.rescored:
        return cell
    ran = Cell.read(cell.run_folder, cell.rescored)
    if ran.rescored:
        raise UserError(f"the cell {cell.key} is damaged: {ran.key} did not run its method; run it again")
    return ran


def _rescored(cell: Cell, changes: dict[str, Any], keys: dict[str, str]) -> Cell:
    """Return a cell that scores another's predictions; the same cell if nothing would change."""
    request = cell.request.model_copy(update=changes)
    given = {"method_plugin": "", **data_given(request)}
    changed = cell.model_copy(update={"request": request, **given, **keys})
    key = score_key(cell.prediction_key, changed.sample, changed.protocol)
    return changed if key == cell.key else changed.model_copy(update={"key": key, "rescored": cell.key})


def _left(cell: Cell) -> dict[str, Any]:
    """Return the row's facts for a cell that has nothing to score, else an empty dictionary."""
    if cell.problem:
        return impossible(cell)
    status = cell.status() or {"status": "skipped", "reason": "it was not finished"}
    if status["status"] != "ok":
        return status | {"log": f"cells/{cell.folder.name}/log.txt"}
    if status["kept"] != "all":
        raise UserError(
            f"'{cell.run_folder}' does not hold all predictions of {cell.label}: "
            "run it again with --keep-predictions all, which colorizes again but does not train"
        )
    return {}


def _photo_keys(
    request: Request, dataset: Dataset, training: Dataset, scored: str, of_run: dict[str, Any]
) -> dict[str, str]:
    """Return a cell's keys for the run's photos, as the current code reads them, and its training sample."""
    protocol = protocol_of(request)
    photos = limited(dataset.split(request.split), request.limit)
    same = dataset.fingerprint() == of_run["fingerprint"]
    if not same or photos_key(dataset, photos, protocol) != scored:
        raise UserError(
            f"the photos of {of_run['name']} differ from the run's: they, or the code that reads them, "
            "have changed, or --data-root is another set; run the benchmark again"
        )
    return {
        "sample": sample_key(training, protocol),
        "dataset_key": dataset_key(dataset, protocol),
        "training_key": dataset_key(training, protocol),
    }
