"""The loop of `patches`. Private, and imports Numba; `patches` is the public module."""

# Numba ships no types.
# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Float32 = npt.NDArray[np.float32]
Index = npt.NDArray[np.intp]


@njit(parallel=True, cache=True)
def cut(lightness: Float32, rows: Index, columns: Index, pixels: Index, patches: Float32) -> None:
    """Fill patches[i] = the patch round pixels[i]; `rows` and `columns` mirror padded positions."""
    width = lightness.shape[1]
    size = int(math.sqrt(patches.shape[1]))
    for i in prange(pixels.size):
        top, left = pixels[i] // width, pixels[i] % width
        for y in range(size):
            row = rows[top + y]
            for x in range(size):
                patches[i, y * size + x] = lightness[row, columns[left + x]]
