"""The estimate of motion."""

import numpy as np
import pytest

from huebench.datasets.color.conversion import rgb_to_lab
from huebench.methods.motion import estimate, there_and_back

pytest.importorskip("cv2", reason="needs the extra 'video'")


@pytest.fixture(scope="module")
def frames():
    from skimage import data

    lightness, _ = rgb_to_lab(np.ascontiguousarray(data.astronaut()[100:260, 100:270]))
    return lightness[:, :160], lightness[:, 4:164]


def test_a_camera_that_moves_is_found(frames):
    flow = estimate(*frames)[16:-16, 16:-16]
    assert np.median(flow[..., 0]) == pytest.approx(-4, abs=0.2)
    assert np.median(flow[..., 1]) == pytest.approx(0, abs=0.2)


def test_there_and_back_agree_where_both_frames_show_a_pixel(frames):
    forward, backward, seen = there_and_back(*frames)
    assert 0.6 < seen.mean() < 1
    assert not seen[:, :2].any()  # these columns leave the picture
    assert np.median(forward[seen] + backward[seen]) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (9, 40), (17, 31)])
def test_small_frames_are_taken(shape):
    plane = np.random.default_rng(0).uniform(0, 100, shape).astype(np.float32)
    assert estimate(plane, plane).shape == (*shape, 2)
