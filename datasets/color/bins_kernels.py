"""Numba kernel of `huebench.datasets.color.bins`; imported on its first call."""

# Numba ships no types.
# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
import numpy.typing as npt
from numba import njit

REACH = 12
"""The grid's outermost node, in steps of 10."""


@njit(cache=True, nogil=True)
def assign(
    ab: npt.NDArray[np.float32],
    bin_of_node: npt.NDArray[np.int16],
    nodes: npt.NDArray[np.float32],
    bins: npt.NDArray[np.int16],
) -> None:
    """Write the bin nearest to each chroma of `ab` (N, 2) into `bins` (N,).

    The set is a part of the grid. If it has the grid's nearest node, that is the nearest one of the set;
    otherwise all nodes are compared.
    """
    for i in range(len(ab)):
        row = min(max(math.floor(ab[i, 0] * 0.1 + 0.5), -REACH), REACH) + REACH
        column = min(max(math.floor(ab[i, 1] * 0.1 + 0.5), -REACH), REACH) + REACH
        chosen = bin_of_node[row, column]
        if chosen < 0:
            nearest = np.inf
            for k in range(len(nodes)):
                distance = (ab[i, 0] - nodes[k, 0]) ** 2 + (ab[i, 1] - nodes[k, 1]) ** 2
                if distance < nearest:
                    nearest, chosen = distance, np.int16(k)
        bins[i] = chosen
