"""Scoring the photos of one cell, a batch at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...datasets.base import RGB, Entry, PhotoError
from ...datasets.color.conversion import near_grey
from ...datasets.photos import PhotoSet
from ...files import atomic, picture_name
from ...methods.base import Chroma, Lightness, Method
from ...reports.pictures import is_whole
from ..metrics import Scorer
from ..plan.cell import Cell
from .colorizing import Prediction, checked_chroma

Predict = Callable[[Sequence[Entry], Lightness, Chroma], list[Prediction]]
"""From photos, their lightness (N, H, W) and their hidden chroma (N, H, W, 2) to predictions."""


@dataclass(frozen=True)
class PhotoScorer:
    """Scores predictions of photos.

    Attributes
    ----------
    cell
        Whose protocol and pictures.
    photos
        The split to score.
    metrics
        What is computed of each photo.
    enter
        Told the phase it enters, ``colorize`` or ``score``, so that a failure knows where it happened.
    features
        What set-level metrics keep of each photo scored so far: metric → a row a photo.
    """

    cell: Cell
    photos: PhotoSet
    metrics: Scorer
    enter: Callable[[str], None]
    features: dict[str, list[NDArray[np.float32]]] = field(default_factory=lambda: defaultdict(list))

    def rows(self, batch: Sequence[Entry], predict: Predict) -> list[dict[str, Any]]:
        """Return a row of the images table for each photo, in order; an undecodable one is a row too."""
        unreadable: dict[str, str] = {}
        truths: dict[str, RGB] = {}
        for entry in batch:
            try:
                truths[entry.id] = self.photos.read(entry)
            except PhotoError as error:
                unreadable[entry.id] = str(error)
        readable = [entry for entry in batch if entry.id in truths]
        scored = self._scored(readable, list(truths.values()), predict)
        rows = []
        for entry in batch:
            known = {"photo": entry.id, "category": entry.category}
            if entry.id in unreadable:
                rows.append(known | {"status": "undecodable", "reason": unreadable[entry.id]})
            else:
                rows.append(known | {"status": "ok"} | scored[entry.id])
        return rows

    def _scored(
        self, entries: Sequence[Entry], truths: Sequence[RGB], predict: Predict
    ) -> dict[str, dict[str, Any]]:
        if not entries:
            return {}
        lightness, chroma = self.cell.protocol.split(np.stack(truths))
        self.enter("colorize")
        predictions = predict(entries, lightness, chroma)
        self.enter("score")
        scored = {}
        for i, (entry, truth, prediction) in enumerate(zip(entries, truths, predictions, strict=True)):
            columns = self._row(truth, prediction)
            columns["near_grey"] = near_grey(chroma[i], self.cell.protocol.near_grey_threshold)
            if self.cell.keep != "none" and entry.id in self.cell.gallery:
                grey = self.cell.protocol.merge_chroma(lightness[i : i + 1], np.zeros_like(chroma[i : i + 1]))
                columns |= self._keep_pictures(entry, truth, grey[0], prediction.rgb)
            scored[entry.id] = columns
        return scored

    def _row(self, truth: RGB, prediction: Prediction) -> dict[str, Any]:
        columns: dict[str, Any] = {"seconds": prediction.seconds}
        if prediction.reference is not None:
            columns["reference"] = prediction.reference
        scores = self.metrics.score(truth, prediction.rgb)
        for metric, row in scores.features.items():
            self.features[metric].append(row)
        return columns | scores.columns

    def _keep_pictures(self, entry: Entry, truth: RGB, grey: RGB, predicted: RGB) -> dict[str, str]:
        """Write the photo's pictures and return their columns."""
        pictures = {
            "picture": (self.cell.prediction_key, predicted),
            "truth_picture": (f"truth-{self.cell.scored}", truth),
            "input_picture": (f"input-{self.cell.scored}", grey),
        }
        columns = {}
        for column, (kind, pixels) in pictures.items():
            path = Path("pictures", kind, picture_name(entry.id))
            columns[column] = path.as_posix()
            if column != "picture" and is_whole(self.cell.run_folder / path):
                continue  # written by another cell
            with atomic(self.cell.run_folder / path) as partial:
                Image.fromarray(pixels).save(partial, compress_level=1)  # 4 % larger, 3.6 times as quick
        return columns


def mean_auc(method: Method, photos: PhotoSet, cell: Cell) -> float:
    """Return the mean AuC of a method on some photos, one at a time; what `Context.validate` answers."""
    scorer = Scorer(("auc",))
    scores = []
    for photo in photos:
        lightness, _ = cell.protocol.split(photo.rgb[None])
        answer = checked_chroma(method.colorize(lightness.copy(), cell.context()), lightness)
        predicted = cell.protocol.merge_chroma(lightness, answer)[0]
        scores.append(scorer.score(photo.rgb, predicted).columns["auc"])
    return float(np.mean(scores))
