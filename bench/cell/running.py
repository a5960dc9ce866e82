"""Runs one cell: fit the method, then colorize and score one split."""

from __future__ import annotations

import json
import resource
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ... import UserError
from ...files import seal, size_on_disk, unseal
from ...plugins import check_imports, import_only
from ..plan.cell import Cell
from ..plan.facts import EpochRow, Fitted, is_whole
from ..plan.keys import given_source, metric_files
from ..plan.photos import check_again, open_split
from .channel import FITTED
from .method_process import MethodError, MethodProcess
from .pipeline import mean_auc
from .shards import SplitScorer

VALIDATION_PHOTOS = 32
"""Number of photos that `Context.validate` scores."""

LONGEST_REASON, LONGEST_TRACE = 2000, 20_000
"""Limits on an exception's message and traceback in a row, in characters."""

UNSAVED = ("checkpoints", "fit.json", "spent.json")
"""What a model's folder holds besides the model."""

RESCORED = (
    "train_photos",
    "fit_seconds",
    "peak_memory_mb",
    "parameter_count",
    "model_mb",
    "notes",
    "curves",
    "kept",
)
"""Facts that do not change when kept predictions are scored again."""


@dataclass
class CellRun:
    """A running cell.

    Attributes
    ----------
    cell
        The cell.
    method
        The process of its method.
    emit
        Receives progress events.
    phase
        ``import``, ``fit``, ``colorize`` or ``score``: the current phase, and so where it failed.
    facts
        Columns of the cell's row, filled while it runs.
    """

    cell: Cell
    method: MethodProcess
    emit: Callable[[dict[str, Any]], None]
    phase: str = "import"
    facts: dict[str, Any] = field(default_factory=dict)
    epochs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.method.tell = self.tell

    def run(self) -> None:
        """Fit, colorize and score; a failure becomes the row's status and reason."""
        files: list[Path] = []
        try:
            files += self._run()
            self.facts |= {"status": "ok", "shards": [path.name for path in files]}
        except MethodError as error:
            self._fail(str(error), error.trace, out_of_memory=error.out_of_memory)
        except Exception as error:  # noqa: BLE001  # any failure becomes a row
            reason = f"{type(error).__name__}: {error}".strip()
            self._fail(reason, traceback.format_exc(), out_of_memory=isinstance(error, MemoryError))
        # The kernel counts in KiB.
        own = {"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        self.facts = {**(own if self.cell.rescored else self.method.end()), **self.facts}
        seal(self.cell.folder / "status.json", self.facts, files)
        if self.facts["status"] == "ok":
            for features in self.cell.folder.glob("shard-*.npz"):  # the set's value is in the facts
                features.unlink()

    def tell(self, event: dict[str, Any]) -> None:
        """Pass on the method's training events, and keep the epochs."""
        if "epoch" in event:
            self.epochs.append({name: event[name] for name in EpochRow.model_fields})
            seal(self._spent, {"seconds": self._before + time.perf_counter() - self._start})
        self.emit(event)

    def _fail(self, reason: str, trace: str, *, out_of_memory: bool) -> None:
        status = "out-of-memory" if out_of_memory else "failed"
        told = {"reason": reason[:LONGEST_REASON], "traceback": trace[-LONGEST_TRACE:]}
        # Lone surrogates, such as from a file name that is not UTF-8, cannot be stored.
        whole = {name: text.encode(errors="backslashreplace").decode() for name, text in told.items()}
        self.facts |= {"status": status, "phase": self.phase, **whole}

    def _run(self) -> list[Path]:
        """Do the work and return the tables of photos."""
        request = self.cell.request
        import_only(self.cell.data_plugins)
        found = given_source(self.cell.data_plugins, metric_files(self.cell.protocol.metrics))
        self.cell.check_given(found, self.cell.data_given)
        if self.cell.rescored:
            self._take_facts()
        else:
            self.method.build()
            self.facts["kept"] = request.keep_predictions
            self._enter("fit")
            self._fit()
            self._note_trained_on()
        colorizer = None if self.cell.rescored else self.method
        scorer = SplitScorer(self.cell, colorizer, self._enter, self._progress)
        tables = scorer.run()
        check_imports(self.cell.data_plugins)
        self.facts |= scorer.facts
        return tables

    def _fit(self) -> None:
        """Fit the method, or load the model of an earlier cell with the same fit if it is intact."""
        folder = self.cell.model_folder
        done = folder / "fit.json"
        facts = unseal(done)
        if facts is None or not is_whole(Fitted, facts):
            folder.mkdir(parents=True, exist_ok=True)
            facts = self._learn(folder)
            seal(done, facts, [path for path in sorted(folder.iterdir()) if path.is_file() and path != done])
        else:
            self.method.load(folder)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)  # the model is whole: nothing resumes
        self.facts |= facts

    def _learn(self, folder: Path) -> dict[str, Any]:
        """Fit and save the method; return the facts for its row.

        ``fit_seconds`` is the time of this attempt and of earlier ones whose checkpoints it resumed from; an
        interrupted attempt counts up to its last logged epoch.
        """
        checkpoints, self._spent = folder / "checkpoints", folder / "spent.json"
        self._before = (unseal(self._spent) or {}).get("seconds", 0.0) if checkpoints.exists() else 0.0
        request, planned = self.cell.request, self.cell.learned_as_planned
        photos = {
            split: replace(open_split(request, split, planned), progress=self._progress) for split in FITTED
        }
        few = photos["validation"].sample(VALIDATION_PHOTOS, np.random.default_rng(0))
        protocol = self.cell.protocol
        self._start = time.perf_counter()
        known = self.method.fit(photos, checkpoints, lambda fitted: mean_auc(protocol, fitted, few))
        for split in FITTED:
            check_again(photos[split], request, planned, learned=True)
        self.method.save(folder)
        saved = [path for path in folder.iterdir() if path.name not in UNSAVED]
        facts: dict[str, Any] = {
            "parameter_count": known["parameter_count"],
            "model_mb": (known["file_bytes"] + size_on_disk(saved)) / 2**20,
            "notes": json.dumps(known["notes"]),
        }
        if not known["trainable"]:
            return facts | {"fit_seconds": 0.0, "train_photos": 0, "curves": []}
        seconds = self._before + known["seconds"]
        self._spent.unlink(missing_ok=True)
        return facts | {
            "fit_seconds": seconds,
            "train_photos": known["train_photos"],
            "curves": self.epochs,
        }

    def _note_trained_on(self) -> None:
        """Note in the row how many scored photos the method's shipped weights were trained on."""
        if self.cell.trained_on:
            note = {"scored photos": f"trained on {self.cell.trained_on:,} of them"}
            self.facts["notes"] = json.dumps(json.loads(self.facts["notes"]) | note)

    def _take_facts(self) -> None:
        """Copy the method's facts from the cell whose predictions are scored again."""
        known = unseal(self.cell.folder.with_name(self.cell.named(self.cell.rescored)) / "status.json")
        if known is None:
            raise UserError(f"the status of cell {self.cell.rescored} is missing or damaged: run it again")
        self.facts |= {name: known[name] for name in RESCORED if name in known}

    def _enter(self, phase: str) -> None:
        if phase != self.phase:
            self.phase = phase
            self.emit({"phase": phase})

    def _progress(self, done: int, total: int, what: str) -> None:
        self.emit({"done": done, "total": total, "what": what})
