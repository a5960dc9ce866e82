"""The metrics that need nothing but the pixels, each a function of a `Pair`.

Shares (`auc`, `accuracy@ε`, `bin_top1`) run from 0 to 1. PSNR is bounded by `PSNR_CEILING`: real sets hold
photos that are grey to the last pixel, which a method can return exactly. An infinite mean would say nothing
of the other photos, and a mean that leaves the exact ones out would hide them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .pair import AUC_LIMIT, Pair

SSIM_WINDOW = 11

ROUNDING_NOISE = 1 / 12
"""Variance of rounding to whole levels: the least mean squared error that 8-bit photos can speak of."""

PSNR_CEILING = 10 * math.log10(255**2 / ROUNDING_NOISE)
"""58.92 dB: what photos score whose difference is no larger than rounding's."""


def psnr(pair: Pair) -> float:
    """Peak signal-to-noise ratio over all RGB values, in dB; at most `PSNR_CEILING`."""
    from .kernels import squared_error

    truth, prediction = (np.ascontiguousarray(photo).reshape(-1) for photo in (pair.truth, pair.prediction))
    return _decibel(squared_error(truth, prediction) / truth.size)


def psnr_ab(pair: Pair) -> float:
    """Peak signal-to-noise ratio over a* and b*, with a peak of 255, in dB; at most `PSNR_CEILING`."""
    return _decibel(float(pair.squared_ab_distance.mean()) / 2)


def ssim(pair: Pair) -> float:
    """Mean structural similarity, averaged over the RGB channels.

    Raises
    ------
    ValueError
        If a side is shorter than the window.
    """
    from .kernels import structural_similarity

    pair.check_side(SSIM_WINDOW, "ssim")
    photos = (np.ascontiguousarray(photo) for photo in (pair.truth, pair.prediction))
    return float(structural_similarity(*photos))


def colorfulness(opponent_sums: npt.NDArray[np.int64], pixels: int, *, absolute: bool = False) -> float:
    """Hasler and Süsstrunk's M³, from Σ of rg, rg², |rg|, 2yb, (2yb)², |2yb|.

    The exact integer sums keep the variance free of cancellation.
    """
    rg_sum, rg_square, rg_absolute, yb_sum, yb_square, yb_absolute = (int(value) for value in opponent_sums)
    if absolute:
        rg_sum, yb_sum = rg_absolute, yb_absolute
    variance = (pixels * rg_square - rg_sum**2) / pixels**2 + (pixels * yb_square - yb_sum**2) / (
        2 * pixels
    ) ** 2
    mean = math.hypot(rg_sum / pixels, yb_sum / (2 * pixels))
    return math.sqrt(variance) + 0.3 * mean


def prediction_colorfulness(pair: Pair, *, absolute: bool = False) -> float:
    """Colorfulness of the prediction."""
    return colorfulness(pair.prediction_opponent_sums, pair.truth.size // 3, absolute=absolute)


def truth_colorfulness(pair: Pair, *, absolute: bool = False) -> float:
    """Colorfulness of the truth."""
    return colorfulness(pair.truth_opponent_sums, pair.truth.size // 3, absolute=absolute)


def accuracy_curve(pair: Pair) -> npt.NDArray[np.float32]:
    """Share of pixels within an ab distance of 0, 1, …, 150, float32 (151,)."""
    return pair.accuracy_curve.astype(np.float32)


def rebalanced_accuracy_curve(pair: Pair) -> npt.NDArray[np.float32]:
    """`accuracy_curve` with each pixel weighted by the inverse prior of its true bin."""
    return pair.rebalanced_accuracy_curve.astype(np.float32)


def auc(pair: Pair) -> float:
    """Area under `accuracy_curve`."""
    return _area(pair.accuracy_curve)


def auc_rebalanced(pair: Pair) -> float:
    """Area under `rebalanced_accuracy_curve`.

    Raises
    ------
    ValueError
        If there is no prior.
    """
    return _area(pair.rebalanced_accuracy_curve)


def accuracy(pair: Pair, *, radius: float) -> float:
    """Share of pixels whose ab distance is at most `radius`."""
    return float(np.count_nonzero(pair.squared_ab_distance <= radius**2) / len(pair.squared_ab_distance))


def bin_top1(pair: Pair) -> float:
    """Share of pixels in the true bin."""
    return float(np.mean(pair.prediction_bin == pair.truth_bin))


def delta_e2000(pair: Pair) -> float:
    """Mean CIEDE2000 colour difference."""
    from .kernels import mean_delta_e2000

    return float(mean_delta_e2000(*pair.truth_lab, *pair.prediction_lab))


def _decibel(mean_squared_error: float) -> float:
    return 10 * math.log10(255**2 / max(mean_squared_error, ROUNDING_NOISE))


def _area(curve: npt.NDArray[np.float64]) -> float:
    """Area under a curve over 0, 1, …, AUC_LIMIT, as a share of the whole."""
    return float(np.trapezoid(curve) / AUC_LIMIT)
