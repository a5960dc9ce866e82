"""Reinhard's colour transfer in lαβ."""

import numpy as np
from numpy.typing import NDArray

from ...datasets.base import RGB
from ...datasets.color.conversion import (
    lalphabeta_to_rgb,
    neutral_photo,
    rgb_to_lab,
    rgb_to_lalphabeta,
)
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register


@register
class ColorTransferReinhard(Method):
    """Give l, α and β the reference's means and standard deviations.

    A grey image has constant α and β, so their deviation is zero and nothing can be scaled: the result has
    the reference's mean α and β everywhere, a flat tint. This is a limit of the method, which was made for
    colour images, not a fault of this implementation.
    """

    info = MethodInfo(
        name="color-transfer-reinhard",
        family="classical",
        source="Reinhard, Ashikhmin, Gooch & Shirley 2001, Color Transfer between Images, eq. 10–11",
        reference="similar",
        seeded=False,
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the chroma of the transferred image, float32 (N, H, W, 2)."""
        assert context.references is not None
        return np.stack([_transfer(*pair) for pair in zip(lightness, context.references, strict=True)])


def _transfer(lightness: Lightness, reference: RGB) -> Chroma:
    grey = neutral_photo(lightness)
    target, source = rgb_to_lalphabeta(grey), rgb_to_lalphabeta(reference)
    return rgb_to_lab(lalphabeta_to_rgb(_match_moments(target, source)))[1]


def _match_moments(target: NDArray[np.float32], source: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale and shift each channel to the source's deviation and mean (eq. 11)."""
    deviation = target.std((0, 1), dtype=np.float64)
    # Rounding leaves a grey image's α and β a deviation of about 1e-7; scaling by it would blow up noise.
    constant = deviation < 1e-4
    scale = np.where(constant, 0, source.std((0, 1), dtype=np.float64) / np.where(constant, 1, deviation))
    matched = (target - target.mean((0, 1), dtype=np.float64)) * scale + source.mean((0, 1), dtype=np.float64)
    return np.asarray(matched, np.float32)
