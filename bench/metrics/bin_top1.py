"""Accuracy of colour bins."""

import numpy as np
import numpy.typing as npt

from .registry import register_metric


@register_metric(
    name="bin_top1",
    label="Bin top-1",
    direction="higher",
    range=(0, 1),
    source="Zhang, Isola and Efros 2016, arXiv:1603.08511: its grid of step 10",
    description="Share of pixels whose nearest ab node is the true one, among the 261 nodes of step 10 "
    "that sRGB reaches.",
    takes=("truth_bin", "predicted_bin"),
    order=110,
)
def bin_top1(truth_bin: npt.NDArray[np.int16], predicted_bin: npt.NDArray[np.int16]) -> float:
    """Return the share of pixels (N,) predicted in the true bin."""
    return float(np.mean(predicted_bin == truth_bin))
