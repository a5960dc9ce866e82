"""`patches` against every pixel looked up by itself."""

import numpy as np
import pytest
from sklearn.feature_extraction.image import extract_patches_2d

from huebench.methods.kernels.patches import SIZES, extract_patches

from . import naive


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 3), (17, 31), (300, 400)])
def test_matches_naive_patches(size, shape):
    photo = np.random.default_rng(0).uniform(0, 100, shape).astype(np.float32)
    pixels = np.random.default_rng(1).integers(0, photo.size, 50)
    patches = extract_patches(photo, pixels, size)
    assert patches.dtype == np.float32
    assert (patches == naive.patches(photo, pixels, size)).all()


def test_patches_inside_match_scikit_learn():
    photo = np.random.default_rng(0).uniform(0, 100, (20, 30)).astype(np.float32)
    inside = np.arange(photo.size).reshape(photo.shape)[3:-3, 3:-3].ravel()
    expected = extract_patches_2d(photo, (7, 7)).reshape(-1, 49)
    assert (extract_patches(photo, inside, 7) == expected).all()


def test_all_pixels_in_order_beyond_65536(lightness):
    patches = extract_patches(lightness, size=3)
    assert len(patches) == lightness.size > 65_536
    assert (patches[:, 4] == lightness.ravel()).all()


def test_blocks_are_parts_of_the_whole(lightness):
    block = np.arange(100_000, 100_500)
    assert (extract_patches(lightness, block) == extract_patches(lightness)[block]).all()


@pytest.mark.parametrize(
    ("shape", "pixels", "size", "message"),
    [
        ((4, 4, 3), [0], 5, r"one photo of shape \(H, W\), not \(4, 4, 3\)"),
        ((0, 4), [], 5, "one photo of shape"),
        ((4, 4), [0], 4, "patch size 4 is not one of 3, 5, 7, 9, 11"),
        ((4, 4), [0], 13, "patch size 13"),
        ((4, 6), [24], 5, "a 4 × 6 photo has pixels 0 to 23"),
        ((4, 6), [-1], 5, "run from -1 to -1"),
    ],
)
def test_patches_that_do_not_exist_are_refused(shape, pixels, size, message):
    with pytest.raises(ValueError, match=message):
        extract_patches(np.zeros(shape, np.float32), np.array(pixels, np.intp), size)
