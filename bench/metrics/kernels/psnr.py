"""The squared error of two photos."""

import numpy as np
from numba import njit

from .options import OPTIONS, UInt8


@njit(**OPTIONS)
def squared_error(truth: UInt8, predicted: UInt8) -> np.int64:
    """Sum of squared differences of two flat uint8 arrays, exact."""
    total = np.int64(0)
    for i in range(len(truth)):
        difference = np.int32(truth[i]) - np.int32(predicted[i])
        total += difference * difference
    return total
