"""Structural similarity of two photos."""

import numpy as np
from numba import njit

from .options import CONTRACT, OPTIONS, Float64, UInt8

# SSIM's window, 11 × 11, Gaussian of σ = 1.5, and constants (0.01·255)², (0.03·255)².
TAPS = 11
_GAUSSIAN = np.exp(-0.5 * ((np.arange(TAPS) - TAPS // 2) / 1.5) ** 2)
WINDOW: Float64 = _GAUSSIAN / _GAUSSIAN.sum()
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@njit(**CONTRACT)
def _filter_columns(first: Float64, second: Float64, y: int, column: Float64) -> None:
    """Filter TAPS rows of two planes from row `y` on, their squares and product, into `column` (4, W)."""
    for x in range(first.shape[1]):
        mean_1 = mean_2 = squares = product = 0.0
        for k in range(TAPS):
            one, two = first[y + k, x], second[y + k, x]
            weighted_1, weighted_2 = WINDOW[k] * one, WINDOW[k] * two
            mean_1 += weighted_1
            mean_2 += weighted_2
            squares += weighted_1 * one + weighted_2 * two
            product += weighted_1 * two
        column[0, x] = mean_1
        column[1, x] = mean_2
        column[2, x] = squares
        column[3, x] = product


@njit(**CONTRACT)
def _similarity_of_row(column: Float64, similarity: Float64) -> None:
    """Filter `column` (4, W) along the row and write the SSIM of its W − TAPS + 1 places."""
    for x in range(len(similarity)):
        mean_1 = mean_2 = squares = product = 0.0
        for k in range(TAPS):
            mean_1 += WINDOW[k] * column[0, x + k]
            mean_2 += WINDOW[k] * column[1, x + k]
            squares += WINDOW[k] * column[2, x + k]
            product += WINDOW[k] * column[3, x + k]
        mean_product, mean_squares = mean_1 * mean_2, mean_1 * mean_1 + mean_2 * mean_2
        covariance, variances = product - mean_product, squares - mean_squares
        similarity[x] = (
            (2 * mean_product + C1) * (2 * covariance + C2) / ((mean_squares + C1) * (variances + C2))
        )


@njit(**OPTIONS)
def structural_similarity(truth: UInt8, predicted: UInt8) -> np.float64:
    """Mean SSIM of two photos (H, W, 3) over channels and all places where the whole window fits.

    μ₁, μ₂, E[x₁² + x₂²] and E[x₁x₂] are enough, as only the sum of the variances is needed. The window is
    separable: TAPS rows are filtered into one, then along it. The loop over taps has a constant length and is
    unrolled, which leaves a loop over x that LLVM vectorizes.
    """
    height, width, _ = truth.shape
    first, second = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    column, similarity = np.empty((4, width)), np.empty(width - TAPS + 1)
    total = np.float64(0)
    for channel in range(3):
        for y in range(height):
            for x in range(width):
                first[y, x] = truth[y, x, channel]
                second[y, x] = predicted[y, x, channel]
        for y in range(height - TAPS + 1):
            _filter_columns(first, second, y, column)
            _similarity_of_row(column, similarity)
            total += similarity.sum()
    mean: np.float64 = total / (3 * (height - TAPS + 1) * len(similarity))
    return mean
