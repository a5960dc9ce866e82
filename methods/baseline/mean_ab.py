"""One colour for everything: the mean of the training photos."""

import numpy as np

from ...datasets.color.conversion import rgb_to_lab
from ...datasets.photos import PhotoSet
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register


@register
class MeanAb(Method):
    """The mean chroma of the training pixels: the best constant under a squared loss."""

    info = MethodInfo(
        name="mean-ab",
        family="baseline",
        source="the constant that minimises MSE",
        trainable=True,
        seeded=False,
    )
    fitted = ("mean",)
    mean: Chroma

    def fit(self, train: PhotoSet, validation: PhotoSet, context: Context) -> None:
        """Average a* and b* over all pixels of all training photos, in float64."""
        means = []
        for photo in train:
            means.append(rgb_to_lab(photo.rgb)[1].mean((0, 1), dtype=np.float64))
            context.progress(len(means), len(train), "averaging chroma")
        self.mean = np.mean(means, axis=0).astype(np.float32)

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the mean everywhere, float32 (N, H, W, 2)."""
        return np.broadcast_to(self.mean, (*lightness.shape, 2)).copy()
