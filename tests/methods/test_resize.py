import numpy as np

from huebench.methods.resize import resize_chroma, resize_plane


def test_same_size_is_a_copy():
    plane = np.random.default_rng(0).random((5, 7), np.float32)
    resized = resize_plane(plane, (5, 7))
    np.testing.assert_array_equal(resized, plane)
    assert not np.shares_memory(resized, plane)


def test_downwards_averages_so_that_nothing_aliases():
    stripes = np.tile(np.array([0, 100], np.float32), (64, 32))
    assert np.abs(resize_plane(stripes, (8, 8)) - 50).max() < 5


def test_upwards_interpolates_between_two_pixels():
    resized = resize_plane(np.array([[0, 1]], np.float32), (1, 8))
    assert (np.diff(resized[0]) >= 0).all()
    assert resized[0, 0] == 0
    assert resized[0, -1] == 1


def test_chroma_resizes_its_channels_alone():
    chroma = np.stack([np.zeros((4, 4)), np.ones((4, 4))], axis=-1).astype(np.float32)
    resized = resize_chroma(chroma, (9, 3))
    assert resized.shape == (9, 3, 2)
    assert not resized[..., 0].any()
    np.testing.assert_allclose(resized[..., 1], 1)
