"""Histogram matching against a reference photo."""

import numpy as np
from skimage.exposure import match_histograms

from ...datasets.base import RGB
from ...datasets.color.conversion import neutral_photo, rgb_to_lab
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register


@register
class HistogramMatching(Method):
    """Give the grey image's R, G and B the reference's cumulative histograms.

    The three channels of a grey image are equal, so its colour becomes a function of its lightness alone:
    the reference's dark pixels colour the dark ones, its light pixels the light ones.
    """

    info = MethodInfo(
        name="histogram-matching",
        family="classical",
        source="Das et al. 2023, §III; Gonzalez & Woods, Digital Image Processing, §3.3.2",
        reference="similar",
        seeded=False,
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the chroma of the matched image, float32 (N, H, W, 2)."""
        assert context.references is not None
        return np.stack([_match(*pair) for pair in zip(lightness, context.references, strict=True)])


def _match(lightness: Lightness, reference: RGB) -> Chroma:
    grey = neutral_photo(lightness)
    matched = match_histograms(grey, reference, channel_axis=-1)
    return rgb_to_lab(np.rint(matched).astype(np.uint8))[1]
