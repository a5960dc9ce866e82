"""No colour at all."""

import numpy as np

from ..base import Chroma, Context, Lightness, Method, MethodInfo, register


@register
class Gray(Method):
    """The lower bound: a* = b* = 0 everywhere."""

    info = MethodInfo(
        name="gray", family="baseline", source="Zhang et al. 2016, Table 1, 'Grayscale'", seeded=False
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return zeros, float32 (N, H, W, 2)."""
        return np.zeros((*lightness.shape, 2), np.float32)
