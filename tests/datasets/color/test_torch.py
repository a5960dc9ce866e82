"""Lab on the device against scikit-image's and the arrays'."""

import numpy as np
import torch
from skimage import color

from huebench.datasets.color import conversion
from huebench.datasets.color import torch as color_module
from huebench.datasets.color.torch import lab_to_rgb, rgb_to_lab

LAB_TOLERANCE = 1e-2  # against scikit-image's white point of five digits
ARRAY_TOLERANCE = 2e-4  # float32 in another order of operations
LEVEL_TOLERANCE = 0.51  # levels: half of one is rounding


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


def _greys_and_many_colors() -> np.ndarray:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    colors = np.random.default_rng(0).integers(0, 256, (2**16, 3), dtype=np.uint8)
    return np.concatenate((greys, colors))[None, None]


def test_rgb_to_lab_equals_the_conversion_of_arrays():
    rgb = _greys_and_many_colors()
    lightness, ab = rgb_to_lab(torch.from_numpy(rgb))
    expected_lightness, expected_ab = conversion.rgb_to_lab(rgb)
    np.testing.assert_allclose(lightness[:, 0], expected_lightness, atol=ARRAY_TOLERANCE, rtol=0)
    np.testing.assert_allclose(ab.permute(0, 2, 3, 1), expected_ab, atol=ARRAY_TOLERANCE, rtol=0)


def test_lab_to_rgb_equals_the_conversion_of_arrays_also_outside_srgb():
    rng = np.random.default_rng(0)
    lightness = rng.uniform(0, 100, (1, 1, 2**16)).astype(np.float32)
    ab = rng.uniform(-110, 110, (1, 1, 2**16, 2)).astype(np.float32)
    ab[..., :256, :] = 0
    planes = torch.from_numpy(lightness)[:, None], torch.from_numpy(ab).permute(0, 3, 1, 2)
    levels = 255 * lab_to_rgb(*planes).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(levels, conversion.lab_to_rgb(lightness, ab), atol=LEVEL_TOLERANCE, rtol=0)


def test_rgb_to_lab_leaves_its_input_alone():
    rgb = torch.from_numpy(_every_corner_and_many_colors())
    before = rgb.clone()
    rgb_to_lab(rgb)
    assert torch.equal(rgb, before)


def test_lab_to_rgb_equals_skimage_lab2rgb():
    lab = color.rgb2lab(_every_corner_and_many_colors())
    planes = torch.from_numpy(np.moveaxis(lab, -1, 1).copy())
    rgb = lab_to_rgb(planes[:, :1], planes[:, 1:])
    np.testing.assert_allclose(rgb.permute(0, 2, 3, 1), color.lab2rgb(lab), atol=1e-3)


def test_lab_to_rgb_clips_colors_outside_srgb():
    rgb = lab_to_rgb(torch.full((1, 1, 1, 1), 50.0), torch.tensor([150.0, -20.0]).reshape(1, 2, 1, 1))
    np.testing.assert_allclose(rgb[0, :2, 0, 0], [1.0, 0.0], atol=1e-6)


def test_lab_to_rgb_has_finite_gradients_everywhere():
    lightness = torch.tensor([0.0, 1.0, 50.0, 100.0]).reshape(4, 1, 1, 1)
    ab = torch.zeros(4, 2, 1, 1, requires_grad=True)
    lab_to_rgb(lightness, ab).sum().backward()
    assert torch.isfinite(ab.grad).all()


def test_there_and_back_is_the_photo():
    rgb = torch.from_numpy(_every_corner_and_many_colors())
    back = lab_to_rgb(*rgb_to_lab(rgb)).permute(0, 2, 3, 1)
    torch.testing.assert_close(back * 255, rgb.float(), atol=0.1, rtol=0)


def test_matrices_are_sent_to_a_device_once(monkeypatch):
    rgb = torch.from_numpy(_every_corner_and_many_colors())
    expected = lab_to_rgb(*rgb_to_lab(rgb))
    for function in ("tensor", "arange"):
        monkeypatch.delattr(torch, function)
    assert torch.equal(lab_to_rgb(*rgb_to_lab(rgb)), expected)


def test_a_first_use_in_inference_mode_leaves_gradients_to_the_next():
    for table in ("_rgb_to_xyz", "_xyz_to_rgb", "_linear_levels"):
        getattr(color_module, table).cache_clear()
    rgb = torch.from_numpy(_every_corner_and_many_colors())
    with torch.inference_mode():
        lab_to_rgb(*rgb_to_lab(rgb))
    lightness, ab = rgb_to_lab(rgb)
    lab_to_rgb(lightness, ab.requires_grad_()).sum().backward()
    assert torch.isfinite(ab.grad).all()
