"""The true colour of key frames, carried along the motion."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ..base import Chroma, Context, Lightness, Method, MethodInfo, register
from ..kernels.flow import warp
from ..motion import there_and_back


@register
class Propagated(Method):
    """Every fiftieth frame is given in colour, and its chroma follows the motion to the next.

    An exemplar method: it sees the true colour of its key frames, so it is never ranked among automatic ones.
    Where a pixel's colour is hidden in the frame before, it takes the mean chroma of those that are not.
    """

    class Parameters(Method.Parameters):
        """The key frames."""

        every: int = Field(50, ge=1, description="frames from one key frame to the next")

    parameters: Parameters
    info = MethodInfo(
        name="propagated",
        family="exemplar",
        source="key frames carried along dense inverse search, Kroeger et al. 2016, arXiv:1603.03590",
        temporal=True,
        clips=True,
        seeded=False,
        requires={"cv2": "video"},
    )

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self.start()

    def start(self) -> None:
        """Forget the frames before."""
        self._lightness: np.ndarray | None = None
        self._chroma: Chroma | None = None

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Carry the colour on to the next frames of the clip, float32 (N, H, W, 2)."""
        assert context.true_chroma is not None
        chroma = np.zeros((*lightness.shape, 2), np.float32)
        for now, (plane, given) in enumerate(zip(lightness, context.true_chroma, strict=True)):
            if np.isfinite(given).all():
                chroma[now] = given
            elif self._lightness is not None and self._chroma is not None:
                to_before, _, seen = there_and_back(plane, self._lightness)
                chroma[now] = warp(self._chroma, to_before)
                if seen.any():
                    chroma[now][~seen] = chroma[now][seen].mean(axis=0)
            self._lightness, self._chroma = plane.copy(), chroma[now].copy()
        return chroma
