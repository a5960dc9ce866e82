"""A frame of a clip and the frame before it: what the metrics of clips start from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...datasets.color.conversion import rgb_to_lab
from ...methods.kernels.flow import warp

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Motion:
    """The motion from one frame to the next: `flow`, float32 (H, W, 2), and `visible`, bool (H, W).

    The flow says where each pixel of the earlier frame has gone, in pixels to the right and down; pixels that
    the later frame hides are not visible.
    """

    flow: npt.NDArray[np.float32]
    visible: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FrameStep:
    """A frame's truth and prediction, both uint8 RGB (H, W, 3), and those of the frame before.

    A metric of clips names the attributes that it takes; each is computed on first use. Without a frame
    before, only those in `OF_FRAME` can be taken.
    """

    #: `truth`, `predicted`: this frame; `truth_before`, `predicted_before`: the frame before.
    truth: npt.NDArray[np.uint8]
    predicted: npt.NDArray[np.uint8]
    truth_before: npt.NDArray[np.uint8] | None = None
    predicted_before: npt.NDArray[np.uint8] | None = None
    motion: Motion | None = None  #: From the frame before to this one

    @cached_property
    def truth_histograms(self) -> npt.NDArray[np.float64]:
        """Shares of the truth's pixels at each level of R, G and B, (3, 256)."""
        return level_shares(self.truth)

    @cached_property
    def predicted_histograms(self) -> npt.NDArray[np.float64]:
        """Shares of the prediction's pixels at each level of R, G and B, (3, 256)."""
        return level_shares(self.predicted)

    @cached_property
    def truth_warped(self) -> Plane:
        """The truth, brought back along the motion to the frame before, levels 0…255, (H, W, 3)."""
        return warp(self.truth, self._motion.flow)

    @cached_property
    def predicted_warped(self) -> Plane:
        """The prediction, brought back along the motion to the frame before, levels 0…255, (H, W, 3)."""
        return warp(self.predicted, self._motion.flow)

    @cached_property
    def truth_ab_change(self) -> Plane:
        """Distance in ab of the truth from the frame before, along the motion, (H, W)."""
        assert self.truth_before is not None  # noqa: S101  # see the class
        return self._ab_change(self.truth_before, self.truth)

    @cached_property
    def predicted_ab_change(self) -> Plane:
        """Distance in ab of the prediction from the frame before, along the motion, (H, W)."""
        assert self.predicted_before is not None  # noqa: S101  # see the class
        return self._ab_change(self.predicted_before, self.predicted)

    @property
    def visible(self) -> npt.NDArray[np.bool_]:
        """Which pixels of the frame before are seen in this one, (H, W)."""
        return self._motion.visible

    @property
    def _motion(self) -> Motion:
        assert self.motion is not None  # noqa: S101  # see the class
        return self.motion

    def _ab_change(self, before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8]) -> Plane:
        carried = warp(rgb_to_lab(after)[1], self._motion.flow)
        change: Plane = np.linalg.norm(carried - rgb_to_lab(before)[1], axis=-1)
        return change


OF_FRAME = ("truth", "predicted", "truth_histograms", "predicted_histograms")
"""The attributes that every frame has, also the first."""

STEP_ATTRIBUTES = (
    *(field.name for field in fields(FrameStep) if field.name != "motion"),
    *(name for name, value in vars(FrameStep).items() if isinstance(value, cached_property)),
    "visible",
)
"""The attributes that a metric of clips can take."""


def level_shares(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the shares of pixels at each level of R, G and B, float64 (3, 256), each row adding up to 1."""
    from .kernels.histograms import channel_histograms

    counts = channel_histograms(np.ascontiguousarray(photo).reshape(-1, 3))
    shares: npt.NDArray[np.float64] = counts / (photo.size // 3)
    return shares
