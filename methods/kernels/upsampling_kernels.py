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
def _place(index: int, count: int, small: int) -> tuple[int, np.float32]:
    """Return the small pixel before a pixel of ``count``, and how far it is towards the next, 0…1."""
    place = min(max((index + 0.5) * (small / count) - 0.5, 0.0), small - 1.0)
    before = min(int(place), max(small - 2, 0))
    return before, f32(place - before)


@njit(**OPTIONS)
def _widen(row: Float32, left: Intp, nearer: Float32, wide: Float32) -> None:
    """Interpolate a small row (w, 5) across into (5, W)."""
    last = len(row) - 1
    for k in range(5):
        for x in range(len(left)):
            first, second = row[left[x], k], row[min(left[x] + 1, last), k]
            wide[k, x] = (f32(1) - nearer[x]) * first + nearer[x] * second


@njit(**OPTIONS)
def _bound(above: Float32, below: Float32, left: Intp, bounds: Float32) -> None:
    """Fill bounds (4, W) with the smallest and largest a* and b* of each pixel's four small pixels."""
    last = len(above) - 1
    for c in range(2):
        for x in range(len(left)):
            i, j = left[x], min(left[x] + 1, last)
            bounds[2 * c, x] = min(above[i, c], above[j, c], below[i, c], below[j, c])
            bounds[2 * c + 1, x] = max(above[i, c], above[j, c], below[i, c], below[j, c])


@njit(**OPTIONS)
def upsample(planes: Float32, lightness: Float32, answer: Float32, first: int, whole: int) -> None:
    """Set answer = up(chroma) + up(slope) · (lightness − up(small lightness)); up is bilinear.

    Lightness and answer are the rows from ``first`` of a photo of ``whole`` rows.
    Each answer is clipped to the range of the four small pixels that it is interpolated from.

    Rows between the same two small rows share these rows' interpolation across, so the inner loop reads and
    writes contiguous planes only, which LLVM vectorizes.
    """
    small_height, small_width, _ = planes.shape
    height, width = lightness.shape
    left, nearer = np.empty(width, np.intp), np.empty(width, f32)
    for x in range(width):
        left[x], nearer[x] = _place(x, width, small_width)
    above, below, bounds = np.empty((5, width), f32), np.empty((5, width), f32), np.empty((4, width), f32)
    chroma = np.empty((2, width), f32)
    known = -1
    for y in range(height):
        top, lower = _place(first + y, whole, small_height)
        if top != known:
            bottom = min(top + 1, small_height - 1)
            _widen(planes[top], left, nearer, above)
            _widen(planes[bottom], left, nearer, below)
            _bound(planes[top], planes[bottom], left, bounds)
            known = top
        upper = f32(1) - lower
        row = lightness[y]
        for c in range(2):
            for x in range(width):
                detail = row[x] - (upper * above[4, x] + lower * below[4, x])
                smooth = upper * above[c, x] + lower * below[c, x]
                slope = upper * above[c + 2, x] + lower * below[c + 2, x]
                chroma[c, x] = min(max(smooth + slope * detail, bounds[2 * c, x]), bounds[2 * c + 1, x])
        for x in range(width):
            answer[y, x, 0] = chroma[0, x]
            answer[y, x, 1] = chroma[1, x]


@njit(parallel=True, **OPTIONS)
def upsample_parallel(planes: Float32, lightness: Float32, answer: Float32) -> None:
    """Do the same for a whole photo over Numba's threads."""
    height = len(lightness)
    for band in prange((height + BAND - 1) // BAND):
        top = band * BAND
        upsample(planes, lightness[top : top + BAND], answer[top : top + BAND], top, height)
