"""Constants of sRGB and CIE L*a*b* that the NumPy conversion and the one on tensors share.

Numba's cache does not notice a change here: change `kernels` in the same commit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

_RGB_TO_XYZ: Final = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)

RGB_TO_XYZ: Final = _RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)
"""Linear sRGB (Rec. 709 primaries) to CIE XYZ over the white, shape (3, 3).

Each row is divided by its sum, which is the D65 white (0.950456, 1, 1.088754): grey has X = Y = Z, so its
chroma is zero, and zero chroma is grey.
"""

XYZ_TO_RGB: Final = np.linalg.inv(RGB_TO_XYZ)
"""The inverse of `RGB_TO_XYZ`."""

# CIE 15:2004: f(t) = ∛t above KNEE, and SLOPE · t + OFFSET below it.
KNEE: Final = (6 / 29) ** 3
KNEE_ROOT: Final = 6 / 29
SLOPE: Final = (29 / 6) ** 2 / 3
INVERSE_SLOPE: Final = 3 * (6 / 29) ** 2
OFFSET: Final = 4 / 29

# IEC 61966-2-1: sRGB is 1.055 · v^(1 / 2.4) − 0.055 of linear light v above ENCODING_KNEE, and
# ENCODING_SLOPE · v below it.
ENCODING_KNEE: Final = 0.0031308
ENCODING_SLOPE: Final = 12.92


def _decode_srgb(encoded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn sRGB values 0…1 into linear light (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / ENCODING_SLOPE, ((encoded + 0.055) / 1.055) ** 2.4)


LINEAR: Final[npt.NDArray[np.float32]] = _decode_srgb(np.arange(256) / 255).astype(np.float32)
"""Linear light, 0…1, of each of the 256 levels of sRGB, shape (256,)."""
