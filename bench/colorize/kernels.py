"""Numba kernels of `profiles`; imported when the first photo is colorized.

All use one thread and release the GIL, so that several photos are worked on at a time. Blocks fit the
first-level cache, and arithmetic runs over contiguous planes, as in `huebench.datasets.color.kernels`.
"""

# Numba ships no types.
# mypy: disable-error-code="untyped-decorator"

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...datasets.color.gamut_kernels import fit_block
from ...datasets.color.kernels import BLOCK, OFFSET, OPTIONS, Float32, _clip, _lab_f, f32


@njit(**OPTIONS)
def lightness_of_levels(pixels: NDArray[Any], luminances: Float32, lightness: Float32) -> None:
    """Levels (N, C) → L* (N,), written in place.

    ``luminances``, (1 or 3, levels), holds the luminance that each level of each channel adds.
    """
    channels = len(luminances)
    for start in range(0, len(pixels), BLOCK):
        part, answer = pixels[start : start + BLOCK], lightness[start : start + BLOCK]
        if channels == 1:
            for i in range(len(answer)):
                answer[i] = luminances[0, part[i, 0]]
        else:
            for i in range(len(answer)):
                answer[i] = luminances[0, part[i, 0]] + luminances[1, part[i, 1]] + luminances[2, part[i, 2]]
        for i in range(len(answer)):
            light = f32(116) * (_lab_f(answer[i]) - OFFSET)
            answer[i] = min(max(light, f32(0)), f32(100))


@njit(**OPTIONS)
def levels_of_lab(
    lightness: Float32, ab: Float32, rays: Float32, tables: NDArray[Any], levels: NDArray[Any]
) -> None:
    """L* (N,) and a*b* (N, 2) → levels (N, 3), with chroma reduced where the space cannot show it.

    ``rays`` is that of `gamut_kernels`. ``tables``, (3, size), holds each channel's level by √linear light,
    0…1, which is fine in the shadows.
    """
    linear = np.empty((3, BLOCK), f32)
    index = np.empty((3, BLOCK), np.int32)
    last = f32(tables.shape[1] - 1)
    for start in range(0, len(lightness), BLOCK):
        stop = min(start + BLOCK, len(lightness))
        a, b = ab[start:stop, 0].copy(), ab[start:stop, 1].copy()
        fit_block(lightness[start:stop], a, b, rays, linear)
        for c in range(3):
            for i in range(stop - start):
                index[c, i] = np.int32(np.sqrt(_clip(linear[c, i])) * last + f32(0.5))
        for i in range(stop - start):
            for c in range(3):
                levels[start + i, c] = tables[c, index[c, i]]
