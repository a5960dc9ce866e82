"""Lab on the device against scikit-image's."""

import numpy as np
import torch
from skimage import color

from huebench.methods.deep.learning.color import rgb_to_lab

LAB_TOLERANCE = 2e-3  # float32 against scikit-image's float64


def _every_corner_and_many_colors() -> np.ndarray:
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    rgb[0, :8, :8] = np.stack(np.meshgrid([0, 255], [0, 255], [0, 255]), -1).reshape(8, 1, 3)
    rgb[1, :16, :16] = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    return rgb


def test_rgb_to_lab_equals_skimage_rgb2lab():
    rgb = _every_corner_and_many_colors()
    lightness, ab = rgb_to_lab(torch.from_numpy(rgb))
    expected = color.rgb2lab(rgb)
    assert lightness.shape == (3, 1, 40, 50)
    assert ab.shape == (3, 2, 40, 50)
    np.testing.assert_allclose(lightness[:, 0], expected[..., 0], atol=LAB_TOLERANCE)
    np.testing.assert_allclose(ab.permute(0, 2, 3, 1), expected[..., 1:], atol=LAB_TOLERANCE)


def test_rgb_to_lab_leaves_its_input_alone():
    rgb = torch.from_numpy(_every_corner_and_many_colors())
    before = rgb.clone()
    rgb_to_lab(rgb)
    assert torch.equal(rgb, before)
