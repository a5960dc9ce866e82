"""The true chroma at the output resolution of a network."""

import numpy as np
from pydantic import Field

from ..base import Chroma, Context, Lightness, Method, MethodInfo, register
from ..resize import resize_chroma


@register
class OracleLowres(Method):
    """The upper bound for networks that predict chroma on a coarse grid and upsample it."""

    class Parameters(Method.Parameters):
        """The size of the coarse grid."""

        size: int = Field(56, ge=1, le=4096, description="side of the coarse grid in pixels")

    parameters: Parameters
    info = MethodInfo(
        name="oracle-lowres",
        family="baseline",
        source="Zhang et al. 2016: networks predict 56² chroma and upsample it",
        oracle=True,
        seeded=False,
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the true chroma, averaged down to the grid and upsampled, float32 (N, H, W, 2)."""
        assert context.true_chroma is not None
        size = self.parameters.size
        coarse = (resize_chroma(ab, (size, size)) for ab in context.true_chroma)
        return np.stack([resize_chroma(ab, lightness.shape[1:3]) for ab in coarse])
