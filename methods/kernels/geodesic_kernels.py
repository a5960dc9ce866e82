"""The loop of `geodesic`. Private, and imports Numba; `geodesic` is the public module."""

import heapq
from typing import Any

import numpy as np
from numba import njit

OPTIONS: dict[str, Any] = {"error_model": "numpy", "cache": True, "nogil": True}


@njit(**OPTIONS)
def spread(lightness, sources, length, numbers, distances):
    """Fill in every pixel's nearest sources, by Dijkstra's algorithm from all sources at once.

    A pixel keeps only its nearest sources known so far. No shortest way is lost: if a pixel on it has enough
    nearer sources, then so has its end.
    """
    height, width = lightness.shape
    heap = [(0.0, np.int64(0), np.int64(0)) for _ in range(0)]  # so that Numba knows the type
    for i in range(height):
        for j in range(width):
            if sources[i, j] >= 0:
                numbers[i, j, 0], distances[i, j, 0] = sources[i, j], 0.0
                heap.append((0.0, sources[i, j], np.int64(i * width + j)))
    heapq.heapify(heap)
    while len(heap) > 0:
        distance, source, place = heapq.heappop(heap)
        i, j = place // width, place % width
        if not _holds(numbers[i, j], distances[i, j], source, distance):
            continue  # a nearer way was found since
        for y in range(max(i - 1, 0), min(i + 2, height)):
            for x in range(max(j - 1, 0), min(j + 2, width)):
                if y != i or x != j:
                    step = abs(lightness[y, x] - lightness[i, j])
                    step += length if y == i or x == j else length * np.sqrt(2.0)
                    if _improve(numbers[y, x], distances[y, x], source, distance + step):
                        heapq.heappush(heap, (distance + step, source, np.int64(y * width + x)))


@njit(**OPTIONS)
def _holds(numbers, distances, source, distance):
    for k in range(len(numbers)):
        if numbers[k] == source:
            return distances[k] == distance
    return False


@njit(**OPTIONS)
def _improve(numbers, distances, source, distance):
    """Put a source into a pixel's sorted list if it belongs there, and return whether it does."""
    last = len(numbers) - 1
    for k in range(len(numbers)):
        if numbers[k] == source:
            last = k
            break
    if distances[last] < distance or (distances[last] == distance and numbers[last] <= source):
        return False
    while last > 0 and (
        distances[last - 1] > distance or (distances[last - 1] == distance and numbers[last - 1] > source)
    ):
        numbers[last], distances[last] = numbers[last - 1], distances[last - 1]
        last -= 1
    numbers[last], distances[last] = source, distance
    return True
