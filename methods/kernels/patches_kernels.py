"""The loop of `patches`. Private, and imports Numba; `patches` is the public module."""

import math

from numba import njit, prange


@njit(parallel=True, cache=True)
def cut(lightness, rows, columns, pixels, patches):
    """patches[i] = the patch round pixels[i]; `rows` and `columns` mirror padded positions into the photo."""
    width = lightness.shape[1]
    size = int(math.sqrt(patches.shape[1]))
    for i in prange(pixels.size):
        top, left = pixels[i] // width, pixels[i] % width
        for y in range(size):
            row = rows[top + y]
            for x in range(size):
                patches[i, y * size + x] = lightness[row, columns[left + x]]
