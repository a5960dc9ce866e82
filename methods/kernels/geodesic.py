"""Distances along a photo: to the nearest few of many sources, on ways with little change of lightness."""

import numpy as np
from numpy.typing import NDArray


def nearest_sources(
    lightness: NDArray[np.float32], sources: NDArray[np.int64], count: int, length: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest sources of every pixel, and how far they are.

    A way goes from pixel to pixel among eight neighbours. A step costs the change of lightness plus
    ``length`` times the distance of the pixels' centres, 1 or √2.

    Parameters
    ----------
    lightness : array (H, W) of float32
        L* of one photo, 0…100.
    sources : array (H, W) of int64
        The number of the source that a pixel belongs to, from 0, or −1. A source may have many pixels.
    count : int
        Number of sources to find for every pixel: at most as many as there are.
    length : float
        Cost of a step of one pixel, in units of L*; above 0.

    Returns
    -------
    numbers : array (H, W, count) of int64
        The sources, the nearest first; of two at the same distance, the one of the smaller number.
    distances : array (H, W, count) of float64
        Their distances, 0 at a source's own pixels.

    Raises
    ------
    ValueError
        If there are fewer sources than ``count``, or the length is not above 0.
    """
    known = np.unique(sources[sources >= 0])
    if not 1 <= count <= len(known):
        raise ValueError(f"count must be from 1 to the number of sources, {len(known)}, not {count}")
    if not length > 0:
        raise ValueError(f"length must be above 0, not {length}")
    from .geodesic_kernels import spread  # Numba is slow to import

    numbers = np.full((*lightness.shape, count), -1, np.int64)
    distances = np.full((*lightness.shape, count), np.inf)
    spread(
        np.ascontiguousarray(lightness, np.float64), np.ascontiguousarray(sources), length, numbers, distances
    )
    return numbers, distances
