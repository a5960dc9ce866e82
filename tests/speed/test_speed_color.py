"""Colour conversion of one 256² photo beside scikit-image and OpenCV, from and to the same kind of arrays."""

import cv2
import numpy as np
import pytest
import skimage.color
import skimage.data

from huebench.datasets.color import conversion as color

LAB_TOLERANCE = {"scikit-image": 1e-2, "OpenCV float32": 0.5}  # OpenCV interpolates in 33 nodes an axis
PEERS = list(LAB_TOLERANCE)
LIBRARIES = ["huebench", *PEERS]

OPENCV_ZERO = np.float32([0, 0.5, 0.5])  # where OpenCV puts neutral U and V

LMS = np.float32([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
LALPHABETA = np.float32(
    np.diag([1 / np.sqrt(3), 1 / np.sqrt(6), 1 / np.sqrt(2)]) @ [[1, 1, 1], [1, 1, -2], [1, -1, 0]]
)


@pytest.fixture(scope="module")
def photo():
    color.warm_up()
    return np.ascontiguousarray(skimage.data.astronaut()[:256, :256])


@pytest.mark.benchmark(group="RGB → Lab, 256²")
@pytest.mark.parametrize("library", LIBRARIES)
def test_rgb_to_lab(benchmark, photo, library):
    unit = np.float32(1 / 255)
    convert = {
        "huebench": color.rgb_to_lab,
        "scikit-image": skimage.color.rgb2lab,
        "OpenCV float32": lambda rgb: cv2.cvtColor(rgb * unit, cv2.COLOR_RGB2LAB),
    }
    ours = np.dstack(color.rgb_to_lab(photo))
    for peer in PEERS if library == "huebench" else [library]:
        np.testing.assert_allclose(ours, convert[peer](photo), atol=LAB_TOLERANCE[peer])
    benchmark(convert[library], photo)


@pytest.mark.benchmark(group="Lab → RGB, 256²")
@pytest.mark.parametrize("library", LIBRARIES)
def test_lab_to_rgb(benchmark, photo, library):
    lightness, ab = color.rgb_to_lab(photo)
    lab = np.dstack([lightness, ab])
    # The peers stop at float32 RGB: they are spared the rounding to levels that is part of ours.
    convert = {
        "huebench": lambda: color.lab_to_rgb(lightness, ab),
        "scikit-image": lambda: skimage.color.lab2rgb(lab),
        "OpenCV float32": lambda: cv2.cvtColor(lab, cv2.COLOR_LAB2RGB),
    }
    ours = color.lab_to_rgb(lightness, ab)
    for peer in PEERS if library == "huebench" else [library]:
        assert np.abs(ours - np.rint(np.float32(255) * convert[peer]())).max() <= 1
    benchmark(convert[library])


@pytest.mark.benchmark(group="RGB → YUV, 256²")
@pytest.mark.parametrize("library", LIBRARIES)
def test_rgb_to_yuv(benchmark, photo, library):
    unit = np.float32(1 / 255)
    convert = {
        "huebench": color.rgb_to_yuv,
        "scikit-image": skimage.color.rgb2yuv,
        "OpenCV float32": lambda rgb: cv2.cvtColor(rgb * unit, cv2.COLOR_RGB2YUV) - OPENCV_ZERO,
    }
    ours = np.dstack(color.rgb_to_yuv(photo))
    for peer in PEERS if library == "huebench" else [library]:
        np.testing.assert_allclose(ours, convert[peer](photo), atol=2e-3)
    benchmark(convert[library], photo)


def lalphabeta_with_numpy(rgb):
    """Reinhard et al. 2001, equations 4 to 6, as one writes them down with matrices."""
    lms = np.maximum(rgb.astype(np.float32) / 255 @ LMS.T, 1e-4)
    return np.log10(lms) @ LALPHABETA.T


@pytest.mark.benchmark(group="RGB → lαβ, 256²")
@pytest.mark.parametrize("library", ["huebench", "NumPy"])
def test_rgb_to_lalphabeta(benchmark, photo, library):
    convert = {"huebench": color.rgb_to_lalphabeta, "NumPy": lalphabeta_with_numpy}
    np.testing.assert_allclose(convert["huebench"](photo), convert["NumPy"](photo), atol=1e-3)
    benchmark(convert[library], photo)
