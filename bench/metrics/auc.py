"""Area under the curve of accuracy in ab, plain and rebalanced by how rare the true colours are."""

from functools import cache

import numpy as np
import numpy.typing as npt

from ...datasets.color.bins import gamut_bins
from .registry import register_metric

LIMIT = 150  #: The curve's largest ab distance

SMOOTHING = 5.0  #: Standard deviation in ab of the Gaussian that smooths the prior

ZHANG = "Zhang, Isola and Efros 2016, arXiv:1603.08511"


def accuracy_curve(squared_ab_distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share of pixels within an ab distance of 0, 1, …, `LIMIT`, (151,)."""
    from .kernels.ab_distance import count_within

    return _shares(count_within(squared_ab_distance, LIMIT))


def smoothed(prior: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a prior, (261,), smoothed over the bins of `gamut_bins`; it sums to 1 if the prior does.

    Each bin's share is spread over all bins by a Gaussian of `SMOOTHING` around its node.
    """
    shares: npt.NDArray[np.float64] = _spread() @ prior
    return shares


def rarity(truth_bin: npt.NDArray[np.int16], prior: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return every pixel's weight: the inverse of the smoothed prior of its true bin, (N,)."""
    return _rebalancing(prior)[truth_bin]


def rebalanced_accuracy_curve(
    squared_ab_distance: npt.NDArray[np.float64],
    truth_bin: npt.NDArray[np.int16],
    prior: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return `accuracy_curve` with each pixel weighted by its `rarity`, (151,)."""
    from .kernels.ab_distance import weight_within

    return _shares(weight_within(squared_ab_distance, truth_bin, _rebalancing(prior), LIMIT))


def unsmoothed_accuracy_curve(
    squared_ab_distance: npt.NDArray[np.float64],
    truth_bin: npt.NDArray[np.int16],
    prior: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return `accuracy_curve` with each pixel weighted by the inverse of the prior itself, (151,)."""
    from .kernels.ab_distance import weight_within

    return _shares(weight_within(squared_ab_distance, truth_bin, _inverse(prior, prior > 0), LIMIT))


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
    description="AuC over the pixels of all photos together, each weighted by the inverse of its true bin's "
    "share of the training sample (λ = 0, grid 10), the shares smoothed by a Gaussian of σ = 5 in ab; a bin "
    "that the sample lacks weighs at most as much as the rarest one that it has.",
    takes={
        "auc_rebalanced": ("squared_ab_distance", "truth_bin", "prior"),
        "auc_rebalanced_weight": ("truth_bin", "prior"),
    },
    weight=rarity,
    curve=rebalanced_accuracy_curve,
    headline=True,
    compared=True,
    order=90,
)
@register_metric(
    name="auc_rebalanced_per_photo",
    label="AuC reb./photo",
    direction="higher",
    range=(0, 1),
    source=f"{ZHANG}, as changed in code that averages photos",
    description="The same of each photo alone, by the unsmoothed shares, then the plain mean over photos: a "
    "photo of rare colours counts no more than a dull one, and a few pixels can decide a photo.",
    takes=("squared_ab_distance", "truth_bin", "prior"),
    curve=unsmoothed_accuracy_curve,
    order=95,
)
def area(curve: npt.NDArray[np.float64]) -> float:
    """Return the trapezoidal area under a curve over 0, 1, …, `LIMIT`, as a share of the whole."""
    return float(np.trapezoid(curve) / LIMIT)


@cache
def _spread() -> npt.NDArray[np.float64]:
    """Return the share of every bin (column) that smoothing moves to every bin (row), (261, 261)."""
    nodes = gamut_bins().nodes.astype(np.float64)
    squared = np.square(nodes[:, None] - nodes).sum(axis=-1)
    near = np.exp(-squared / (2 * SMOOTHING**2))
    shares: npt.NDArray[np.float64] = near / near.sum(axis=0)
    return shares


def _rebalancing(prior: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return _inverse(smoothed(prior), prior > 0)


def _inverse(shares: npt.NDArray[np.float64], seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return 1 / shares, with no share below the smallest of a seen bin: else one pixel would dominate."""
    inverse: npt.NDArray[np.float64] = 1 / np.maximum(shares, shares[seen].min())
    return inverse


def _shares(within: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Divide the amount within each threshold by the total, the last element."""
    shares: npt.NDArray[np.float64] = within[:-1] / within[-1]
    return shares
