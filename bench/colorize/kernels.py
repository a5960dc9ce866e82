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
from ...methods.kernels.upsampling_kernels import enter, place, places, upsample_row


@njit(**OPTIONS)
def lightness_of_luminance(values: Float32) -> None:
    """Turn luminance (N,), 0…1, into L* in place."""
    for i in range(len(values)):
        lightness = f32(116) * (_lab_f(values[i]) - OFFSET)
        values[i] = min(max(lightness, f32(0)), f32(100))


@njit(**OPTIONS)
def lightness_of_levels(pixels: NDArray[Any], tables: Float32, lightness: Float32) -> None:
    """Levels (N, C) → L* (N,), written in place.

    ``tables`` holds the L* of each level of grey, (1, levels), or each level's luminance in each of three
    channels, (3, levels).
    """
    if len(tables) == 1:
        for i in range(len(lightness)):
            lightness[i] = tables[0, pixels[i, 0]]
        return
    for start in range(0, len(pixels), BLOCK):
        part, answer = pixels[start : start + BLOCK], lightness[start : start + BLOCK]
        for i in range(len(answer)):
            answer[i] = tables[0, part[i, 0]] + tables[1, part[i, 1]] + tables[2, part[i, 2]]
        lightness_of_luminance(answer)


@njit(**OPTIONS)
def colorize_rows(
    planes: Float32, lightness: Float32, guide: Float32, first: int, whole: int, rays: Float32,
    tables: NDArray[Any], levels: NDArray[Any],
) -> None:  # fmt: skip
    """Fill levels (rows, W, 3) from L* (rows, W) and the chroma of a small size.

    Upsampling, the limits of the colour space and its levels are done row by row, in the cache.

    Parameters
    ----------
    planes
        The answer of `upsampling.chroma_lines`.
    lightness, guide
        L* of the rows from ``first`` of a photo of ``whole`` rows, and the plane whose edges chroma follows.
    rays
        See `gamut_kernels`.
    tables
        Each channel's level by √linear light, 0…1, which is fine in the shadows: (3, size).
    levels
        The answer; its chroma is reduced where the space cannot show it.
    """
    height, width = lightness.shape
    left, nearer = places(width, planes.shape[1])
    between, a, b = np.empty((14, width), f32), np.empty(width, f32), np.empty(width, f32)
    entered = -1
    for y in range(height):
        top, lower = place(first + y, whole, len(planes))
        if top != entered:
            enter(planes, top, entered, left, nearer, between)
            entered = top
        upsample_row(between, lower, guide[y], a, b)
        levels_of_lab(lightness[y], a, b, rays, tables, levels[y])


@njit(**OPTIONS)
def levels_of_lab(
    lightness: Float32, a: Float32, b: Float32, rays: Float32, tables: NDArray[Any], levels: NDArray[Any]
) -> None:
    """L*, a* and b* (N,) → levels (N, 3), as in `colorize_rows`; a* and b* are overwritten."""
    linear = np.empty((3, BLOCK), f32)
    index = np.empty((3, BLOCK), np.int32)
    last = f32(tables.shape[1] - 1)
    for start in range(0, len(lightness), BLOCK):
        stop = min(start + BLOCK, len(lightness))
        fit_block(lightness[start:stop], a[start:stop], b[start:stop], rays, linear)
        for c in range(3):
            for i in range(stop - start):
                index[c, i] = np.int32(np.sqrt(_clip(linear[c, i])) * last + f32(0.5))
        for i in range(stop - start):
            levels[start + i, 0] = tables[0, index[0, i]]
            levels[start + i, 1] = tables[1, index[1, i]]
            levels[start + i, 2] = tables[2, index[2, i]]
