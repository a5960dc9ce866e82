"""Chrominance blending: colours weighted by their distance along the photo."""

import numpy as np
from pydantic import Field

from ..base import Chroma, Context, Hints, Lightness, Method, MethodInfo, register
from ..kernels.geodesic import nearest_sources


@register
class Geodesic(Method):
    """Blend the colours of the nearest hints, where near means a way with little change of lightness.

    The weight of a colour at distance d is d to a negative power, as in the paper. A step costs the change of
    lightness and, which the paper lacks, a little for its length: without it all hints of a flat area would
    be at distance 0. Only the few nearest colours count, so the work does not grow with the number of hints.
    Without hints, all is grey.
    """

    info = MethodInfo(
        name="geodesic",
        family="hinted",
        source="Yatziv & Sapiro 2006, Fast Image and Video Colorization Using Chrominance Blending",
        hints=True,
        seeded=False,
    )

    class Parameters(Method.Parameters):
        """The distance and the weights."""

        power: float = Field(4.0, ge=1, le=6, description="how fast a colour's weight falls with distance")
        length: float = Field(0.1, gt=0, le=10, description="cost of a step of one pixel, in units of L*")
        colours: int = Field(8, ge=1, le=64, description="number of nearest colours that are blended")

    parameters: Parameters

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the blended colours, float32 (N, H, W, 2)."""
        if context.hints is None:
            return np.zeros((*lightness.shape, 2), np.float32)
        return np.stack([self._blend(plane, context.hints[i]) for i, plane in enumerate(lightness)])

    def _blend(self, lightness: Lightness, hints: Hints) -> Chroma:
        if not hints.mask.any():
            return np.zeros_like(hints.ab)
        given = self.parameters
        colours, numbers = np.unique(hints.ab[hints.mask], axis=0, return_inverse=True)
        sources = np.full(hints.mask.shape, -1, np.int64)
        sources[hints.mask] = numbers.ravel()
        found, distances = nearest_sources(lightness, sources, min(given.colours, len(colours)), given.length)
        # Relative to the nearest, so that no power overflows; at a hint itself, 0 / 0, its own colour stands.
        nearest = np.maximum(distances[..., :1], 1e-9)
        weights = (np.maximum(distances, 1e-9) / nearest) ** -given.power
        weights /= weights.sum(axis=-1, keepdims=True)
        blended: Chroma = np.einsum("hwk,hwkc->hwc", weights, colours[found]).astype(np.float32)
        return blended
