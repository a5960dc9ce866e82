"""Structural similarity in scikit-image's default window, which many papers report as SSIM."""

import numpy as np
import numpy.typing as npt

from .registry import register_metric

WINDOW_SIDE = 7


@register_metric(
    name="ssim_uniform",
    label="SSIM 7×7",
    direction="higher",
    range=(-1, 1),
    source="scikit-image, structural_similarity with its defaults",
    description="Structural similarity averaged over RGB: uniform 7×7 window, sample covariance, data range "
    "255.",
    least_side=WINDOW_SIDE,
    by_default=False,
    headline=True,
    order=32,
)
def ssim_uniform(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8]) -> float:
    """Return the mean structural similarity of photos (H, W, 3) in uniform 7×7 windows."""
    return _similarity(truth, predicted, 255)


@register_metric(
    name="ssim_uniform_225",
    label="SSIM 7×7, 225",
    direction="higher",
    range=(-1, 1),
    source="Weng et al. 2022 (CT2): segm/metrics.py of its repository passes data_range=225",
    description="The same with a data range of 225.",
    least_side=WINDOW_SIDE,
    by_default=False,
    headline=True,
    order=34,
)
def ssim_uniform_225(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8]) -> float:
    """Return `ssim_uniform` with constants for a data range of 225."""
    return _similarity(truth, predicted, 225)


def _similarity(truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8], data_range: float) -> float:
    from skimage.metrics import structural_similarity

    return float(structural_similarity(truth, predicted, channel_axis=-1, data_range=data_range))  # type: ignore[no-untyped-call]
