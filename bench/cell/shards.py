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
from ...datasets.base import RGB
from ...datasets.photos import PhotoSet
from ...files import PARTIAL, atomic, seal, unseal
from ..metrics import ClipScorer, Scorer
from ..plan.cell import Cell
from ..plan.photos import Shard, batches, check_again, open_scored, open_split, shards
from ..plan.request import KEEPS
from ..protocol.protocol import Protocol
from ..protocol.training_sample import TrainingSample
from .clips import ClipTrack, Motions
from .colorizer import Colorizer
from .pipeline import Outcome, Pipeline, References
from .predictions import read_predictions, write_picture, write_predictions

BATCH = 8
"""Number of photos per call of `Method.colorize`."""


@dataclass
class SplitScorer:
    """Colorizes and scores the photos of a cell's split; finished shards, and clips, are not repeated.

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
    _starts: bool = field(default=True, init=False)

    def run(self) -> list[Path]:
        """Score every unfinished shard; return the files of all shards.

        Raises
        ------
        UserError
            If there is no method and a photo's prediction is not kept.
        """
        self._pipeline.scorer.warm_up()
        whole = shards(self._photos.entries)
        done = {shard.number for shard in whole if self._is_done(self._path(shard))}
        # A clip's state is not kept: if a piece of it is missing, all of it is scored again.
        again = {shard.first for shard in whole if shard.number not in done}
        unkept = {shard.first for shard in whole if not self._is_kept(shard)}
        place = 0
        for shard in whole:
            if shard.first in again:
                self._score(shard, place, kept=shard.first not in unkept)
            place += len(shard.entries)
        paths = [self._path(shard) for shard in whole]
        check_again(self._photos, self.cell.request, self.cell.scored_as_planned)
        self.facts["set_metrics"] = self._pipeline.scorer.score_set(_features(paths))
        sealed = [unseal(path.with_suffix(".json")) or {} for path in paths]
        self.facts |= sealed[0]
        self.facts["kept"] = min((facts["kept"] for facts in sealed), key=KEEPS.index)
        for unfinished in self.cell.folder.glob(f"{PARTIAL}*"):  # left by a process that was killed
            unfinished.unlink()
        return paths

    def _path(self, shard: Shard) -> Path:
        return self.cell.folder / f"shard-{shard.number:05d}.parquet"

    def _predictions(self, path: Path) -> Path:
        return self.cell.prediction_folder / path.name

    def _is_kept(self, shard: Shard) -> bool:
        """Return whether a shard's predictions are kept."""
        return unseal(self._predictions(self._path(shard)).with_suffix(".json")) is not None

    def _is_done(self, shard: Path) -> bool:
        """Return whether a shard is scored, and everything requested from it is kept."""
        facts, keep = unseal(shard.with_suffix(".json")), self.cell.request.keep_predictions
        if facts is None or KEEPS.index(facts["kept"]) < KEEPS.index(keep):
            return False
        return keep != "all" or unseal(self._predictions(shard).with_suffix(".json")) is not None

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
            References(cell.example or cell.reference, sample.references, self._training_photos, cell.seed),
            sees_truth=cell.sees_truth,
            key_frame_every=cell.key_frame_every,
            temporal=cell.temporal,
            hints=cell.hints,
            enter=self.enter,
        )

    @cached_property
    def _track(self) -> ClipTrack:
        cell = self.cell
        folder = cell.run_folder / "shared" / "motion"
        motions = Motions(self._photos, cell.protocol, folder)
        return ClipTrack(ClipScorer(cell.protocol.metrics), motions)

    def _score(self, shard: Shard, done: int, *, kept: bool) -> None:
        """Score a shard's photos; its seal, written last, marks it as complete.

        Parameters
        ----------
        shard
            The photos. A clip's shards are scored one after another.
        done
            Number of photos before them.
        kept
            Whether their predictions, and those of the whole clip, are kept.
        """
        path = self._path(shard)
        known = read_predictions(self._predictions(path)) if kept else None
        if known is None:
            self._warm_up()
        outcomes: list[Outcome] = []
        self._starts |= shard.number == shard.first
        for batch in batches(shard.entries, BATCH):
            fresh = self._pipeline.run(batch, known.predictions if known else None, starts=self._starts)
            # A batch without a photo that can be decoded started nothing.
            self._starts &= all(each.prediction is None for each in fresh)
            outcomes += fresh
            self.progress(done + len(outcomes), len(self._photos), "colorizing")
        speed = {"warm_up_seconds": self.facts.get("warm_up_seconds", 0.0), "threads": self.cell.threads}
        facts = known.facts if known else speed
        if known is None and self.cell.request.keep_predictions == "all":
            answers = {each.entry.id: each.prediction for each in outcomes if each.prediction}
            write_predictions(self._predictions(path), answers, facts)
        rows = self._rows(outcomes, self._of_clip(shard, outcomes))
        with atomic(path) as partial:
            parquet.write_table(pa.Table.from_pylist(rows), partial, use_dictionary=False)
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

    def _of_clip(self, shard: Shard, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """Return the values of the clip that ends with a shard; its last row holds them."""
        if not shard.entries[0].clip:
            return {}
        self._track.add(outcomes)
        return self._track.end() if shard.ends else {}

    def _rows(self, outcomes: Sequence[Outcome], of_clip: dict[str, Any]) -> list[dict[str, Any]]:
        """Return table rows, each with every column."""
        rows = [self._row(outcome) for outcome in outcomes]
        rows[-1] |= of_clip
        columns = dict.fromkeys(name for row in rows for name in row)
        return [{name: row.get(name) for name in columns} for row in rows]

    def _row(self, outcome: Outcome) -> dict[str, Any]:
        entry = outcome.entry
        row: dict[str, Any] = {"photo": entry.id, "category": entry.category}
        if entry.clip:
            row |= {"clip": entry.clip, "frame": entry.frame}
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
        cell, photo = self.cell, outcome.entry.id
        if cell.request.keep_predictions == "none" or photo not in cell.gallery:
            return {}
        assert outcome.truth is not None  # noqa: S101  # it was decoded
        assert outcome.prediction is not None  # noqa: S101
        out, scored = cell.run_folder, cell.scored
        given = f"input-{scored}" + (f"-{cell.protocol.digest}" if cell.degradation or cell.hints else "")
        given += f"-{cell.hints}" if cell.hints else ""
        shown = input_picture(cell.protocol, outcome, cell.hints)
        return {
            "picture": write_picture(out, cell.prediction_folder.name, photo, outcome.prediction.rgb),
            "truth_picture": write_picture(out, f"truth-{scored}", photo, outcome.truth, shared=True),
            "input_picture": write_picture(out, given, photo, shown, shared=True),
        }


def input_picture(protocol: Protocol, outcome: Outcome, hints: int) -> RGB:
    """Return what a method saw of a decoded photo, uint8 (H, W, 3): grey, except for its hints' colours."""
    assert outcome.seen is not None  # noqa: S101  # it was decoded
    chroma = np.zeros((1, *outcome.seen.shape, 2), np.float32)
    if hints:
        assert outcome.lightness is not None  # noqa: S101
        assert outcome.chroma is not None  # noqa: S101
        chroma = protocol.hint([outcome.entry.id], outcome.lightness[None], outcome.chroma[None], hints).ab
    shown: RGB = protocol.restore(outcome.seen[None], chroma)[0]
    return shown


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
