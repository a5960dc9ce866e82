"""The K nearest reference pixels of every grey pixel."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...datasets.base import RGB
from ...datasets.color.conversion import rgb_to_lab
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register
from ..kernels.search import PatchIndex


@register
class PixelKNN(Method):
    """Average the chroma of the K reference pixels nearest in lightness.

    Thousands of reference pixels share one lightness; a seeded draw of `samples` of them, in random order,
    keeps ties from favouring the top of the photo (ours; the source does not say).
    """

    class Parameters(Method.Parameters):
        """Number of neighbours and of reference pixels."""

        neighbours: int = Field(5, ge=1, le=1000, description="reference pixels averaged for each pixel")
        samples: int = Field(10_000, ge=1, description="number of reference pixels drawn at most")

    parameters: Parameters
    info = MethodInfo(
        name="pixel-knn",
        family="classical",
        source="Das et al. 2023, §III, 'K-Nearest Neighbour (KNN) based colorization'",
        reference="similar",
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the neighbours' mean chroma, float32 (N, H, W, 2)."""
        assert context.references is not None
        pairs = zip(lightness, context.references, strict=True)
        return np.stack([self._colorize(target, source, context.rng(target)) for target, source in pairs])

    def _colorize(self, target: Lightness, reference: RGB, rng: np.random.Generator) -> Chroma:
        luminance, chroma = (
            plane.reshape(reference.shape[0] * reference.shape[1], -1) for plane in rgb_to_lab(reference)
        )
        drawn = rng.permutation(len(luminance))[: self.parameters.samples]
        neighbours = min(self.parameters.neighbours, len(drawn))
        # A photo has at most a few thousand distinct lightnesses, so each is searched once.
        levels, which = np.unique(target, return_inverse=True)
        _, nearest = PatchIndex(luminance[drawn]).query(levels[:, None], neighbours=neighbours)
        return _mean_chroma(chroma[drawn], nearest)[which].reshape(*target.shape, 2)


def _mean_chroma(chroma: Chroma, nearest: NDArray[np.intp]) -> Chroma:
    """Return the mean over each row of indices, float32 (Q, 2)."""
    return np.asarray(chroma[nearest].mean(axis=1, dtype=np.float64), np.float32)
