"""The loops of `upsampling`. Private, and imports Numba; `upsampling` is the public module."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Float32 = npt.NDArray[np.float32]
Intp = npt.NDArray[np.intp]

f32 = np.float32

# Fused multiply-adds only: no reordering, so that every machine computes the same sums.
OPTIONS: dict[str, Any] = {
    "fastmath": {"contract"},
    "error_model": "numpy",
    "cache": True,
    "nogil": True,
}

BAND = 16  # rows that one thread computes at a time


@njit(parallel=True, **OPTIONS)
def fit_lines(planes: Float32, smoothness: np.float32) -> None:
    """Fill planes[..., 2:4] with the slopes of planes[..., :2] against planes[..., 4].

    slope = covariance(lightness, chroma) / (variance(lightness) + smoothness) over 3 × 3 pixels with the
    weights 1 2 1 across and down; the outermost pixels are repeated beyond the border.
    """
    height, width, _ = planes.shape
    for y in prange(height):
        for x in range(width):
            # Moments about the centre's own values: float32 keeps the digits of small variances.
            centre_l, centre_a, centre_b = planes[y, x, 4], planes[y, x, 0], planes[y, x, 1]
            mean_l = mean_a = mean_b = square = product_a = product_b = np.float32(0)
            for i in range(-1, 2):
                row = min(max(y + i, 0), height - 1)
                for j in range(-1, 2):
                    column = min(max(x + j, 0), width - 1)
                    weight = np.float32((2 - abs(i)) * (2 - abs(j))) / np.float32(16)
                    light = planes[row, column, 4] - centre_l
                    a = planes[row, column, 0] - centre_a
                    b = planes[row, column, 1] - centre_b
                    mean_l += weight * light
                    mean_a += weight * a
                    mean_b += weight * b
                    square += weight * light * light
                    product_a += weight * light * a
                    product_b += weight * light * b
            variance = square - mean_l * mean_l + smoothness
            planes[y, x, 2] = (product_a - mean_l * mean_a) / variance
            planes[y, x, 3] = (product_b - mean_l * mean_b) / variance


@njit(**OPTIONS)
def place(index: int, count: int, small: int) -> tuple[int, np.float32]:
    """Return the small pixel before a pixel of ``count``, and how far it is towards the next, 0…1."""
    place = min(max((index + 0.5) * (small / count) - 0.5, 0.0), small - 1.0)
    before = min(int(place), max(small - 2, 0))
    return before, f32(place - before)


@njit(**OPTIONS)
def places(width: int, small: int) -> tuple[Intp, Float32]:
    """Return `place` for each of ``width`` pixels."""
    left, nearer = np.empty(width, np.intp), np.empty(width, f32)
    for x in range(width):
        left[x], nearer[x] = place(x, width, small)
    return left, nearer


@njit(**OPTIONS)
def _widen(row: Float32, left: Intp, nearer: Float32, wide: Float32) -> None:
    """Interpolate a small row (w, 5) across into (5, W)."""
    last = len(row) - 1
    for k in range(5):
        plane = row[:, k].copy()
        for x in range(len(left)):
            first, second = plane[left[x]], plane[min(left[x] + 1, last)]
            wide[k, x] = (f32(1) - nearer[x]) * first + nearer[x] * second


@njit(**OPTIONS)
def _bound(above: Float32, below: Float32, left: Intp, bounds: Float32) -> None:
    """Fill bounds (4, W) with the smallest and largest a* and b* of each pixel's four small pixels."""
    last = len(above) - 1
    lowest, highest = np.empty(len(above), f32), np.empty(len(above), f32)
    for c in range(2):
        for i in range(len(above)):
            j = min(i + 1, last)
            lowest[i] = min(above[i, c], above[j, c], below[i, c], below[j, c])
            highest[i] = max(above[i, c], above[j, c], below[i, c], below[j, c])
        for x in range(len(left)):
            bounds[2 * c, x] = lowest[left[x]]
            bounds[2 * c + 1, x] = highest[left[x]]


@njit(**OPTIONS)
def enter(planes: Float32, top: int, before: int, left: Intp, nearer: Float32, between: Float32) -> None:
    """Prepare the rows between the small rows ``top`` and ``top`` + 1: fill between (14, W).

    It holds, interpolated across, the upper row's five planes and the lower row's, and then the bounds of
    a* and b*. All rows in between share it. It was filled for the small row ``before``, or -1.
    """
    bottom = min(top + 1, len(planes) - 1)
    if top == before + 1 and before >= 0:
        between[0:5] = between[5:10]
    else:
        _widen(planes[top], left, nearer, between[0:5])
    _widen(planes[bottom], left, nearer, between[5:10])
    _bound(planes[top], planes[bottom], left, between[10:14])


@njit(**OPTIONS)
def upsample_row(between: Float32, lower: np.float32, lightness: Float32, a: Float32, b: Float32) -> None:
    """Set the a* and b* (W,) of a row that lies ``lower``, 0…1, below the upper of two small rows.

    Chroma = up(chroma) + up(slope) · (lightness − up(small lightness)), where up is bilinear, clipped to the
    range of the four small pixels that it is interpolated from. The loop reads and writes contiguous planes
    only, which LLVM vectorizes.
    """
    upper = f32(1) - lower
    for x in range(len(lightness)):
        detail = lightness[x] - (upper * between[4, x] + lower * between[9, x])
        smooth_a = upper * between[0, x] + lower * between[5, x]
        smooth_b = upper * between[1, x] + lower * between[6, x]
        slope_a = upper * between[2, x] + lower * between[7, x]
        slope_b = upper * between[3, x] + lower * between[8, x]
        a[x] = min(max(smooth_a + slope_a * detail, between[10, x]), between[11, x])
        b[x] = min(max(smooth_b + slope_b * detail, between[12, x]), between[13, x])


@njit(**OPTIONS)
def upsample(planes: Float32, lightness: Float32, answer: Float32, first: int, whole: int) -> None:
    """Fill the chroma (rows, W, 2) of the rows from ``first`` of a photo of ``whole`` rows."""
    height, width = lightness.shape
    left, nearer = places(width, planes.shape[1])
    between, chroma = np.empty((14, width), f32), np.empty((2, width), f32)
    entered = -1
    for y in range(height):
        top, lower = place(first + y, whole, len(planes))
        if top != entered:
            enter(planes, top, entered, left, nearer, between)
            entered = top
        upsample_row(between, lower, lightness[y], chroma[0], chroma[1])
        for x in range(width):
            answer[y, x, 0] = chroma[0, x]
            answer[y, x, 1] = chroma[1, x]


@njit(parallel=True, **OPTIONS)
def upsample_parallel(planes: Float32, lightness: Float32, answer: Float32) -> None:
    """Do the same for a whole photo over Numba's threads."""
    height = len(lightness)
    for band in prange((height + BAND - 1) // BAND):
        start = band * BAND
        upsample(planes, lightness[start : start + BAND], answer[start : start + BAND], start, height)
