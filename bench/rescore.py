"""``bench score``: other metrics of a run's kept predictions, without running a method."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import UserError
from ..datasets.base import open_dataset
from ..plugins import load_plugin
from ..reports.tables import Results
from .collect import metric_facts
from .executors.local import LocalPool
from .executors.runner import Observer, impossible, run_cells
from .metrics import resolve
from .plan.cell import Cell
from .plan.machine import threads_available
from .plan.photos import entries_of
from .plan.plan import photos_key, sample_key, score_key
from .protocol.protocol import Protocol
from .run import prepare, run_folder, write


def rescore(
    before: Results,
    metrics: Sequence[str] | None,
    data_root: Path | None,
    plugins: Sequence[Path],
    jobs: int,
    observer: Observer,
) -> tuple[Results, Path]:
    """Score a run's kept predictions anew; replace its tables and its report, and return them.

    Rows of cells that failed in the run stay as they are, with the logs of that run.

    Parameters
    ----------
    before
        The run.
    metrics
        Names; ``None`` for those of the run, which matters after a change of a metric.
    data_root
        Where the photos are now, if not where they were.
    plugins
        Files that register metrics, beside those of the run that are still there.
    jobs
        Cells at a time.
    observer
        Is told what happens.

    Raises
    ------
    UserError
        If the run kept too few predictions, or its photos are not to be found or not the same any more.
    """
    started, start = datetime.now(UTC), time.perf_counter()
    folder, threads = before.folder, threads_available()
    limits: dict[str, Any] = {"threads": max(1, threads // jobs), "timeout": None, "max_memory": None}
    with run_folder(folder):
        listed = [Cell.read(folder / "cells" / key / "cell.json") for key in before.cells["cell"]]
        given: dict[str, Any] = {
            "plugins": _load_plugins(listed, plugins),
            "data_root": data_root.resolve() if data_root else listed[0].data_root,
        }
        protocol = listed[0].protocol
        if metrics is not None:
            protocol = replace(protocol, metrics=resolve(metrics))
        ran = [_that_ran(cell) for cell in listed]
        left = [_left(cell) for cell in ran]
        given["sample"] = _sample(replace(listed[0], **given), before.run.dataset)
        cells = [_rescored(replace(cell, **given), protocol) for cell in ran]
        prepare(cells[0])
        statuses = {cell.key: status for cell, status in zip(cells, left, strict=True) if status}
        to_score = [replace(cell, **limits) for cell in cells if cell.key not in statuses]
        run_cells(to_score, LocalPool(threads, jobs), observer, statuses)
        run = replace(
            before.run,
            command=shlex.join(["bench", *sys.argv[1:]]),
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - start, 1),
            protocol=asdict(protocol),
            protocol_digest=protocol.digest,
            metrics=metric_facts(protocol.metrics),
        )
        return write(cells, statuses, run, expected=int(before.cells["expected"].iloc[0]), out=folder)


def _load_plugins(cells: Sequence[Cell], more: Sequence[Path]) -> tuple[str, ...]:
    """Load the plugins of some cells, less those whose files are gone, and more; return their paths."""
    known = [path for cell in cells for path in cell.plugins if Path(path).is_file()]
    paths = tuple(dict.fromkeys([*known, *(str(path.resolve()) for path in more)]))
    for path in paths:
        load_plugin(Path(path))
    return paths


def _that_ran(cell: Cell) -> Cell:
    """Return the cell that ran the method, of one that may have scored its predictions anew."""
    while cell.rescored:
        cell = Cell.read(cell.folder.with_name(cell.rescored) / "cell.json")
    return cell


def _rescored(cell: Cell, protocol: Protocol) -> Cell:
    """Return the cell that scores another's predictions; the same one if nothing would change."""
    key = score_key(cell.prediction_key, cell.sample, protocol)
    return cell if key == cell.key else replace(cell, key=key, protocol=protocol, rescored=cell.key)


def _left(cell: Cell) -> dict[str, Any]:
    """Return the row's facts of a cell that has nothing to score, else nothing."""
    if cell.problem:
        return impossible(cell)
    status = cell.status() or {"status": "skipped", "reason": "it was not run to its end"}
    if status["status"] != "ok":
        return status | {"log": f"cells/{cell.key}/log.txt"}
    if status["kept"] != "all":
        raise UserError(
            f"'{cell.run_folder}' does not hold all predictions of {cell.label}: "
            "run it again with --keep-predictions all, which colorizes anew but does not train"
        )
    return {}


def _sample(cell: Cell, of_run: dict[str, Any]) -> str:
    """Return the key of the training sample as today's code makes it of the run's own photos."""
    dataset = open_dataset(cell.dataset, cell.data_root)
    entries = entries_of(dataset, cell.split, cell.limit)
    same = dataset.fingerprint() == of_run["fingerprint"]
    if not same or photos_key(dataset, entries, cell.protocol) != cell.scored:
        raise UserError(
            f"the photos of {of_run['name']} are not those of the run: they, or the code that reads them, "
            "have changed, or --data-root is another set; run the benchmark again"
        )
    return sample_key(dataset, cell.protocol)
