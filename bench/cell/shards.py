"""Runs one cell's split through the pipeline, one shard at a time, and keeps the results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from ... import UserError
from ...datasets.base import Entry
from ...datasets.photos import PhotoSet
from ...files import PARTIAL, atomic, seal, unseal
from ..metrics import Scorer
from ..plan.cell import Cell
from ..plan.photos import SHARD, batches, check_again, open_scored, open_split
from ..plan.request import KEEPS
from ..protocol.training_sample import TrainingSample
from .pipeline import Colorizer, Outcome, Pipeline, References
from .predictions import read_predictions, write_picture, write_predictions

BATCH = 8
"""Number of photos per call of `Method.colorize`."""


@dataclass
class SplitScorer:
    """Colorizes and scores the photos of a cell's split; finished shards are not repeated.

    Attributes
    ----------
    cell
        The cell.
    colorizer
        The fitted method; ``None`` to score only kept predictions.
    enter, progress
        Called with the phase, and with the progress.
    facts
        Columns of the cell's row, filled while it runs.
    """

    cell: Cell
    colorizer: Colorizer | None
    enter: Callable[[str], None]
    progress: Callable[[int, int, str], None]
    facts: dict[str, Any] = field(default_factory=dict)

    def run(self) -> list[Path]:
        """Score every unfinished shard; return the files of all shards.

        Raises
        ------
        UserError
            If there is no method and a photo's prediction is not kept.
        """
        shards = []
        self._pipeline.scorer.warm_up()
        for number, entries in enumerate(batches(self._photos.entries, SHARD)):
            shard = self.cell.folder / f"shard-{number:05d}.parquet"
            if not self._is_done(shard):
                self._score(entries, shard, done=number * SHARD)
            shards.append(shard)
        check_again(self._photos, self.cell.request, self.cell.scored_as_planned)
        self.facts["set_metrics"] = self._pipeline.scorer.score_set(_features(shards))
        self.facts |= unseal(shards[0].with_suffix(".json")) or {}
        for unfinished in self.cell.folder.glob(f"{PARTIAL}*"):  # left by a process that was killed
            unfinished.unlink()
        return shards

    def _is_done(self, shard: Path) -> bool:
        """Return whether a shard is scored, and everything requested from it is kept."""
        facts, keep = unseal(shard.with_suffix(".json")), self.cell.request.keep_predictions
        if facts is None or KEEPS.index(facts["kept"]) < KEEPS.index(keep):
            return False
        return (
            keep != "all"
            or unseal((self.cell.prediction_folder / shard.name).with_suffix(".json")) is not None
        )

    @cached_property
    def _photos(self) -> PhotoSet:
        return open_scored(self.cell.request, self.cell.scored_as_planned)

    @cached_property
    def _training_photos(self) -> PhotoSet:
        request = self.cell.request
        return (
            open_split(request, "train", self.cell.learned_as_planned) if request.train_on else self._photos
        )

    @cached_property
    def _pipeline(self) -> Pipeline:
        cell = self.cell
        sample = TrainingSample.load(cell.training_sample)
        return Pipeline(
            cell.protocol,
            self._photos,
            Scorer(cell.protocol.metrics, sample.prior, device=cell.request.device),
            self.colorizer,
            References(cell.reference, sample.references, self._training_photos, cell.seed),
            oracle=cell.oracle,
            enter=self.enter,
        )

    def _score(self, entries: Sequence[Entry], path: Path, done: int) -> None:
        """Score a shard's photos; its seal, written last, marks it as complete."""
        kept_path = self.cell.prediction_folder / path.name
        kept = read_predictions(kept_path)
        if kept is None:
            self._warm_up()
        outcomes: list[Outcome] = []
        for batch in batches(entries, BATCH):
            outcomes += self._pipeline.run(batch, kept.predictions if kept else None)
            self.progress(done + len(outcomes), len(self._photos), "colorizing")
        speed = {"warm_up_seconds": self.facts.get("warm_up_seconds", 0.0), "threads": self.cell.threads}
        facts = kept.facts if kept else speed
        if kept is None and self.cell.request.keep_predictions == "all":
            fresh = {each.entry.id: each.prediction for each in outcomes if each.prediction}
            write_predictions(kept_path, fresh, facts)
        with atomic(path) as partial:
            parquet.write_table(pa.Table.from_pylist(self._rows(outcomes)), partial, use_dictionary=False)
        files = [path]
        if features := _stacked(outcomes):
            files.append(path.with_suffix(".npz"))
            with atomic(files[-1]) as partial:
                np.savez(partial, **features)
        seal(path.with_suffix(".json"), {**facts, "kept": self.cell.request.keep_predictions}, files)

    def _warm_up(self) -> None:
        """Warm the method up once, on one photo."""
        if self.colorizer is None:
            raise UserError(
                f"a prediction of {self.cell.label} is missing or damaged: "
                f"`bench run --keep-predictions all --rerun {self.cell.name}` makes it again"
            )
        self.enter("colorize")
        if "warm_up_seconds" not in self.facts:
            self.facts["warm_up_seconds"] = self._pipeline.warm_up()

    def _rows(self, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
        """Return table rows, each with every column."""
        rows = [self._row(outcome) for outcome in outcomes]
        columns = dict.fromkeys(name for row in rows for name in row)
        return [{name: row.get(name) for name in columns} for row in rows]

    def _row(self, outcome: Outcome) -> dict[str, Any]:
        row = {"photo": outcome.entry.id, "category": outcome.entry.category}
        prediction = outcome.prediction
        if prediction is None:
            known = {"near_grey": True} if outcome.near_grey else {}  # of an undecodable photo it is not
            return {**row, "status": outcome.status, "reason": outcome.problem, **known}
        scores = {name: _plain(value) for name, value in outcome.scores.items()}
        reference = {} if prediction.reference is None else {"reference": prediction.reference}
        return {
            **row,
            "status": "ok",
            "seconds": prediction.seconds,
            **reference,
            **scores,
            "near_grey": bool(outcome.near_grey),
            **self._pictures(outcome),
        }

    def _pictures(self, outcome: Outcome) -> dict[str, str]:
        """Keep a gallery photo's pictures; return the columns with their paths."""
        cell, photo, lightness = self.cell, outcome.entry.id, outcome.lightness
        if cell.request.keep_predictions == "none" or photo not in cell.gallery:
            return {}
        assert outcome.truth is not None  # noqa: S101  # it was decoded
        assert outcome.prediction is not None  # noqa: S101
        assert lightness is not None  # noqa: S101
        grey = cell.protocol.restore(lightness[None], np.zeros((1, *lightness.shape, 2), np.float32))[0]
        out, scored = cell.run_folder, cell.scored
        return {
            "picture": write_picture(out, cell.prediction_key, photo, outcome.prediction.rgb),
            "truth_picture": write_picture(out, f"truth-{scored}", photo, outcome.truth, shared=True),
            "input_picture": write_picture(out, f"input-{scored}", photo, grey, shared=True),
        }


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else float(value)


def _stacked(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the photos' features for set-level metrics: metric → array, one row per photo."""
    rows: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for outcome in outcomes:
        for metric, row in outcome.features.items():
            rows[metric].append(row)
    return {metric: np.stack(parts) for metric, parts in rows.items()}


def _features(shards: Sequence[Path]) -> dict[str, NDArray[np.float32]]:
    """Return the features for set-level metrics from all shards."""
    kept: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for path in shards:
        features = path.with_suffix(".npz")
        if features.exists():
            with np.load(features, allow_pickle=False) as shard:
                for name in shard.files:
                    kept[name].append(shard[name])
    return {name: np.concatenate(parts) for name, parts in kept.items()}
