"""Distances along a photo against SciPy's shortest paths, one source at a time."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from huebench.methods.kernels.geodesic import nearest_sources


def distances_by_scipy(lightness, sources, length):
    """Return the distance of every pixel (row) from every source (column)."""
    height, width = lightness.shape
    plane, place = lightness.astype(np.float64), np.arange(height * width).reshape(height, width)
    starts, ends, costs = [], [], []
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        left = np.s_[: height - down, max(-across, 0) : width - max(across, 0)]
        right = np.s_[down:, max(across, 0) : width + min(across, 0)]
        starts.append(place[left].ravel())
        ends.append(place[right].ravel())
        costs.append((np.abs(plane[left] - plane[right]) + length * np.hypot(down, across)).ravel())
    graph = sp.csr_matrix(
        (np.concatenate(costs), (np.concatenate(starts), np.concatenate(ends))), (place.size,) * 2
    )
    names = np.unique(sources[sources >= 0])
    return np.stack(
        [dijkstra(graph, directed=False, indices=place[sources == name], min_only=True) for name in names],
        axis=1,
    )


def scattered(shape, count, seed=0):
    rng = np.random.default_rng(seed)
    sources = np.full(shape, -1)
    for name in range(count):
        top, left = rng.integers(0, shape[0] - 2), rng.integers(0, shape[1] - 2)
        sources[top : top + 2, left : left + 2] = name
    sources[0, 0] = 0  # a source of two parts
    return sources


@pytest.mark.parametrize("count", [1, 3, 12])
def test_distances_are_those_of_the_nearest_sources(lightness, count):
    photo, sources = lightness[50:90, 100:150], scattered((40, 50), 12)
    numbers, distances = nearest_sources(photo, sources, count, 0.1)
    every = distances_by_scipy(photo, sources, 0.1).reshape(40, 50, -1)
    np.testing.assert_allclose(distances, np.sort(every, axis=-1)[..., :count], atol=1e-9)
    np.testing.assert_allclose(np.take_along_axis(every, numbers, axis=-1), distances, atol=1e-9)
    assert all(len(set(own)) == count for own in numbers.reshape(-1, count).tolist())


def test_a_source_is_at_distance_0_of_its_own_pixels(lightness):
    sources = scattered((30, 30), 4)
    numbers, distances = nearest_sources(lightness[:30, :30], sources, 2, 0.5)
    own = sources >= 0
    np.testing.assert_array_equal(numbers[own][:, 0], sources[own])
    assert not distances[own][:, 0].any()
    assert (distances[~own] > 0).all()


def test_a_tie_goes_to_the_smaller_number():
    sources = np.full((1, 5), -1)
    sources[0, 0], sources[0, 4] = 1, 0
    numbers, _ = nearest_sources(np.zeros((1, 5), np.float32), sources, 1, 1.0)
    assert numbers[0, :, 0].tolist() == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("count", "length", "message"),
    [
        (0, 0.1, "from 1 to the number of sources, 4, not 0"),
        (5, 0.1, "4, not 5"),
        (1, 0, "length must be above 0"),
    ],
)
def test_wrong_numbers_are_refused(lightness, count, length, message):
    with pytest.raises(ValueError, match=message):
        nearest_sources(lightness[:30, :30], scattered((30, 30), 4), count, length)
