"""Numba kernels of the metrics; imported on their first use, never by a user.

All are serial: photos are scored in processes of their own, where threads would only compete, and one thread
adds up in one order. Sums are exact integers or float64.
"""

# Numba ships no types.
# mypy: disable-error-code="untyped-decorator"

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Float64 = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]
UInt8 = npt.NDArray[np.uint8]

# No fast mathematics: a·b − b·a must be zero, so that equal colours have no difference. Filtering alone is
# allowed fused multiply-add, which takes two thirds off its time.
OPTIONS: dict[str, Any] = {"error_model": "numpy", "cache": True, "nogil": True}

# SSIM's window, 11 × 11, Gaussian of σ = 1.5, and constants (0.01·255)², (0.03·255)².
TAPS = 11
_GAUSSIAN = np.exp(-0.5 * ((np.arange(TAPS) - TAPS // 2) / 1.5) ** 2)
WINDOW: Float64 = _GAUSSIAN / _GAUSSIAN.sum()
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@njit(**OPTIONS)
def squared_error(truth: UInt8, prediction: UInt8) -> np.int64:
    """Sum of squared differences of two flat uint8 arrays, exact."""
    total = np.int64(0)
    for i in range(len(truth)):
        difference = np.int32(truth[i]) - np.int32(prediction[i])
        total += difference * difference
    return total


@njit(**OPTIONS)
def opponent_sums(rgb: UInt8) -> npt.NDArray[np.int64]:
    """Σ of rg, rg², |rg|, 2yb, (2yb)², |2yb| of rgb (N, 3), exact, with rg = R − G, 2yb = R + G − 2B."""
    sums = np.zeros(6, np.int64)
    for i in range(len(rgb)):
        red, green, blue = np.int64(rgb[i, 0]), np.int64(rgb[i, 1]), np.int64(rgb[i, 2])
        rg, yb = red - green, red + green - 2 * blue
        sums[0] += rg
        sums[1] += rg * rg
        sums[2] += abs(rg)
        sums[3] += yb
        sums[4] += yb * yb
        sums[5] += abs(yb)
    return sums


@njit(**OPTIONS)
def squared_ab_distance(truth: Float32, prediction: Float32, squared: Float64) -> None:
    """Write (a₁ − a₂)² + (b₁ − b₂)² of chroma (N, 2) into `squared` (N,)."""
    for i in range(len(squared)):
        a = np.float64(truth[i, 0]) - np.float64(prediction[i, 0])
        b = np.float64(truth[i, 1]) - np.float64(prediction[i, 1])
        squared[i] = a * a + b * b


@njit(**OPTIONS)
def weight_within(squared: Float64, weights: Float64, limit: int) -> Float64:
    """Σ of the weights of pixels whose distance is ≤ t, for t = 0, 1, …, limit, and last of all pixels."""
    within = np.zeros(limit + 2)
    for i in range(len(squared)):
        within[min(math.ceil(math.sqrt(squared[i])), limit + 1)] += weights[i]
    for t in range(limit + 1):
        within[t + 1] += within[t]
    return within


@njit(fastmath={"contract"}, **OPTIONS)
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


@njit(fastmath={"contract"}, **OPTIONS)
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
def structural_similarity(truth: UInt8, prediction: UInt8) -> np.float64:
    """Mean SSIM of two photos (H, W, 3) over channels and all places where the whole window fits.

    μ₁, μ₂, E[x₁² + x₂²] and E[x₁x₂] are enough, as only the sum of the variances is asked for. The window is
    separable: TAPS rows are filtered into one, then along it. The loop over taps has a constant length and is
    unrolled, which leaves a loop over x for LLVM to turn into vector instructions.
    """
    height, width, _ = truth.shape
    first, second = np.empty((height, width)), np.empty((height, width))
    column, similarity = np.empty((4, width)), np.empty(width - TAPS + 1)
    total = np.float64(0)
    for channel in range(3):
        for y in range(height):
            for x in range(width):
                first[y, x] = truth[y, x, channel]
                second[y, x] = prediction[y, x, channel]
        for y in range(height - TAPS + 1):
            _filter_columns(first, second, y, column)
            _similarity_of_row(column, similarity)
            total += similarity.sum()
    mean: np.float64 = total / (3 * (height - TAPS + 1) * len(similarity))
    return mean


@njit(**OPTIONS)
def _g(chroma: float) -> float:
    """√(C⁷ / (C⁷ + 25⁷)), which CIEDE2000 uses twice."""
    square = chroma * chroma
    seventh = square * square * square * chroma
    return math.sqrt(seventh / (seventh + 25.0**7))


@njit(**OPTIONS)
def delta_e2000(
    lightness_1: Float32, ab_1: Float32, lightness_2: Float32, ab_2: Float32, out: Float64
) -> None:
    """Write the CIEDE2000 difference of each pair of colours, kL = kC = kH = 1, into `out` (N,).

    The numbers are the equations of Sharma, Wu and Dalal (2005). The mean hue h and the half hue difference
    are had as cosines and sines from the sum of the two hues' unit vectors, which spares six trigonometric
    functions a pixel and needs no case for the way round the circle.
    """
    degree = math.pi / 180
    for i in range(len(out)):
        l1, a1, b1 = np.float64(lightness_1[i]), np.float64(ab_1[i, 0]), np.float64(ab_1[i, 1])
        l2, a2, b2 = np.float64(lightness_2[i]), np.float64(ab_2[i, 0]), np.float64(ab_2[i, 1])
        chroma = (math.sqrt(a1 * a1 + b1 * b1) + math.sqrt(a2 * a2 + b2 * b2)) / 2  # (2), (3)
        stretch = 1.5 - 0.5 * _g(chroma)  # (4)
        a1, a2 = stretch * a1, stretch * a2  # (5)
        c1, c2 = math.sqrt(a1 * a1 + b1 * b1), math.sqrt(a2 * a2 + b2 * b2)  # (6)
        l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2  # (12), (13)
        l_offset = (l_mean - 50) ** 2
        term_l = (l2 - l1) / (1 + 0.015 * l_offset / math.sqrt(20 + l_offset))  # (8), (18)
        term_c = (c2 - c1) / (1 + 0.045 * c_mean)  # (9), (19)
        out[i] = term_l * term_l + term_c * term_c
        product = c1 * c2
        if product > 0:  # else there is no difference of hue
            cosine, sine = a1 * c2 + a2 * c1, b1 * c2 + b2 * c1
            length = math.sqrt(cosine * cosine + sine * sine)
            cross = a1 * b2 - a2 * b1
            if length > 1e-12 * product:
                cosine, sine = cosine / length, sine / length
            else:  # opposite hues, but for rounding: h is 90° after the one below 180°
                sign = 1.0 if b1 > 0 or (b1 == 0 and a1 > 0) else -1.0
                cosine, sine = -sign * b1 / c1, sign * a1 / c1
                cross = sign
            dot = a1 * a2 + b1 * b2
            if dot > 0:
                delta_h = 2 * cross * math.sqrt(product) / length  # (11): sin(Δh/2) = sin Δh / 2cos(Δh/2)
            else:
                delta_h = math.copysign(math.sqrt(2 * (product - dot)), cross)
            cosine_2, sine_2 = 2 * cosine * cosine - 1, 2 * sine * cosine
            cosine_3, sine_3 = cosine * (2 * cosine_2 - 1), sine * (2 * cosine_2 + 1)
            cosine_4, sine_4 = 2 * cosine_2 * cosine_2 - 1, 2 * sine_2 * cosine_2
            t = (
                1
                - 0.17 * (cosine * math.cos(30 * degree) + sine * math.sin(30 * degree))
                + 0.24 * cosine_2
                + 0.32 * (cosine_3 * math.cos(6 * degree) - sine_3 * math.sin(6 * degree))
                - 0.20 * (cosine_4 * math.cos(63 * degree) + sine_4 * math.sin(63 * degree))
            )  # (15)
            term_h = delta_h / (1 + 0.015 * c_mean * t)  # (20)
            out[i] += term_h * term_h
            # (16), (17), (21): the rotation is for blue, h near 275°; at h ≤ 155° it is below 1e-9, so that
            # the costly functions can be spared.
            if sine < 0 or cosine < math.cos(155 * degree):
                from_blue = (math.atan2(sine, cosine) / degree) % 360 - 275
                rotation = 30 * math.exp(-((from_blue / 25) ** 2))
                out[i] -= 2 * _g(c_mean) * math.sin(2 * rotation * degree) * term_c * term_h
        out[i] = math.sqrt(out[i])  # (22)
