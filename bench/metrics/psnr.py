"""Peak signal-to-noise ratio, over RGB and over ab.

Real sets contain photos that are grey in every pixel, which a method can return exactly. An infinite mean
would say nothing about the other photos, and a mean without the exact ones would hide them. So the ratio is
bounded by `CEILING`.
"""

import math

import numpy as np
import numpy.typing as npt

from .registry import register_metric

ROUNDING_NOISE = 1 / 12
"""Variance of rounding to whole levels: the smallest mean squared error that counts for 8-bit photos."""

CEILING = 10 * math.log10(255**2 / ROUNDING_NOISE)
"""58.92 dB: the score of photos that differ by no more than rounding."""

BOUNDED = "MSE counts as at least 1/12, the variance of 8-bit rounding: an exact photo has 58.92 dB, not ∞."


@register_metric(
    name="psnr",
    label="PSNR",
    direction="higher",
    unit="dB",
    range=(0, CEILING),
    source="Huynh-Thu and Ghanbari 2008, doi:10.1049/el:20080522",
    description=f"20·log10(255/√MSE) over all RGB values of a photo, then the mean over photos. {BOUNDED}",
    headline=True,
    compared=True,
    order=10,
)
def psnr(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio of RGB photos (H, W, 3), in dB; at most `CEILING`."""
    from .kernels.psnr import squared_error

    flat = (np.ascontiguousarray(photo).reshape(-1) for photo in (truth, predicted))
    return _decibels(squared_error(*flat) / truth.size)


@register_metric(
    name="psnr_capped",
    label="PSNR ≤ 50",
    direction="higher",
    unit="dB",
    range=(0, 50),
    source="Yun et al. 2022 (iColoriT), arXiv:2207.06831: the smallest MSE of its code is 1e-5 on 0…1",
    description="PSNR of each photo, at most 50 dB, then the mean over photos.",
    by_default=False,
    headline=True,
    order=15,
)
def psnr_capped(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio of RGB photos (H, W, 3), in dB; at most 50."""
    return min(psnr(truth, predicted), 50.0)


@register_metric(
    name="psnr_ab",
    label="PSNR ab",
    direction="higher",
    unit="dB",
    range=(0, CEILING),
    source="IPOL colorization survey: Ballester et al. 2022",
    description=f"20·log10(255/√MSE) over a* and b* of a photo, then the mean over photos. {BOUNDED}",
    takes=("squared_ab_distance",),
    order=20,
)
def psnr_ab(squared_ab_distance: npt.NDArray[np.float64]) -> float:
    """Return the peak signal-to-noise ratio over a* and b*, with a peak of 255, in dB; at most `CEILING`."""
    return _decibels(float(squared_ab_distance.mean()) / 2)


def _decibels(mean_squared_error: float) -> float:
    return 10 * math.log10(255**2 / max(mean_squared_error, ROUNDING_NOISE))
