"""One method's predictions, a batch of photos at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...datasets.base import RGB, Entry
from ...datasets.photos import PhotoSet
from ...methods.base import Chroma, Lightness, Method
from ..plan.cell import Cell
from ..protocol.references import ReferencePool


@dataclass(frozen=True)
class Prediction:
    """What a method made of one photo.

    Attributes
    ----------
    rgb
        As it is scored: uint8 (H, W, 3).
    seconds
        The photo's share of its batch's time in `Method.colorize`.
    reference
        Id of the reference photo, or ``None``.
    """

    rgb: RGB
    seconds: float
    reference: str | None


@dataclass(frozen=True)
class Colorizer:
    """Asks one method for the colours of photos.

    Attributes
    ----------
    cell
        Whose protocol, seed and device.
    method
        Fitted.
    photos
        Where the pixels of references come from.
    pool
        The photos among which references are chosen.
    """

    cell: Cell
    method: Method
    photos: PhotoSet
    pool: ReferencePool

    def predict(self, entries: Sequence[Entry], lightness: Lightness, chroma: Chroma) -> list[Prediction]:
        """Return the predictions of a batch; the hidden chroma reaches oracles alone."""
        chosen = self._references(entries, lightness)
        context = self.cell.context(
            references=np.stack([self.photos.read(entry) for entry in chosen]) if chosen else None,
            true_chroma=chroma if self.method.info.oracle else None,
        )
        given = lightness.copy()
        start = time.perf_counter()
        answer = self.method.colorize(given, context)
        seconds = (time.perf_counter() - start) / len(entries)
        predicted = self.cell.protocol.merge_chroma(lightness, checked_chroma(answer, lightness))
        return [
            Prediction(predicted[i], seconds, chosen[i].id if chosen else None) for i in range(len(entries))
        ]

    def _references(self, entries: Sequence[Entry], lightness: Lightness) -> list[Entry]:
        match self.method.info.reference:
            case "similar":
                return [self.pool.similar(plane) for plane in lightness]
            case "random":
                return [self.pool.random(entry, self.cell.seed) for entry in entries]
            case "none":
                return []


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
