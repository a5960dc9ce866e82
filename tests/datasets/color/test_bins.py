"""Bins of the chroma plane, against brute force and published counts."""

import numpy as np
import pytest
import skimage.data

from huebench.datasets.color import rgb_to_lab
from huebench.datasets.color.bins import AbBins, gamut_bins


def brute_force(ab, nodes):
    return np.square(ab[:, None].astype(float) - nodes).sum(axis=-1).argmin(axis=1)


@pytest.fixture(scope="module")
def chroma():
    return rgb_to_lab(skimage.data.astronaut()[::9, ::9])[1].reshape(-1, 2)


def test_gamut_bins_are_the_261_of_the_srgb_cube():
    bins = gamut_bins()
    assert len(bins) == 261
    np.testing.assert_array_equal(bins.nodes.min(axis=0), [-90, -110])
    np.testing.assert_array_equal(bins.nodes.max(axis=0), [100, 90])
    assert [0, 0] in bins.nodes.tolist()
    steps = np.arange(-120, 121, 10, dtype=np.float32)
    grid = AbBins(np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2))
    level = np.arange(256, dtype=np.uint8)
    reached = set()
    for red in level:
        plane = np.stack(np.broadcast_arrays(red, level[:, None], level), axis=-1)
        reached |= set(np.unique(grid.assign(rgb_to_lab(plane)[1])).tolist())
    np.testing.assert_array_equal(bins.nodes, grid.nodes[sorted(reached)])


def test_assign_matches_brute_force_over_the_gamut(chroma):
    bins = gamut_bins()
    np.testing.assert_array_equal(bins.assign(chroma), brute_force(chroma, bins.nodes))


def test_assign_matches_brute_force_where_the_nearest_node_is_missing(chroma):
    rng = np.random.default_rng(0)
    bins = AbBins(gamut_bins().nodes[rng.permutation(261)[:40]])
    anywhere = rng.uniform(-150, 150, (2_000, 2)).astype(np.float32)
    for ab in (chroma, anywhere):
        np.testing.assert_array_equal(bins.assign(ab), brute_force(ab, bins.nodes))


def test_assign_keeps_the_leading_shape_and_reaches_beyond_the_grid():
    bins = gamut_bins()
    assert bins.assign(np.zeros((3, 4, 5, 2), np.float32)).shape == (3, 4, 5)
    far = bins.assign(np.float32([[1e6, -1e6]]))
    np.testing.assert_array_equal(far, brute_force(np.float32([[1e6, -1e6]]), bins.nodes))


def test_prior_of_hand_counted_photos():
    bins = gamut_bins()
    grey = np.full((2, 3, 3), 128, np.uint8)
    red = np.zeros((1, 2, 3), np.uint8)
    red[..., 0] = 255  # ab = (80.09, 67.20), nearest node (80, 70)
    prior = bins.prior(iter([grey, red]))
    assert prior.dtype == np.float64
    assert prior[bins.nodes.tolist().index([0, 0])] == 6 / 8
    assert prior[bins.nodes.tolist().index([80, 70])] == 2 / 8
    assert prior.sum() == 1


def test_prior_of_nothing_is_zero():
    assert not gamut_bins().prior([]).any()


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (np.zeros((4, 3)), r"shape \(Q, 2\)"),
        (np.zeros((0, 2)), r"shape \(Q, 2\)"),
        (np.array([[0.0, 5.0]]), "must lie on the grid"),
        (np.array([[0.0, 130.0]]), "must lie on the grid"),
        (np.array([[0.0, 10.0], [0.0, 10.0]]), "repeats a bin"),
    ],
)
def test_invalid_nodes_are_refused(nodes, message):
    with pytest.raises(ValueError, match=message):
        AbBins(nodes.astype(np.float32))
