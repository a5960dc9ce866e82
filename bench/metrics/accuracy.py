"""Accuracy in ab within a radius: one point of the curve behind the AuC."""

import numpy as np
import numpy.typing as npt

from .registry import register_metric


@register_metric(
    name="accuracy",
    label="Acc@{:g}",
    direction="higher",
    range=(0, 1),
    source="Zhang, Isola and Efros 2016, arXiv:1603.08511: one point of the curve behind its AuC",
    description="Share of pixels whose distance in ab is at most {:g}.",
    takes=("squared_ab_distance",),
    parameters=(5, 10),
    headline=True,
    order=100,
)
def accuracy(squared_ab_distance: npt.NDArray[np.float64], radius: float) -> float:
    """Return the share of pixels whose ab distance is at most `radius`."""
    return float(np.count_nonzero(squared_ab_distance <= radius**2) / len(squared_ab_distance))
