"""Colour hints: the colours that a user gives at a few points of a photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Hints:
    """The colour hints of a batch of photos, or of one photo without the first axis.

    Attributes
    ----------
    ab
        The hints' a*b*, float32 (N, H, W, 2): the colour of a hint at each of its pixels, 0 elsewhere.
    mask
        Where hints are, bool (N, H, W).
    """

    ab: NDArray[np.float32]
    mask: NDArray[np.bool_]

    def __getitem__(self, photos: int | slice) -> Hints:
        """Return the hints of one photo, or of some of them."""
        return Hints(self.ab[photos], self.mask[photos])

    def resized(self, height: int, width: int) -> Hints:
        """Return one photo's hints at another size.

        A new pixel with any part of a hint under it is a hint; its colour is the mean over that part. So no
        hint is lost, however small it becomes, and none mixes with what is not a hint.

        Examples
        --------
        >>> hints = Hints(np.float32([[[0, 0], [0, 0], [8, 4], [0, 0]]]), np.array([[0, 0, 1, 0]], bool))
        >>> smaller = hints.resized(1, 2)
        >>> smaller.mask.tolist(), smaller.ab.tolist()
        ([[False, True]], [[[0.0, 0.0], [8.0, 4.0]]])
        """
        if self.mask.shape == (height, width):
            return self
        rows, columns = _overlaps(len(self.mask), height), _overlaps(self.mask.shape[1], width)
        share = rows @ self.mask @ columns.T
        mask = share > 0
        ab = np.zeros((height, width, 2), np.float32)
        for channel in range(2):
            total = rows @ np.where(self.mask, self.ab[..., channel], 0) @ columns.T
            ab[..., channel][mask] = total[mask] / share[mask]
        return Hints(ab, mask)


def _overlaps(length: int, size: int) -> NDArray[np.float64]:
    """Return how much of every old pixel (column) lies under every new one (row), along one axis.

    Lengths are in units in which both an old and a new pixel are whole numbers, so that pixels that only
    touch have exactly 0 in common.
    """
    new, old = np.arange(size)[:, None] * length, np.arange(length) * size
    common = np.minimum(new + length, old + size) - np.maximum(new, old)
    overlaps: NDArray[np.float64] = np.maximum(common, 0).astype(np.float64)
    return overlaps
