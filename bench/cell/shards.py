"""One cell's split, colorized and scored a shard at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from ... import UserError
from ...datasets.base import Entry
from ...datasets.photos import PhotoSet
from ...files import atomic, seal, unseal
from ...methods.base import Chroma, Lightness, Method
from ..metrics import Scorer
from ..plan.cell import Cell
from ..plan.photos import batches, photo_set
from ..protocol.training_sample import TrainingSample
from .colorizing import Colorizer, Prediction
from .predictions import read_predictions, write_predictions
from .rows import to_table
from .scoring import PhotoScorer

BATCH = 8
"""Photos handed to `Method.colorize` at once."""

SHARD = 64
"""Photos scored between two writes: what an interruption can cost at most."""


@dataclass
class SplitScorer:
    """Colorizes and scores the photos of a cell's split; what is done already is not done again.

    Attributes
    ----------
    cell
        Whose split, protocol and folders.
    method
        Fitted; ``None`` to score kept predictions and nothing else.
    enter, progress
        Told the phase and what is done.
    facts
        Columns of the cell's row, filled on the way.
    """

    cell: Cell
    method: Method | None
    enter: Callable[[str], None]
    progress: Callable[[int, int, str], None]
    facts: dict[str, Any] = field(default_factory=dict)

    def run(self) -> Path:
        """Do every shard that is not done, and put them together into one table, whose path is returned.

        Raises
        ------
        UserError
            If there is no method and a photo's prediction is not kept.
        """
        shards = []
        self._scorer.metrics.warm_up()
        for number, entries in enumerate(batches(self._photos.entries, SHARD)):
            shard = self.cell.folder / f"shard-{number:05d}.parquet"
            if unseal(shard.with_suffix(".json")) is None:
                self._score(entries, shard, done=number * SHARD)
            shards.append(shard)
        self.facts["set_metrics"] = self._scorer.metrics.score_set(_features(shards))
        self.facts |= unseal(shards[0].with_suffix(".json")) or {}
        return self._gather(shards)

    @cached_property
    def _photos(self) -> PhotoSet:
        return photo_set(self.cell, self.cell.split, self.cell.limit)

    @cached_property
    def _sample(self) -> TrainingSample:
        return TrainingSample.load(self.cell.training_sample)

    @cached_property
    def _scorer(self) -> PhotoScorer:
        metrics = Scorer(self.cell.protocol.metrics, self._sample.prior, device=self.cell.device)
        return PhotoScorer(self.cell, self._photos, metrics, self.enter)

    def _score(self, shard: Sequence[Entry], path: Path, done: int) -> None:
        """Score a shard's photos; its seal, written last, says that all is there."""
        kept_path = self.cell.prediction_folder / path.name
        kept = read_predictions(kept_path)
        fresh: dict[str, Prediction] = {}

        def predict(entries: Sequence[Entry], lightness: Lightness, chroma: Chroma) -> list[Prediction]:
            if kept is not None:
                return [kept.predictions[entry.id] for entry in entries]
            predictions = self._colorizer.predict(entries, lightness, chroma)
            if self.cell.keep == "all":
                fresh.update(zip((entry.id for entry in entries), predictions, strict=True))
            return predictions

        rows: list[dict[str, Any]] = []
        self._scorer.features.clear()
        for batch in batches(shard, BATCH):
            rows += self._scorer.rows(batch, predict)
            self.progress(done + len(rows), len(self._photos), "colorizing")
        speed = {"warm_up_seconds": self.facts.get("warm_up_seconds", 0.0), "threads": self.cell.threads}
        facts = kept.facts if kept is not None else speed
        if fresh:
            write_predictions(kept_path, fresh, facts)
        with atomic(path) as partial:
            parquet.write_table(to_table(rows), partial, use_dictionary=False)
        files = [path]
        if self._scorer.features:
            files.append(path.with_suffix(".npz"))
            arrays: dict[str, Any] = {name: np.stack(rows) for name, rows in self._scorer.features.items()}
            with atomic(files[-1]) as partial:
                np.savez(partial, **arrays)
        seal(path.with_suffix(".json"), facts, files)

    @cached_property
    def _colorizer(self) -> Colorizer:
        """The method, warmed up on one photo outside the clock: compilation is not its speed."""
        if self.method is None:
            raise UserError(
                f"a prediction of {self.cell.label} is missing or damaged: "
                f"`bench run --keep-predictions all --rerun {self.cell.name}` makes it anew"
            )
        colorizer = Colorizer(self.cell, self.method, self._photos, self._sample.references)
        for photo in islice(self._photos, 1):
            lightness, chroma = self.cell.protocol.split(photo.rgb[None])
            self.facts["warm_up_seconds"] = colorizer.predict([photo.entry], lightness, chroma)[0].seconds
        return colorizer

    def _gather(self, shards: Sequence[Path]) -> Path:
        table = self.cell.folder / "images.parquet"
        with atomic(table) as partial:
            tables = [parquet.ParquetFile(shard).read() for shard in shards]
            # A shard in which nothing was decoded lacks columns that others have.
            parquet.write_table(
                pa.concat_tables(tables, promote_options="permissive"), partial, use_dictionary=False
            )
        for part in self.cell.folder.glob("*shard-*"):  # also what was being written when it was killed
            part.unlink()
        return table


def _features(shards: Sequence[Path]) -> dict[str, NDArray[np.float32]]:
    """Read back what set-level metrics kept of all shards."""
    kept: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for path in shards:
        features = path.with_suffix(".npz")
        if features.exists():
            with np.load(features, allow_pickle=False) as shard:
                for name in shard.files:
                    kept[name].append(shard[name])
    return {name: np.concatenate(parts) for name, parts in kept.items()}
