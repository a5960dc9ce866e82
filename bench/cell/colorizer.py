"""The interface between the pipeline and a method: arrays in, arrays out, in whichever process it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from ...datasets.base import RGB
from ...methods.base import Chroma, Context, Lightness, Method
from ...methods.hints import Hints


@dataclass(frozen=True)
class MethodInput:
    """A batch of photos as a method receives it.

    Attributes
    ----------
    lightness
        float32 (N, H, W), 0…100.
    references
        A colour photo for each target, uint8 (N, H, W, 3), or ``None``.
    true_chroma
        The hidden chroma, float32 (N, H, W, 2), for oracles; otherwise ``None``.
    starts
        Whether the first photo begins a clip, so that the method forgets the frames before; see
        `Method.start`.
    hints
        The colour hints, or ``None``.
    """

    lightness: Lightness
    references: RGB | None = None
    true_chroma: Chroma | None = None
    starts: bool = True
    hints: Hints | None = None


@dataclass(frozen=True)
class Answer:
    """The chroma of a batch, float32 (N, H, W, 2), and the ``seconds`` that the method's call took."""

    chroma: Chroma
    seconds: float


class Colorizer(Interface):
    """The interface between the pipeline and a method, in whichever process the method runs."""

    def __call__(self, given: MethodInput) -> Answer:
        """Return the chroma of a batch."""


@dataclass(frozen=True)
class InProcess:
    """A fitted method in this process.

    Attributes
    ----------
    method
        The fitted method.
    context
        Seed, device, budget and threads.
    """

    method: Method
    context: Context

    def __call__(self, given: MethodInput) -> Answer:
        """Return the method's answer if it meets the contract; see `checked_chroma`."""
        context = replace(
            self.context, references=given.references, true_chroma=given.true_chroma, hints=given.hints
        )
        lightness = given.lightness.copy()
        if given.starts:
            self.method.start()
        start = time.perf_counter()
        chroma = self.method.colorize(lightness, context)
        seconds = time.perf_counter() - start
        return Answer(checked_chroma(chroma, given.lightness), seconds)


def checked_chroma(chroma: NDArray[Any], lightness: Lightness) -> Chroma:
    """Return a method's answer if it meets the contract.

    Raises
    ------
    TypeError, ValueError
        If it is not an array, or its shape, dtype or values break the contract of `Method.colorize`.
    """
    expected = (*lightness.shape, 2)
    if not isinstance(chroma, np.ndarray):
        raise TypeError(f"colorize returned {type(chroma).__name__}; it must return a NumPy array")
    if chroma.shape != expected:
        raise ValueError(f"colorize returned shape {chroma.shape}; it must be {expected}")
    if chroma.dtype != np.float32:
        raise TypeError(f"colorize returned {chroma.dtype}; it must be float32")
    if not np.isfinite(chroma).all():
        raise ValueError(f"colorize returned {np.count_nonzero(~np.isfinite(chroma))} non-finite values")
    return chroma
