"""The kernels of motion against OpenCV's remap, SciPy and NumPy."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from huebench.methods.kernels.flow import average_along, visible, warp


@pytest.fixture
def motion():
    """Return a smooth random flow, and its rough inverse, float32 (48, 70, 2)."""
    rng = np.random.default_rng(0)
    coarse = rng.normal(0, 3, (6, 7, 2))
    rows, columns = np.mgrid[:48, :70]
    places = [rows * 5 / 47, columns * 6 / 69]
    flow = np.stack([map_coordinates(coarse[..., c], places, order=1) for c in (0, 1)], -1).astype(np.float32)
    return flow, -flow + rng.normal(0, 0.3, flow.shape).astype(np.float32)


def scipy_warp(picture, flow):
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]]
    places = [rows + flow[..., 1].astype(float), columns + flow[..., 0].astype(float)]
    channels = [
        map_coordinates(picture[..., c].astype(float), places, order=1, mode="nearest")
        for c in range(picture.shape[-1])
    ]
    return np.stack(channels, -1)


def numpy_visible(forward, backward):
    """The rule of Ruder et al. 2016, step by step."""
    rows, columns = np.mgrid[: forward.shape[0], : forward.shape[1]]
    x, y = columns + forward[..., 0], rows + forward[..., 1]
    inside = (x >= 0) & (x <= forward.shape[1] - 1) & (y >= 0) & (y <= forward.shape[0] - 1)
    back = scipy_warp(backward, forward)
    f, b = np.square(forward).sum(-1), np.square(back).sum(-1)
    returns = np.square(forward + back).sum(-1) <= 0.01 * (f + b) + 0.5
    across = np.diff(forward, axis=1, append=forward[:, -1:])
    down = np.diff(forward, axis=0, append=forward[-1:])
    slope = np.square(across).sum(-1) + np.square(down).sum(-1)
    return inside & returns & (slope <= 0.01 * f + 0.002)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_warping_equals_scipys_interpolation(motion, dtype):
    picture = np.random.default_rng(1).integers(0, 256, (48, 70, 3)).astype(dtype)
    np.testing.assert_allclose(warp(picture, motion[0]), scipy_warp(picture, motion[0]), atol=2e-3)


def test_whole_pixels_are_moved_exactly():
    picture = np.random.default_rng(2).integers(0, 256, (20, 30, 3), np.uint8)
    flow = np.broadcast_to(np.float32([3, -2]), (20, 30, 2))
    np.testing.assert_array_equal(warp(picture, flow)[2:, :-3], picture[:-2, 3:])


def test_visibility_equals_the_rule_in_numpy(motion):
    ours, theirs = visible(*motion), numpy_visible(*motion)
    assert 0.02 < theirs.mean() < 0.98
    assert (ours != theirs).mean() < 2e-3  # float32 against float64 at the thresholds


def test_averaging_follows_the_motion_and_spares_hidden_pixels(motion):
    rng = np.random.default_rng(3)
    now, before = rng.normal(0, 30, (2, 48, 70, 2)).astype(np.float32)
    seen = rng.random((48, 70)) < 0.5
    answer = average_along(now, before, motion[0], seen, 0.8)
    carried = scipy_warp(before, motion[0])
    np.testing.assert_array_equal(answer[~seen], now[~seen])
    np.testing.assert_allclose(answer[seen], 0.2 * now[seen] + 0.8 * carried[seen], atol=2e-3)


@pytest.mark.parametrize("side", [(1, 1), (1, 9), (7, 1)])
def test_thin_pictures_are_taken(side):
    picture, flow = np.full((*side, 2), 7, np.float32), np.ones((*side, 2), np.float32)
    np.testing.assert_array_equal(warp(picture, flow), picture)
    assert visible(flow, -flow).shape == side


def test_shapes_must_match():
    with pytest.raises(ValueError, match="does not match a picture"):
        warp(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 2), np.float32))
    zeros = np.zeros((4, 4, 2), np.float32)
    with pytest.raises(ValueError, match="and a mask of"):
        average_along(zeros, zeros, zeros, np.ones((4, 5), bool), 0.5)
