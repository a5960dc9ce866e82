"""The loops of `upsampling`. Private, and imports Numba; `upsampling` is the public module."""

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Float32 = npt.NDArray[np.float32]

FASTMATH = {"contract"}
"""Fused multiply-adds only: no reordering, so that every machine computes the same sums."""


@njit(cache=True, parallel=True, fastmath=FASTMATH, error_model="numpy")
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


@njit(cache=True, parallel=True, fastmath=FASTMATH, error_model="numpy")
def upsample(planes: Float32, lightness: Float32, answer: Float32, first: int, whole: int) -> None:
    """Set answer = up(chroma) + up(slope) · (lightness − up(small lightness)); up is bilinear.

    Lightness and answer are the rows from ``first`` of a photo of ``whole`` rows.
    Each answer is clipped to the range of the four small pixels that it is interpolated from.
    """
    small_height, small_width, _ = planes.shape
    height, width = lightness.shape
    down, across = small_height / whole, small_width / width
    for y in prange(height):
        v = min(max((first + y + 0.5) * down - 0.5, 0.0), small_height - 1.0)
        top = min(int(v), max(small_height - 2, 0))
        below = min(top + 1, small_height - 1)
        lower = np.float32(v - top)
        for x in range(width):
            u = min(max((x + 0.5) * across - 0.5, 0.0), small_width - 1.0)
            left = min(int(u), max(small_width - 2, 0))
            right = min(left + 1, small_width - 1)
            nearer = np.float32(u - left)
            w00 = (1 - lower) * (1 - nearer)
            w01 = (1 - lower) * nearer
            w10 = lower * (1 - nearer)
            w11 = lower * nearer
            p00, p01 = planes[top, left], planes[top, right]
            p10, p11 = planes[below, left], planes[below, right]
            detail = lightness[y, x] - (w00 * p00[4] + w01 * p01[4] + w10 * p10[4] + w11 * p11[4])
            for c in range(2):
                smooth = w00 * p00[c] + w01 * p01[c] + w10 * p10[c] + w11 * p11[c]
                slope = w00 * p00[c + 2] + w01 * p01[c + 2] + w10 * p10[c + 2] + w11 * p11[c + 2]
                lowest = min(p00[c], p01[c], p10[c], p11[c])
                highest = max(p00[c], p01[c], p10[c], p11[c])
                answer[y, x, c] = min(max(smooth + slope * detail, lowest), highest)
