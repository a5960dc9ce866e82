"""Colorizing and scoring the photos of one cell, a batch at a time."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..datasets.base import RGB, Entry, PhotoError
from ..datasets.color import near_grey
from ..datasets.photos import PhotoSet
from ..methods.base import Chroma, Lightness, Method
from .files import picture_name
from .metrics import Scorer
from .plan import Cell
from .training_sample import TrainingSample


@dataclass(frozen=True)
class References:
    """A reference photo a target: its `entries`, and its pixels `rgb`, uint8 (N, H, W, 3)."""

    entries: list[Entry]
    rgb: RGB


@dataclass(frozen=True)
class PhotoScorer:
    """Asks one method for the colours of photos and scores its answers.

    Attributes
    ----------
    cell
        Whose protocol, seed and device.
    method
        Fitted.
    photos
        The split to score.
    sample
        Where references come from.
    metrics
        What is computed of each photo.
    enter
        Told the phase it enters, ``colorize`` or ``score``, so that a failure knows where it happened.
    features
        What set-level metrics keep of each photo scored so far: metric → a row a photo.
    """

    cell: Cell
    method: Method
    photos: PhotoSet
    sample: TrainingSample
    metrics: Scorer
    enter: Callable[[str], None]
    features: dict[str, list[NDArray[np.float32]]] = field(default_factory=lambda: defaultdict(list))

    def warm_up(self) -> float:
        """Colorize one photo outside the clock and return the seconds it took.

        Compilation and other first-call costs are not the method's speed.
        """
        for photo in islice(self.photos, 1):
            lightness, chroma = self.cell.protocol.split(photo.rgb[None])
            references = self._references([photo.entry], lightness)
            start = time.perf_counter()
            self._colorize(lightness, chroma, references)
            return time.perf_counter() - start
        return 0.0

    def rows(self, batch: Sequence[Entry]) -> list[dict[str, Any]]:
        """Return a row of the images table for each photo, in order; an undecodable one is a row too."""
        unreadable: dict[str, str] = {}
        truths: dict[str, RGB] = {}
        for entry in batch:
            try:
                truths[entry.id] = self.photos.read(entry)
            except PhotoError as error:
                unreadable[entry.id] = str(error)
        scored = self._scored([entry for entry in batch if entry.id in truths], list(truths.values()))
        rows = []
        for entry in batch:
            known = {"photo": entry.id, "category": entry.category}
            if entry.id in unreadable:
                rows.append(known | {"status": "undecodable", "reason": unreadable[entry.id]})
            else:
                rows.append(known | {"status": "ok"} | scored[entry.id])
        return rows

    def _scored(self, entries: Sequence[Entry], truths: Sequence[RGB]) -> dict[str, dict[str, Any]]:
        if not entries:
            return {}
        truth = np.stack(truths)
        protocol = self.cell.protocol
        lightness, chroma = protocol.split(truth)
        references = self._references(entries, lightness)
        self.enter("colorize")
        start = time.perf_counter()
        answer = self._colorize(lightness, chroma, references)
        seconds = (time.perf_counter() - start) / len(entries)
        self.enter("score")
        predicted = protocol.merge_chroma(lightness, answer)
        scored = {}
        for i, entry in enumerate(entries):
            columns: dict[str, Any] = {
                "near_grey": near_grey(chroma[i], protocol.near_grey_threshold),
                "seconds": seconds,
            }
            if references is not None:
                columns["reference"] = references.entries[i].id
            columns |= self._keep_pictures(entry, truth[i], lightness[i], predicted[i])
            scored[entry.id] = columns | self.metrics.score(truth[i], predicted[i])
            for metric, row in self.metrics.features(truth[i], predicted[i]).items():
                self.features[metric].append(row)
        return scored

    def _references(self, entries: Sequence[Entry], lightness: Lightness) -> References | None:
        pool = self.sample.references
        if self.method.info.reference == "none":
            return None
        if self.method.info.reference == "similar":
            chosen = [pool.similar(plane) for plane in lightness]
        else:
            chosen = [pool.random(entry, self.cell.seed) for entry in entries]
        return References(chosen, np.stack([self.photos.read(entry) for entry in chosen]))

    def _colorize(self, lightness: Lightness, chroma: Chroma, references: References | None) -> Chroma:
        context = self.cell.context(
            references=references.rgb if references else None,
            truth=chroma if self.method.info.needs_truth else None,
        )
        return checked_chroma(self.method.colorize(lightness.copy(), context), lightness)

    def _keep_pictures(
        self, entry: Entry, truth: RGB, lightness: Lightness, predicted: RGB
    ) -> dict[str, str]:
        """Write the photo's pictures if it is one of the gallery's; return their columns."""
        if entry.id not in self.cell.gallery:
            return {}
        grey = self.cell.protocol.merge_chroma(lightness, np.zeros((*lightness.shape, 2), np.float32))
        kinds = {"picture": self.cell.key, "truth_picture": "truth", "input_picture": "input"}
        paths = {column: Path("pictures", kind, picture_name(entry.id)) for column, kind in kinds.items()}
        for path, pixels in zip(paths.values(), (predicted, truth, grey), strict=True):
            _write_picture(self.cell.run_folder / path, pixels)
        return {column: path.as_posix() for column, path in paths.items()}


def mean_auc(method: Method, photos: PhotoSet, cell: Cell) -> float:
    """Return the mean AuC of a method on some photos, one at a time; what `Context.validate` answers."""
    scorer = Scorer(("auc",))
    scores = []
    for photo in photos:
        lightness, _ = cell.protocol.split(photo.rgb[None])
        answer = checked_chroma(method.colorize(lightness.copy(), cell.context()), lightness)
        scores.append(scorer.score(photo.rgb, cell.protocol.merge_chroma(lightness, answer)[0])["auc"])
    return float(np.mean(scores))


def checked_chroma(chroma: NDArray[Any], lightness: Lightness) -> Chroma:
    """Return a method's answer if it keeps the contract.

    Raises
    ------
    TypeError, ValueError
        If it is no array, or its shape, dtype or values are not what `Method.colorize` promises.
    """
    wanted = (*lightness.shape, 2)
    if not isinstance(chroma, np.ndarray):
        raise TypeError(f"colorize returned {type(chroma).__name__}; it must return a NumPy array")
    if chroma.shape != wanted:
        raise ValueError(f"colorize returned shape {chroma.shape}; it must be {wanted}")
    if chroma.dtype != np.float32:
        raise TypeError(f"colorize returned {chroma.dtype}; it must be float32")
    if not np.isfinite(chroma).all():
        raise ValueError(f"colorize returned {np.count_nonzero(~np.isfinite(chroma))} values not finite")
    return chroma


def _write_picture(path: Path, pixels: RGB) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    Image.fromarray(pixels).save(partial, format="PNG")
    partial.replace(path)
