"""The loops of `som`. Private, and imports Numba; `som` is the public module."""

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

FASTMATH = {"contract"}
"""Fused multiply-adds only: no reordering, so that a seed gives the same map everywhere."""


@njit(cache=True, fastmath=FASTMATH)
def winner(sample: Float32, across: Float32, squares: Float32) -> int:
    """Return the nearest of the codewords `across` (D, nodes), with all squared distances in `squares`."""
    squares[:] = 0
    for d in range(sample.size):
        value = sample[d]
        for node in range(squares.size):
            squares[node] += (across[d, node] - value) ** 2
    # Squares are not negative, so their bits order them as integers, whose minimum runs on vectors.
    bits = squares.view(np.int32)
    lowest = bits[0]
    for node in range(bits.size):
        lowest = min(lowest, bits[node])
    best = 0
    while bits[best] != lowest:
        best += 1
    return best


@njit(cache=True)
def falloff(centre: int, radius: float, weights: Float32 | Float64) -> None:
    """Fill weights[i] = exp(-(i - centre)² / 2 radius²): one side of the separable Gaussian neighbourhood."""
    for away in range(max(centre, weights.size - 1 - centre) + 1):
        weight = np.exp(-(away * away) / (2 * radius * radius))
        if away <= centre:
            weights[centre - away] = weight
        if centre + away < weights.size:
            weights[centre + away] = weight


@njit(cache=True, fastmath=FASTMATH)
def learn_online(
    samples: Float32, drawn: Index, codewords: Float32, columns: int,
    first_radius: float, last_radius: float, first_rate: float, last_rate: float,
) -> Float32:  # fmt: skip
    """Repeat codeword += rate · neighbourhood · (sample - codeword), a sample at a time."""
    nodes, dimensions = codewords.shape
    rows = nodes // columns
    across = codewords.T.copy()
    squares = np.empty(nodes, np.float32)
    down_weights = np.empty(rows, np.float32)
    along_weights = np.empty(columns, np.float32)
    for step in range(drawn.size):
        progress = step / drawn.size
        radius = first_radius * (last_radius / first_radius) ** progress
        rate = np.float32(first_rate * (last_rate / first_rate) ** progress)
        sample = samples[drawn[step]]
        best = winner(sample, across, squares)
        falloff(best // columns, radius, down_weights)
        falloff(best % columns, radius, along_weights)
        for d in range(dimensions):
            value = sample[d]
            for row in range(rows):
                strength = rate * down_weights[row]
                start = row * columns
                for column in range(columns):
                    old = across[d, start + column]
                    across[d, start + column] = old + strength * along_weights[column] * (value - old)
    return across.T.copy()


@njit(cache=True, parallel=True)
def nearest(samples: Float32, across: Float32, nodes: Index, squares: Float32) -> None:
    """Find the nearest of the codewords `across` (D, nodes) for every sample."""
    count = samples.shape[0]
    for chunk in prange((count + 1023) // 1024):
        distances = np.empty(across.shape[1], np.float32)
        for i in range(chunk * 1024, min(count, chunk * 1024 + 1024)):
            best = winner(samples[i], across, distances)
            nodes[i] = best
            squares[i] = distances[best]


@njit(cache=True)
def gather(samples: Float32, nodes: Index, sums: Float64, counts: Float64) -> None:
    """Sum the samples that fall to every codeword, one after another: the same for any number of threads."""
    sums[:] = 0
    counts[:] = 0
    for i in range(samples.shape[0]):
        counts[nodes[i]] += 1
        for d in range(samples.shape[1]):
            sums[nodes[i], d] += samples[i, d]


@njit(cache=True)
def learn_batch(
    samples: Float32, steps: int, codewords: Float32, columns: int, first_radius: float, last_radius: float
) -> Float32:
    """Repeat codeword = Σ neighbourhood · sample / Σ neighbourhood, over all samples, once a step."""
    nodes, dimensions = codewords.shape
    rows = nodes // columns
    across = codewords.T.copy()
    down_weights = np.empty(rows)
    along_weights = np.empty(columns)
    mean = np.empty(dimensions)
    winners = np.empty(samples.shape[0], np.intp)
    squares = np.empty(samples.shape[0], np.float32)
    sums = np.empty((nodes, dimensions))
    counts = np.empty(nodes)
    for step in range(steps):
        radius = first_radius * (last_radius / first_radius) ** (step / max(1, steps - 1))
        nearest(samples, across, winners, squares)
        gather(samples, winners, sums, counts)
        for node in range(nodes):
            falloff(node // columns, radius, down_weights)
            falloff(node % columns, radius, along_weights)
            mean[:] = 0
            total = 0.0
            for other in range(nodes):
                weight = down_weights[other // columns] * along_weights[other % columns]
                total += weight * counts[other]
                for d in range(dimensions):
                    mean[d] += weight * sums[other, d]
            if total > 1e-9:  # a node too far from every sample stays where it is
                for d in range(dimensions):
                    across[d, node] = mean[d] / total
    return across.T.copy()
