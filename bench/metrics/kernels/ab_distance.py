"""Distances in ab and the pixels within them."""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from .options import OPTIONS, Float32, Float64


@njit(**OPTIONS)
def squared_ab_distance(truth: Float32, predicted: Float32, squared: Float64) -> None:
    """Write (a₁ − a₂)² + (b₁ − b₂)² of chroma (N, 2) into `squared` (N,)."""
    for i in range(len(squared)):
        a = np.float64(truth[i, 0]) - np.float64(predicted[i, 0])
        b = np.float64(truth[i, 1]) - np.float64(predicted[i, 1])
        squared[i] = a * a + b * b


@njit(**OPTIONS)
def count_within(squared: Float64, limit: int) -> Float64:
    """Count pixels whose distance is ≤ t, for t = 0, 1, …, limit; the last element counts all pixels."""
    within = np.zeros(limit + 2)
    for i in range(len(squared)):
        within[min(math.ceil(math.sqrt(squared[i])), limit + 1)] += 1
    return within.cumsum()


@njit(**OPTIONS)
def weight_within(squared: Float64, bins: npt.NDArray[np.int16], weights: Float64, limit: int) -> Float64:
    """Do the same as `count_within`, with each pixel weighted by its bin."""
    within = np.zeros(limit + 2)
    for i in range(len(squared)):
        within[min(math.ceil(math.sqrt(squared[i])), limit + 1)] += weights[bins[i]]
    return within.cumsum()
