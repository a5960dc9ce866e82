"""Histograms of a frame's channels."""

import numpy as np
import numpy.typing as npt
from numba import njit

from .options import OPTIONS, UInt8


@njit(**OPTIONS)
def channel_histograms(rgb: UInt8) -> npt.NDArray[np.int64]:
    """Count the levels of rgb (N, 3): (3, 256), exact.

    Two counts per level take turns, because a count that was just written cannot be raised at once.
    """
    even, odd = np.zeros((3, 256), np.int64), np.zeros((3, 256), np.int64)
    pairs = len(rgb) // 2
    for i in range(pairs):
        for c in range(3):
            even[c, rgb[2 * i, c]] += 1
            odd[c, rgb[2 * i + 1, c]] += 1
    if len(rgb) % 2:
        for c in range(3):
            even[c, rgb[-1, c]] += 1
    return even + odd
