"""Area under the curve of accuracy in ab, plain and rebalanced by how rare the true colours are."""

import numpy as np
import numpy.typing as npt

from .base import register_metric

LIMIT = 150  #: The curve's largest ab distance

ZHANG = "Zhang, Isola and Efros 2016, arXiv:1603.08511"


def accuracy_curve(squared_ab_distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share of pixels within an ab distance of 0, 1, …, `LIMIT`, (151,)."""
    from .kernels.ab_distance import count_within

    return _shares(count_within(squared_ab_distance, LIMIT))


def rebalanced_accuracy_curve(
    squared_ab_distance: npt.NDArray[np.float64],
    truth_bin: npt.NDArray[np.int16],
    prior: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return `accuracy_curve` with each pixel weighted by the inverse prior of its true bin, (151,).

    A bin missing from the prior weighs as much as the rarest bin in it: with an infinite weight, one pixel
    would dominate.
    """
    from .kernels.ab_distance import weight_within

    weights = 1 / np.maximum(prior, prior[prior > 0].min())
    return _shares(weight_within(squared_ab_distance, truth_bin, weights, LIMIT))


@register_metric(
    name="auc",
    label="AuC",
    direction="higher",
    range=(0, 1),
    source=ZHANG,
    description="Share of pixels within a distance in ab of t, for t = 0, 1, …, 150: trapezoidal area "
    "/ 150 of each photo, then the plain mean over photos.",
    takes=("squared_ab_distance",),
    curve=accuracy_curve,
    headline=True,
    compared=True,
    order=80,
)
@register_metric(
    name="auc_rebalanced",
    label="AuC reb.",
    direction="higher",
    range=(0, 1),
    source=ZHANG,
    description="AuC, each pixel weighted by the inverse of its true bin's share of the training sample "
    "(λ = 0, grid 10, no smoothing); unseen bins weigh as much as the rarest seen one.",
    takes=("squared_ab_distance", "truth_bin", "prior"),
    curve=rebalanced_accuracy_curve,
    headline=True,
    compared=True,
    order=90,
)
def area(curve: npt.NDArray[np.float64]) -> float:
    """Return the trapezoidal area under a curve over 0, 1, …, `LIMIT`, as a share of the whole."""
    return float(np.trapezoid(curve) / LIMIT)


def _shares(within: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Divide the amount within each threshold by the total, the last element."""
    shares: npt.NDArray[np.float64] = within[:-1] / within[-1]
    return shares
