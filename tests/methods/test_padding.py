import numpy as np
import pytest

from huebench.methods.padding import padded


@pytest.mark.parametrize(
    ("shape", "grown"), [((17, 32), (32, 32)), ((16, 1), (16, 16)), ((48, 32), (48, 32))]
)
def test_photos_grow_at_the_bottom_and_right_by_repeated_edges(shape, grown):
    lightness = np.random.default_rng(0).uniform(0, 100, (2, *shape)).astype(np.float32)
    made = padded(lightness, 16)
    assert made.shape == (2, *grown)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made[:, : shape[0], : shape[1]], lightness)
    np.testing.assert_array_equal(made[:, -1, -1], lightness[:, -1, -1])
