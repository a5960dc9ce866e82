"""A cell's process: fit one method under one seed, then colorize and score one split.

``python -m huebench.bench.cell SPEC FD`` reads its specification, writes what it finds into the run folder,
and reports progress as JSON lines on the file descriptor.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..datasets.base import Entry
from ..datasets.registry import load_plugin
from ..methods.base import Epoch, Method
from ..methods.spec import MethodSpec
from .files import write_json
from .metrics import Scorer
from .plan import Cell, photo_set
from .scoring import PhotoScorer, mean_auc
from .training_sample import TrainingSample

BATCH = 8
"""Photos handed to `Method.colorize` at once."""

SHARD = 64
"""Photos scored between two writes: what an interruption can cost at most."""

VALIDATION_PHOTOS = 32
"""Photos behind `Context.validate`."""


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
        """Fit, colorize and score; what goes wrong becomes the row's status and reason."""
        try:
            self._run()
            self.facts["status"] = "ok"
        except Exception as error:  # noqa: BLE001  # a failure is a row, whatever a method raises
            self.facts |= {
                "status": "out-of-memory" if _is_out_of_memory(error) else "failed",
                "phase": self.phase,
                "reason": f"{type(error).__name__}: {error}".strip(),
                "traceback": traceback.format_exc(),
            }
        # The kernel counts in KiB.
        self.facts["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        write_json(self.cell.folder / "status.json", self.facts)

    def _run(self) -> None:
        _limit_threads(self.cell.threads)
        for plugin in self.cell.plugins:
            load_plugin(Path(plugin))
        method = MethodSpec(self.cell.name, self.cell.parameters).build()
        self._enter("fit")
        self._fit(method)
        self.facts |= {"parameter_count": method.parameter_count, "notes": json.dumps(method.notes)}
        self._score(method)

    def _fit(self, method: Method) -> None:
        """Fit, or load what an earlier cell with the same fit has learned."""
        folder = self.cell.model_folder
        done = folder / "fit.json"
        if not done.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_json(done, self._learn(method, folder))
        else:
            method.load(folder)
        self.facts |= json.loads(done.read_text())

    def _learn(self, method: Method, folder: Path) -> dict[str, Any]:
        epochs: list[dict[str, Any]] = []
        train, validation = photo_set(self.cell, "train"), photo_set(self.cell, "validation")
        few = validation.sample(VALIDATION_PHOTOS, np.random.default_rng(0))
        context = self.cell.context(
            checkpoints=folder / "checkpoints",
            progress=self._progress,
            log_epoch=lambda epoch: self._log_epoch(epoch, epochs),
            validate=lambda fitted: mean_auc(fitted, few, self.cell),
        )
        start = time.perf_counter()
        method.fit(train, validation, context)
        seconds = time.perf_counter() - start
        method.save(folder)
        if not method.info.trainable:
            return {"fit_seconds": 0.0, "train_photos": 0, "curves": []}
        return {"fit_seconds": seconds, "train_photos": len(train) - len(train.failures), "curves": epochs}

    def _score(self, method: Method) -> None:
        photos = photo_set(self.cell, self.cell.split)
        sample = TrainingSample.load(self.cell.training_sample)
        metrics = Scorer(self.cell.protocol.metrics, sample.prior, device=self.cell.device)
        scorer = PhotoScorer(self.cell, method, photos, sample, metrics, self._enter)
        self._enter("colorize")
        self.facts["warm_up_seconds"] = scorer.warm_up()
        metrics.warm_up()
        for number, shard in enumerate(_batches(photos.entries, SHARD)):
            path = self.cell.folder / f"shard-{number:05d}.parquet"
            if not path.exists():
                self._score_shard(scorer, shard, path, done=number * SHARD)
        self.facts["set_metrics"] = metrics.score_set(self._features())

    def _score_shard(self, scorer: PhotoScorer, shard: Sequence[Entry], path: Path, done: int) -> None:
        """Score a shard's photos and write their rows last, so that the rows' file says all is there."""
        scorer.features.clear()
        rows: list[dict[str, Any]] = []
        for batch in _batches(shard, BATCH):
            rows += scorer.rows(batch)
            self._progress(done + len(rows), len(scorer.photos), "colorizing")
        if scorer.features:
            arrays: dict[str, Any] = {name: np.stack(kept) for name, kept in scorer.features.items()}
            np.savez(path.with_suffix(".npz"), **arrays)
        partial = path.with_suffix(".partial")
        pd.DataFrame(rows).to_parquet(partial, index=False)
        partial.replace(path)

    def _features(self) -> dict[str, NDArray[np.float32]]:
        """Read back what set-level metrics kept of all shards."""
        kept: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
        for path in sorted(self.cell.folder.glob("shard-*.npz")):
            with np.load(path, allow_pickle=False) as shard:
                for name in shard.files:
                    kept[name].append(shard[name])
        return {name: np.concatenate(parts) for name, parts in kept.items()}

    def _enter(self, phase: str) -> None:
        self.phase = phase

    def _progress(self, done: int, total: int, what: str) -> None:
        self.emit({"done": done, "total": total, "what": what})

    def _log_epoch(self, epoch: Epoch, epochs: list[dict[str, Any]]) -> None:
        row = {"epoch": epoch.epoch, "split": epoch.split, "loss": epoch.loss, "accuracy": epoch.accuracy}
        epochs.append(row)
        self.emit({**row, "epochs": epoch.epochs})


def _batches(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


def _limit_threads(threads: int) -> None:
    """Hold Numba and BLAS to the cell's threads; the deep methods tell torch."""
    import numba
    from threadpoolctl import threadpool_limits

    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # set when numba is imported
    numba.set_num_threads(min(threads, most))
    threadpool_limits(threads)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def main() -> None:
    """Run the cell whose specification and channel stand on the command line."""
    cell = Cell.read(Path(sys.argv[1]))
    with os.fdopen(int(sys.argv[2]), "w", buffering=1) as channel:
        CellRun(cell, lambda event: print(json.dumps(event), file=channel)).run()


if __name__ == "__main__":
    main()
