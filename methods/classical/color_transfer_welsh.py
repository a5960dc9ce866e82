"""Welsh's transfer of colour to greyscale images."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...datasets.base import RGB
from ...datasets.color.conversion import rgb_to_lab
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register
from ..kernels.search import PatchIndex


@register
class ColorTransferWelsh(Method):
    """Copy the chroma of the reference pixel most similar in luminance and in local deviation.

    The reference's luminance is first remapped to the target's mean and deviation; candidates are a
    jittered grid of samples. Both features weigh one half. Taking the Euclidean distance of the two is ours:
    the paper only says "weighted average".
    """

    class Parameters(Method.Parameters):
        """Samples of the reference, and the window of the deviation."""

        samples: int = Field(
            200, ge=1, le=65536, description="approximate number of jittered samples of the reference"
        )
        window: int = Field(5, ge=1, le=31, description="side of the deviation's window in pixels")

    parameters: Parameters
    info = MethodInfo(
        name="color-transfer-welsh",
        family="classical",
        source="Welsh, Ashikhmin & Mueller 2002, Transferring Color to Greyscale Images, §3",
        reference="similar",
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the copied chroma, float32 (N, H, W, 2)."""
        assert context.references is not None
        pairs = zip(lightness, context.references, strict=True)
        return np.stack([self._transfer(target, source, context.rng(target)) for target, source in pairs])

    def _transfer(self, target: Lightness, reference: RGB, rng: np.random.Generator) -> Chroma:
        luminance, chroma = rgb_to_lab(reference)
        deviation = luminance.std()
        scale = target.std() / deviation if deviation > 0 else np.float32(0)
        remapped = (luminance - luminance.mean()) * scale + target.mean()
        rows, columns = _jittered_grid(remapped.shape, self.parameters.samples, rng)
        candidates = self._features(remapped)[rows, columns]
        _, nearest = PatchIndex(candidates).query(self._features(target).reshape(-1, 2), neighbours=1)
        return chroma[rows, columns][nearest[:, 0]].reshape(*target.shape, 2)

    def _features(self, luminance: Lightness) -> NDArray[np.float32]:
        """Return half the luminance and half its deviation in the window, float32 (H, W, 2)."""
        from scipy.ndimage import uniform_filter  # slow to import

        wide = luminance.astype(np.float64)
        size = self.parameters.window
        variance = uniform_filter(wide**2, size) - uniform_filter(wide, size) ** 2
        return np.stack([wide / 2, np.sqrt(variance.clip(0)) / 2], axis=-1).astype(np.float32)


def _jittered_grid(
    shape: tuple[int, ...], samples: int, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return one random pixel in each cell of a grid of about ``samples`` cells."""
    height, width = shape
    down = int(np.clip(round((samples * height / width) ** 0.5), 1, height))
    across = int(np.clip(round(samples / down), 1, width))
    row, column = np.mgrid[:down, :across]
    rows = (row + rng.random(row.shape)) * height / down
    columns = (column + rng.random(row.shape)) * width / across
    return rows.astype(np.intp).ravel(), columns.astype(np.intp).ravel()
