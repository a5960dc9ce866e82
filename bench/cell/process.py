"""A cell's process: fit one method under one seed, then colorize and score one split.

``python -m huebench.bench.cell.process SPECIFICATION SOCKET`` reads what to do, writes what it finds into the
run folder, reports progress as JSON lines through the socket, and ends when the socket's other end is gone.
"""

from __future__ import annotations

import faulthandler
import io
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from ... import UserError
from ...datasets.base import Split
from ...files import seal, unseal
from ...methods.base import Epoch, Method
from ...methods.spec import MethodSpec
from ...plugins import import_only
from ..plan.cell import Cell
from ..plan.photos import open_split
from .limits import limit_memory
from .pipeline import InProcess, mean_auc
from .shards import SplitScorer
from .training_group import training_group

VALIDATION_PHOTOS = 32
"""Photos behind `Context.validate`."""

FITTED: tuple[Split, Split] = ("train", "validation")
"""Splits that `Method.fit` is given."""

RESCORED = ("train_photos", "fit_seconds", "peak_memory_mb", "parameter_count", "notes", "curves", "kept")
"""Facts that scoring kept predictions anew does not change."""


@dataclass
class CellRun:
    """One cell while it runs.

    Attributes
    ----------
    cell
        What to do.
    emit
        Where progress goes.
    phase
        ``import``, ``fit``, ``colorize`` or ``score``: where it is, and so where it failed.
    facts
        Columns of the cell's row, filled on the way.
    """

    cell: Cell
    emit: Callable[[dict[str, Any]], None]
    phase: str = "import"
    facts: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Fit, colorize and score; a failure becomes the row's status and reason."""
        files: list[Path] = []
        try:
            files += self._run()
            self.facts |= {"status": "ok", "shards": [path.name for path in files]}
        except Exception as error:  # noqa: BLE001  # a failure is a row, whatever a method raises
            self.facts |= {
                "status": "out-of-memory" if _is_out_of_memory(error) else "failed",
                "phase": self.phase,
                "reason": f"{type(error).__name__}: {error}".strip(),
                "traceback": traceback.format_exc(),
            }
        # The kernel counts in KiB.
        self.facts.setdefault("peak_memory_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        seal(self.cell.folder / "status.json", self.facts, files)

    def _run(self) -> list[Path]:
        """Do the work and return the tables of photos."""
        request = self.cell.request
        limit_memory(request.max_memory, request.device)
        import_only(self.cell.plugins)
        colorizer = None
        if self.cell.rescored:
            self._take_facts()
        else:
            method = MethodSpec(self.cell.name, self.cell.parameters).build()
            self.facts["kept"] = request.keep_predictions
            self._enter("fit")
            self._fit(method)
            colorizer = InProcess(method, self.cell.context())
        scorer = SplitScorer(self.cell, colorizer, self._enter, self._progress)
        tables = scorer.run()
        self.facts |= scorer.facts
        return tables

    def _fit(self, method: Method) -> None:
        """Fit, or load what an earlier cell with the same fit has learned, if that is whole."""
        folder = self.cell.model_folder
        done = folder / "fit.json"
        facts = unseal(done)
        if facts is None:
            folder.mkdir(parents=True, exist_ok=True)
            facts = self._learn(method, folder)
            seal(done, facts, [path for path in sorted(folder.iterdir()) if path.is_file() and path != done])
        else:
            method.load(folder)
        self.facts |= facts

    def _learn(self, method: Method, folder: Path) -> dict[str, Any]:
        """Fit and save the method; return the facts of its row.

        ``fit_seconds`` is the time of this attempt and of those before it whose checkpoints it went on from;
        of one that was cut short, what is known: the time up to the last epoch that it logged.
        """
        epochs: list[dict[str, Any]] = []
        checkpoints, spent = folder / "checkpoints", folder / "spent.json"
        before = (unseal(spent) or {}).get("seconds", 0.0) if checkpoints.exists() else 0.0

        def log_epoch(epoch: Epoch) -> None:
            self._log_epoch(epoch, epochs)
            seal(spent, {"seconds": before + time.perf_counter() - start})

        train, validation = (open_split(self.cell.request, split) for split in FITTED)
        few = validation.sample(VALIDATION_PHOTOS, np.random.default_rng(0))
        protocol = self.cell.protocol
        context = self.cell.context(
            checkpoints=checkpoints,
            progress=self._progress,
            log_epoch=log_epoch,
            validate=lambda fitted: mean_auc(protocol, InProcess(fitted, self.cell.context()), few),
        )
        start = time.perf_counter()
        with training_group(self.cell):
            method.fit(train, validation, context)
        seconds = before + time.perf_counter() - start
        method.save(folder)
        facts = {"parameter_count": method.parameter_count, "notes": json.dumps(method.notes)}
        if not method.info.trainable:
            return facts | {"fit_seconds": 0.0, "train_photos": 0, "curves": []}
        photos = len(train) - len(train.failures)
        return facts | {"fit_seconds": seconds, "train_photos": photos, "curves": epochs}

    def _take_facts(self) -> None:
        """Take what is known of the method from the cell whose predictions are scored anew."""
        known = unseal(self.cell.folder.with_name(self.cell.rescored) / "status.json")
        if known is None:
            raise UserError(f"the status of cell {self.cell.rescored} is missing or damaged: run it again")
        self.facts |= {name: known[name] for name in RESCORED}

    def _enter(self, phase: str) -> None:
        if phase != self.phase:
            self.phase = phase
            self.emit({"phase": phase})

    def _progress(self, done: int, total: int, what: str) -> None:
        self.emit({"done": done, "total": total, "what": what})

    def _log_epoch(self, epoch: Epoch, epochs: list[dict[str, Any]]) -> None:
        row = {"epoch": epoch.epoch, "split": epoch.split, "loss": epoch.loss, "accuracy": epoch.accuracy}
        epochs.append(row)
        self.emit({**row, "epochs": epoch.epochs})


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _end_with(channel: socket.socket) -> None:
    """End this process group when whoever started it is gone, however it went."""

    def watch() -> None:
        channel.recv(1)  # nothing is ever sent: this returns at the end alone
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Run the cell whose specification and socket stand on the command line."""
    faulthandler.enable()
    cast("io.TextIOWrapper", sys.stdout).reconfigure(line_buffering=True)
    channel = socket.socket(fileno=int(sys.argv[2]))
    _end_with(channel)
    with channel.makefile("w") as out:

        def emit(event: dict[str, Any]) -> None:
            print(json.dumps(event), file=out, flush=True)

        CellRun(Cell.read(Path(sys.argv[1])), emit).run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a method's threads and exit handlers have no say any more


if __name__ == "__main__":
    main()
