"""The base of the patch classifiers: a codebook of colours, patches of lightness, decoding to a*b*."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from ....datasets.base import RGB
from ....datasets.color.conversion import neutral_photo, rgb_to_lab, rgb_to_yuv, yuv_to_rgb
from ....datasets.photos import PhotoSet
from ...base import Budget, Chroma, Context, Lightness, Method
from ...kernels.patches import extract_patches
from ...kernels.som import assign, train_som
from ...kernels.votes import Decoding
from ...resize import resize_plane

Features = NDArray[np.float32]  #: One row per pixel, float32 (N, D)

SAMPLES: dict[Budget, int] = {"smoke": 10_000, "quick": 300_000, "long": 3_000_000, "paper": 10_500_000}
"""Training pixels in all; ``paper`` is 2,500 from each of 4,200 photos."""

COARSER = 4  #: Ratio of the pixel sizes of two successive scales


PatchSize = Annotated[Literal[3, 5, 7, 9, 11], BeforeValidator(int)]


class PatchCodebook(Method):
    """Classify patches of lightness into the nodes of a self-organising map over chroma.

    The map is the codebook: the class of a training pixel is the node nearest to its chroma, and its
    features are the lightness of the square patch around it. Training photos are read one at a time, and
    each gives its share of pixels, so memory depends on the samples, not on the photos.
    """

    class Parameters(Method.Parameters):
        """The codebook, the sample of pixels, the features, and the decoding."""

        space: Literal["uv", "ab"] = Field("uv", description="chroma of the codebook: of YUV or of CIE Lab")
        nodes: int = Field(16, ge=2, le=64, description="side of the square self-organising map")
        patch: PatchSize = Field(5, description="side of the patch in pixels")
        pixels: int = Field(2500, ge=1, description="pixels drawn from each training photo at most")
        samples: int | None = Field(
            None, ge=1, description="pixels drawn in all; None: depends on the budget"
        )
        scales: int = Field(1, ge=1, le=4, description="patches at this many scales, each 4× coarser (ours)")
        position: float = Field(0, ge=0, description="weight of the pixel's position in the photo (ours)")
        decoding: Decoding = Field("mean", description="decoding of the votes: majority, mean or annealed")
        temperature: float = Field(0.38, gt=0, lt=1, description="temperature of the annealed decoding")

    parameters: Parameters
    fitted: ClassVar[tuple[str, ...]] = ("codewords",)
    codewords: NDArray[np.float32]

    def fit(self, train: PhotoSet, validation: PhotoSet, context: Context) -> None:
        """Draw pixels, train the map on their chroma, and learn to predict nodes from patches."""
        features, chroma = self.draw(train, context)
        chosen = self.parameters
        self.codewords = train_som(chroma, chosen.nodes, chosen.nodes, seed=context.seed)
        self.learn(features, assign(chroma, self.codewords), validation, context)

    def draw(self, train: PhotoSet, context: Context) -> tuple[Features, NDArray[np.float32]]:
        """Return features and chroma of training pixels, the same number from every photo.

        That number is `pixels`, or less if all photos together would give more than `samples`, so that every
        photo takes part (ours).
        """
        wanted = self.parameters.samples or SAMPLES[context.budget]
        share = max(1, min(self.parameters.pixels, wanted // max(1, len(train))))
        photos = train.sample(wanted, context.rng())
        features, chroma = [], []
        for number, photo in enumerate(photos, 1):
            lightness, ab = rgb_to_lab(photo.rgb)
            pixels = context.rng(lightness).permutation(lightness.size)[:share]
            features.append(self.features(lightness, pixels))
            chroma.append(self._chroma(photo.rgb, ab).reshape(-1, 2)[pixels])
            context.progress(number, len(photos), "drawing pixels")
        return np.concatenate(features), np.concatenate(chroma)

    def features(self, lightness: Lightness, pixels: NDArray[np.intp] | None = None) -> Features:
        """Return the features of some pixels of one photo, by default of all.

        They are the patch of lightness around each pixel and, if the parameters ask for them, patches of
        coarser copies of the photo, and the pixel's row and column from 0 to 100 times the weight.
        """
        height, width = lightness.shape
        place = np.arange(lightness.size) if pixels is None else pixels
        columns = [extract_patches(lightness, pixels, self.parameters.patch)]
        for scale in range(1, self.parameters.scales):
            step = COARSER**scale
            coarse = resize_plane(lightness, (-(-height // step), -(-width // step)))
            inside = (place // width // step) * coarse.shape[1] + place % width // step
            columns.append(extract_patches(coarse, inside, self.parameters.patch))
        if self.parameters.position:
            where = np.stack([place // width / height, place % width / width], axis=1)
            columns.append((100 * self.parameters.position * where).astype(np.float32))
        return columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Predict the colour of every pixel, photo by photo, float32 (N, H, W, 2)."""
        return np.stack([self._colorize(plane) for plane in lightness])

    def _colorize(self, lightness: Lightness) -> Chroma:
        colours = self.predict(self.features(lightness)).reshape(*lightness.shape, 2)
        if self.parameters.space == "ab":
            return colours
        grey = neutral_photo(lightness)
        return rgb_to_lab(yuv_to_rgb(rgb_to_yuv(grey)[0], colours))[1]

    @abstractmethod
    def learn(
        self, features: Features, nodes: NDArray[np.intp], validation: PhotoSet, context: Context
    ) -> None:
        """Learn to predict nodes of the map from features."""

    @abstractmethod
    def predict(self, features: Features) -> NDArray[np.float32]:
        """Return the decoded colour of each row of features, float32 (N, 2), in the codebook's space."""

    def _chroma(self, rgb: RGB, ab: Chroma) -> NDArray[np.float32]:
        return ab if self.parameters.space == "ab" else rgb_to_yuv(rgb)[1]
