"""Sums of the opponent colours of a photo."""

import numpy as np
import numpy.typing as npt
from numba import njit

from .options import OPTIONS, UInt8


@njit(**OPTIONS)
def opponent_sums(rgb: UInt8) -> npt.NDArray[np.int64]:
    """Σ of rg, rg², |rg|, 2yb, (2yb)², |2yb| of rgb (N, 3), exact, with rg = R − G, 2yb = R + G − 2B."""
    sums = np.zeros(6, np.int64)
    for i in range(len(rgb)):
        red, green, blue = np.int64(rgb[i, 0]), np.int64(rgb[i, 1]), np.int64(rgb[i, 2])
        rg, yb = red - green, red + green - 2 * blue
        sums[0] += rg
        sums[1] += rg * rg
        sums[2] += abs(rg)
        sums[3] += yb
        sums[4] += yb * yb
        sums[5] += abs(yb)
    return sums
