"""A truth and its prediction; values that several metrics need are computed once per photo."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...datasets.color.bins import gamut_bins
from ...datasets.color.conversion import rgb_to_lab

Lab = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]  #: Lightness (H·W,) and ab (H·W, 2)


@dataclass(frozen=True, eq=False)
class PhotoPair:
    """Two photos of the same size, as saved: all metrics, including those in Lab, start from uint8 levels.

    A metric names the attributes that it takes; each is computed on first use.

    Raises `TypeError` if a photo is not a uint8 array. Raises `ValueError` if the photos differ in shape, are
    not (H, W, 3), or are empty.
    """

    #: `truth`, `predicted`: uint8 RGB (H, W, 3).
    truth: npt.NDArray[np.uint8]
    predicted: npt.NDArray[np.uint8]
    #: The training split's share of pixels in each of `gamut_bins`, float64 (261,), or ``None``.
    prior: npt.NDArray[np.float64] | None = None
    device: str = "cpu"  #: Where networks run: ``cpu`` or ``cuda``

    def __post_init__(self) -> None:
        for name, photo in (("truth", self.truth), ("predicted", self.predicted)):
            kind = getattr(photo, "dtype", type(photo).__name__)
            if kind != np.uint8:
                raise TypeError(
                    f"{name} must be a uint8 RGB array with levels 0 to 255, not {kind}: "
                    "metrics score photos as saved"
                )
            if photo.ndim != 3 or photo.shape[-1] != 3 or not photo.size:
                raise ValueError(f"{name} must have shape (H, W, 3), not {photo.shape}")
        if self.truth.shape != self.predicted.shape:
            raise ValueError(
                f"truth and predicted differ in shape: {self.truth.shape}, {self.predicted.shape}"
            )

    @cached_property
    def pixels(self) -> int:
        """Number of pixels of one photo, H·W."""
        return self.truth.size // 3

    @cached_property
    def truth_lab(self) -> Lab:
        """Lightness (H·W,) and ab (H·W, 2) of the truth."""
        return rgb_to_lab(self.truth.reshape(-1, 3))

    @cached_property
    def predicted_lab(self) -> Lab:
        """Lightness (H·W,) and ab (H·W, 2) of the prediction."""
        return rgb_to_lab(self.predicted.reshape(-1, 3))

    @cached_property
    def squared_ab_distance(self) -> npt.NDArray[np.float64]:
        """(a₁ − a₂)² + (b₁ − b₂)² of every pixel, (H·W,)."""
        from .kernels.ab_distance import squared_ab_distance

        squared = np.empty(self.pixels)
        squared_ab_distance(self.truth_lab[1], self.predicted_lab[1], squared)
        return squared

    @cached_property
    def truth_bin(self) -> npt.NDArray[np.int16]:
        """Index in `gamut_bins` of every pixel of the truth, (H·W,)."""
        return gamut_bins().assign(self.truth_lab[1])

    @cached_property
    def predicted_bin(self) -> npt.NDArray[np.int16]:
        """Index in `gamut_bins` of every pixel of the prediction, (H·W,)."""
        return gamut_bins().assign(self.predicted_lab[1])

    @cached_property
    def truth_opponent_sums(self) -> npt.NDArray[np.int64]:
        """Sums of the truth's opponent colours, (6,); see `opponent_sums`."""
        return _opponent_sums(self.truth)

    @cached_property
    def predicted_opponent_sums(self) -> npt.NDArray[np.int64]:
        """Sums of the prediction's opponent colours, (6,); see `opponent_sums`."""
        return _opponent_sums(self.predicted)


PAIR_ATTRIBUTES = (
    *(field.name for field in fields(PhotoPair)),
    *(name for name, value in vars(PhotoPair).items() if isinstance(value, cached_property)),
)
"""The attributes that a metric can take."""


def _opponent_sums(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    from .kernels.colorfulness import opponent_sums

    sums: npt.NDArray[np.int64] = opponent_sums(np.ascontiguousarray(photo).reshape(-1, 3))
    return sums
