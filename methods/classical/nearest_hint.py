"""The colour of the nearest hint."""

import numpy as np

from ..base import Chroma, Context, Hints, Lightness, Method, MethodInfo, register


@register
class NearestHint(Method):
    """Give every pixel the colour of the nearest hint, whatever lies between.

    The dull baseline: a method that spreads hints must be better. Without hints, all is grey.
    """

    info = MethodInfo(name="nearest-hint", family="hinted", source="baseline", hints=True, seeded=False)

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the hints' Voronoi diagram, float32 (N, H, W, 2)."""
        if context.hints is None:
            return np.zeros((*lightness.shape, 2), np.float32)
        return np.stack([_nearest(context.hints[photo]) for photo in range(len(lightness))])


def _nearest(hints: Hints) -> Chroma:
    from scipy.ndimage import distance_transform_edt  # slow to import

    if not hints.mask.any():
        return np.zeros_like(hints.ab)
    rows, columns = distance_transform_edt(~hints.mask, return_distances=False, return_indices=True)
    nearest: Chroma = hints.ab[rows, columns]
    return nearest
