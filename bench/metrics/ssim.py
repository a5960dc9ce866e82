"""Structural similarity."""

import numpy as np
import numpy.typing as npt

from .registry import register_metric

WINDOW_SIDE = 11


@register_metric(
    name="ssim",
    label="SSIM",
    direction="higher",
    range=(-1, 1),
    source="Wang, Bovik, Sheikh and Simoncelli 2004, doi:10.1109/TIP.2003.819861",
    description="Structural similarity averaged over RGB: 11×11 Gaussian window, σ 1.5, K₁ 0.01, "
    "K₂ 0.03, data range 255, full resolution, where the whole window fits (border of 5 left out).",
    least_side=WINDOW_SIDE,
    headline=True,
    order=30,
)
def ssim(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8]) -> float:
    """Return the mean structural similarity of photos (H, W, 3), averaged over the RGB channels.

    Raises `ValueError` if a side is shorter than the window, 11 pixels.
    """
    from .kernels.ssim import structural_similarity

    if min(truth.shape[:2]) < WINDOW_SIDE:
        raise ValueError(f"SSIM needs photos of at least 11×11 pixels, not {truth.shape[0]}×{truth.shape[1]}")
    return float(structural_similarity(np.ascontiguousarray(truth), np.ascontiguousarray(predicted)))
