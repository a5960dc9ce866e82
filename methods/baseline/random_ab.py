"""The colours of a random photo."""

import numpy as np

from ...datasets.color.conversion import rgb_to_lab
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register
from ..resize import resize_chroma


@register
class RandomAb(Method):
    """The chroma of a random training photo, resized to the target."""

    info = MethodInfo(
        name="random-ab",
        family="baseline",
        source="Zhang et al. 2016, Table 1, 'Random'",
        reference="random",
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return each reference's chroma at the target's size, float32 (N, H, W, 2)."""
        assert context.references is not None
        chroma = (rgb_to_lab(reference)[1] for reference in context.references)
        return np.stack([resize_chroma(ab, lightness.shape[1:3]) for ab in chroma])
