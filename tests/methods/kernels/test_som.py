"""`som` against Kohonen's rules in NumPy, and against what a map must do."""

import numpy as np
import pytest

from huebench.methods.kernels.som import RADII, RATES, _principal_plane, assign, quantisation_error, train_som

from . import naive


def rings(seed, count):
    """Samples on two rings, as hues of two colours are."""
    random = np.random.default_rng(seed)
    angle, radius = random.uniform(0, 2 * np.pi, count), random.choice([10, 40], count)
    return (np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]).astype(np.float32)


def test_online_matches_naive_rule():
    samples = rings(0, 500)
    drawn = np.random.default_rng(3).integers(0, 500, 800)
    expected = naive.som_online(samples, drawn, _principal_plane(samples, 4, 6), 6, RADII, RATES)
    codewords = train_som(samples, 4, 6, steps=800, seed=3)
    assert codewords.shape == (24, 2)
    assert codewords.dtype == np.float32
    np.testing.assert_allclose(codewords, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("radii", [(1.0, 0.3), (3.0, 0.5)])
def test_batch_matches_naive_rule(radii):
    samples = rings(0, 3000)
    expected = naive.som_batch(samples, 6, _principal_plane(samples, 5, 3), 3, radii)
    codewords = train_som(samples, 5, 3, rule="batch", radii=radii, steps=6)
    np.testing.assert_allclose(codewords, expected, rtol=1e-3, atol=1e-2)


def test_batch_leaves_a_node_without_samples_where_it_is():
    samples = np.array([[-1, 0]] * 50 + [[1, 0]] * 50, np.float32)
    codewords = train_som(samples, 1, 5, rule="batch", radii=(0.05, 0.05), steps=3)
    np.testing.assert_allclose(codewords[:, 0], [-2, -1, 0, 1, 2], atol=1e-6)


@pytest.mark.parametrize("count", [1, 1000, 70_000])
def test_assign_matches_naive_winners(count):
    samples, codewords = rings(1, count), rings(2, 30)
    nodes, squares = naive.winners(samples, codewords)
    assert (assign(samples, codewords) == nodes).all()
    np.testing.assert_allclose(quantisation_error(samples, codewords), np.sqrt(squares).mean(), rtol=1e-6)


def test_equally_near_codewords_give_the_first():
    assert assign(np.zeros((3, 2), np.float32), np.ones((4, 2), np.float32)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("rule", ["online", "batch"])
def test_a_seed_gives_one_map_whatever_the_threads(threads, rule):
    first = train_som(rings(0, 5000), 8, 8, rule=rule, seed=1)
    again = train_som(rings(0, 5000), 8, 8, rule=rule, seed=1)
    assert first.tobytes() == again.tobytes()
    if rule == "online":
        assert first.tobytes() != train_som(rings(0, 5000), 8, 8, seed=2).tobytes()


def test_maps_of_one_and_of_two_threads_are_the_same_bytes():
    numba = pytest.importorskip("numba")
    maps = []
    before = numba.get_num_threads()
    for count in (1, before):
        numba.set_num_threads(count)
        maps.append(train_som(rings(0, 50_000), 6, 6, rule="batch").tobytes())
    numba.set_num_threads(before)
    assert maps[0] == maps[1]


@pytest.mark.parametrize("rule", ["online", "batch"])
def test_training_lowers_the_quantisation_error_and_keeps_neighbours_alike(rule):
    samples = np.random.default_rng(0).uniform(0, 100, (5000, 2)).astype(np.float32)
    codewords = train_som(samples, 10, 10, rule=rule)
    start = _principal_plane(samples, 10, 10)
    assert quantisation_error(samples, codewords) < 0.8 * quantisation_error(samples, start)
    grid = codewords.reshape(10, 10, 2)
    beside = np.linalg.norm(np.diff(grid, axis=1), axis=2).mean()
    across = np.linalg.norm(grid[:, -1] - grid[:, 0], axis=1).mean()
    assert beside < across / 5


@pytest.mark.parametrize("channels", [1, 2, 3, 25])
def test_any_number_of_channels(channels):
    samples = np.random.default_rng(0).normal(size=(500, channels)).astype(np.float32)
    codewords = train_som(samples, 3, 4)
    assert codewords.shape == (12, channels)
    assert quantisation_error(samples, codewords) < np.linalg.norm(samples, axis=1).mean()


def test_equal_samples_give_equal_codewords():
    codewords = train_som(np.full((100, 2), 5, np.float32), 3, 3, rule="batch")
    np.testing.assert_allclose(codewords, 5)


@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (np.zeros((0, 2)), {}, "at least one sample"),
        (np.zeros(4), {}, r"shape \(count, channels\), not \(4,\)"),
        (np.array([[0.0, np.nan]]), {}, "row 0 is not"),
        (np.zeros((4, 2)), {"rows": 0}, "0 × 16 nodes"),
        (np.zeros((4, 2)), {"rule": "growing"}, "rule='growing' is unknown"),
        (np.zeros((4, 2)), {"steps": 0}, "steps=0 trains nothing"),
        (np.zeros((4, 2)), {"radii": (1.0, 0.0)}, "must be above 0"),
    ],
)
def test_maps_that_cannot_be_trained_are_refused(samples, options, message):
    with pytest.raises(ValueError, match=message):
        train_som(samples, **options)


@pytest.mark.parametrize("codewords", [np.zeros((0, 2)), np.zeros((4, 3))])
def test_codewords_of_another_shape_are_refused(codewords):
    with pytest.raises(ValueError, match="same columns"):
        assign(np.zeros((4, 2)), codewords)
