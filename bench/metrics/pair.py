"""A truth and a prediction, with what several metrics need of them computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...datasets.color.bins import gamut_bins
from ...datasets.color.conversion import rgb_to_lab

AUC_LIMIT = 150
"""The largest distance in ab at which the AuC counts pixels."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two photos of one size, as saved: every metric, also those in Lab, starts from the uint8 levels.

    Attributes
    ----------
    truth, prediction
        uint8 RGB (H, W, 3).
    prior
        The training split's share of pixels in each of `gamut_bins`, float64 (261,); `auc_rebalanced` alone
        needs it.
    device
        Where networks run: ``cpu`` or ``cuda``.

    Raises
    ------
    TypeError
        If a photo is not uint8.
    ValueError
        If the photos are not of one shape (H, W, 3), or empty.
    """

    truth: npt.NDArray[np.uint8]
    prediction: npt.NDArray[np.uint8]
    prior: npt.NDArray[np.float64] | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name, photo in (("truth", self.truth), ("prediction", self.prediction)):
            if photo.dtype != np.uint8:
                raise TypeError(
                    f"the {name} must be uint8 RGB, not {photo.dtype}: metrics score saved photos"
                )
            if photo.ndim != 3 or photo.shape[-1] != 3 or not photo.size:
                raise ValueError(f"the {name} must have shape (H, W, 3), not {photo.shape}")
        if self.truth.shape != self.prediction.shape:
            raise ValueError(
                f"truth and prediction differ in size: {self.truth.shape}, {self.prediction.shape}"
            )

    def check_side(self, least: int, metric: str) -> None:
        """Raise `ValueError` if a side is shorter than what a metric needs."""
        height, width, _ = self.truth.shape
        if min(height, width) < least:
            raise ValueError(
                f"{metric} needs photos of at least {least}×{least} pixels, not {height}×{width}"
            )

    @cached_property
    def truth_lab(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Lightness (H·W,) and ab (H·W, 2) of the truth."""
        return rgb_to_lab(self.truth.reshape(-1, 3))

    @cached_property
    def prediction_lab(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Lightness (H·W,) and ab (H·W, 2) of the prediction."""
        return rgb_to_lab(self.prediction.reshape(-1, 3))

    @cached_property
    def squared_ab_distance(self) -> npt.NDArray[np.float64]:
        """(a₁ − a₂)² + (b₁ − b₂)² of every pixel, (H·W,)."""
        from .kernels import squared_ab_distance

        squared = np.empty(len(self.truth_lab[0]))
        squared_ab_distance(self.truth_lab[1], self.prediction_lab[1], squared)
        return squared

    @cached_property
    def accuracy_curve(self) -> npt.NDArray[np.float64]:
        """Share of pixels within an ab distance of 0, 1, …, `AUC_LIMIT`, (151,)."""
        from .kernels import count_within

        within = count_within(self.squared_ab_distance, AUC_LIMIT)
        curve: npt.NDArray[np.float64] = within[:-1] / within[-1]
        return curve

    @cached_property
    def rebalanced_accuracy_curve(self) -> npt.NDArray[np.float64]:
        """`accuracy_curve` with each pixel weighted by the inverse prior of its true bin, (151,).

        A bin that the prior never saw weighs as much as the rarest one that it saw: an infinite weight would
        let one pixel decide.

        Raises
        ------
        ValueError
            If there is no prior.
        """
        if self.prior is None:
            raise ValueError(
                "auc_rebalanced needs the training split's prior: Scorer(..., prior=ab_prior(photos))"
            )
        from .kernels import weight_within

        weights = 1 / np.maximum(self.prior, self.prior[self.prior > 0].min())
        within = weight_within(self.squared_ab_distance, self.truth_bin, weights, AUC_LIMIT)
        curve: npt.NDArray[np.float64] = within[:-1] / within[-1]
        return curve

    @cached_property
    def truth_bin(self) -> npt.NDArray[np.int16]:
        """The bin of every pixel of the truth, (H·W,)."""
        return gamut_bins().assign(self.truth_lab[1])

    @cached_property
    def prediction_bin(self) -> npt.NDArray[np.int16]:
        """The bin of every pixel of the prediction, (H·W,)."""
        return gamut_bins().assign(self.prediction_lab[1])

    @cached_property
    def truth_opponent_sums(self) -> npt.NDArray[np.int64]:
        """The sums that the truth's colorfulness is made of."""
        return _opponent_sums(self.truth)

    @cached_property
    def prediction_opponent_sums(self) -> npt.NDArray[np.int64]:
        """The sums that the prediction's colorfulness is made of."""
        return _opponent_sums(self.prediction)


def _opponent_sums(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    from .kernels import opponent_sums

    sums: npt.NDArray[np.int64] = opponent_sums(np.ascontiguousarray(photo).reshape(-1, 3))
    return sums
