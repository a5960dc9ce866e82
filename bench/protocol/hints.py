"""How colour hints are drawn: once per photo, so that fewer hints are the first ones of more.

A hint's place depends on the photo's id, the protocol and the photo's lightness before it is degraded, never
on colour. Its colour is the mean of the true a*b* in a small square. Add a way to draw by adding an entry to
`HINTS`; its text goes into the protocol's digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import UserError
from ...methods.base import Chroma, Lightness
from ...methods.hints import Hints

Corners = NDArray[np.intp]
"""Top and left pixel of squares, (count, 2)."""

NONE = "none"
"""The name of the choice to draw no hints."""


@dataclass(frozen=True)
class HintRule:
    """A way to draw hints.

    Attributes
    ----------
    text
        What it is, in the words of ``run.json`` and the report.
    side
        Side of a hint's square in pixels.
    corners
        Draws squares: takes a generator, a photo's lightness (H, W), the side and a count; the first
        squares do not depend on the count.
    overlap
        Whether squares may overlap, so that there is room for any number; otherwise all are of one grid.
    """

    text: str
    side: int
    corners: Callable[[np.random.Generator, Lightness, int, int], Corners]
    overlap: bool = False

    def draw(self, seed: str, lightness: Lightness, chroma: Chroma, count: int) -> Hints:
        """Return the first hints of one photo.

        Parameters
        ----------
        seed
            A text that names the photo and what else the places may depend on.
        lightness
            The photo's lightness before it is degraded, float32 (H, W): the hints are then the same for
            every degradation.
        chroma
            The true chroma, float32 (H, W, 2).
        count
            Number of hints. Where two overlap, the first one stays.
        """
        digest = hashlib.sha256(f"{self.text}\0{seed}".encode()).digest()
        rng = np.random.default_rng(np.frombuffer(digest, np.uint32).tolist())
        ab, mask = np.zeros_like(chroma), np.zeros(lightness.shape, np.bool_)
        for top, left in self.corners(rng, lightness, self.side, count):
            square = np.s_[top : top + self.side, left : left + self.side]
            free = ~mask[square]
            ab[square][free] = chroma[square].mean(axis=(0, 1), dtype=np.float64)
            mask[square] = True
        return Hints(ab, mask)

    def check(self, counts: tuple[int, ...], size: int) -> None:
        """Raise `UserError` if a photo of this size has no room for that many hints."""
        most = (size // self.side) ** 2
        if not self.overlap and max(counts) > most:
            raise UserError(
                f"--hints {max(counts)}: a photo of {size}×{size} pixels has room for {most:,} hints of "
                f"{self.side}×{self.side} pixels: ask for fewer, or give a larger --size"
            )


def on_a_grid(rng: np.random.Generator, lightness: Lightness, side: int, count: int) -> Corners:
    """Draw squares of the grid, all alike, each once."""
    rows, columns = (length // side for length in lightness.shape)
    return _corners(rng.permutation(rows * columns)[:count], columns, side)


def away_from_edges(rng: np.random.Generator, lightness: Lightness, side: int, count: int) -> Corners:
    """Draw squares of the grid, each once; the quarter with the largest range of lightness comes last."""
    rows, columns = (length // side for length in lightness.shape)
    squares = lightness[: rows * side, : columns * side].reshape(rows, side, columns, side)
    steepness = (squares.max(axis=(1, 3)) - squares.min(axis=(1, 3))).ravel()
    order = rng.permutation(rows * columns)
    last = np.zeros(len(order), np.bool_)
    # Among equals, as on a flat photo, the order drawn decides, not the place.
    last[np.argsort(steepness[order], kind="stable")[-(len(order) // EDGES) :]] = True
    return _corners(order[np.argsort(last, kind="stable")][:count], columns, side)


def round_the_middle(rng: np.random.Generator, lightness: Lightness, side: int, count: int) -> Corners:
    """Draw squares whose centres are normal round the photo's middle; the deviation is a quarter of a side.

    Squares that would leave the photo are moved to its border. Two may overlap.
    """
    lengths = np.array(lightness.shape)
    centres = rng.normal(lengths / 2, lengths / 4, (count, 2))
    return np.clip(np.rint(centres - side / 2), 0, lengths - side).astype(np.intp)


EDGES = 4
"""One square in this many counts as holding an edge."""


def _corners(chosen: NDArray[np.intp], columns: int, side: int) -> Corners:
    return np.stack(np.divmod(chosen, columns), axis=1) * side


HINTS: dict[str, HintRule] = {
    "huebench": HintRule(
        "means of 3×3 pixels, drawn without replacement from the grid of such squares; the quarter of them "
        "with the largest range of lightness comes last",
        3,
        away_from_edges,
    ),
    "ideepcolor": HintRule(
        "means of 6×6 pixels, centres normal round the middle with a deviation of a quarter of the side, "
        "moved into the photo",
        6,
        round_the_middle,
        overlap=True,
    ),
    "icolorit": HintRule(
        "means of 2×2 pixels, drawn without replacement from the grid of such squares", 2, on_a_grid
    ),
}
"""Name → how hints are drawn."""
