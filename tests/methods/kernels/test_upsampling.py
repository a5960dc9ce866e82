"""`upsampling` against a plain NumPy version, and against bilinear interpolation on real photos."""

import numpy as np
import pytest
import skimage.data

from huebench.datasets.color import rgb_to_lab
from huebench.methods.kernels.upsampling import chroma_lines, upsample_chroma, upsample_rows
from huebench.methods.resize import resize_chroma, resize_plane

from . import naive

SHAPES = [((1, 1), (5, 7)), ((1, 4), (9, 31)), ((5, 3), (17, 16)), ((8, 8), (8, 8)), ((7, 9), (8, 40))]


def psnr(first, second):
    return 10 * np.log10(220**2 / np.square(first - second).mean())


@pytest.fixture(scope="module", params=["astronaut", "chelsea", "coffee"])
def photo(request):
    """L* and true chroma of a photo that comes with scikit-image."""
    return rgb_to_lab(getattr(skimage.data, request.param)())


@pytest.mark.parametrize(("small", "shape"), SHAPES)
def test_matches_naive_upsampling(small, shape, threads):
    rng = np.random.default_rng(0)
    chroma = rng.uniform(-100, 100, (*small, 2)).astype(np.float32)
    lightness = rng.uniform(0, 100, shape).astype(np.float32)
    answer = upsample_chroma(chroma, lightness, 20.0)
    expected = naive.upsampled_chroma(chroma, resize_plane(lightness, small), lightness, 20.0)
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, expected, atol=2e-3)


@pytest.mark.parametrize("factor", [4, 8])
def test_closer_to_the_true_chroma_than_bilinear(photo, factor):
    lightness, chroma = photo
    small = resize_chroma(chroma, (lightness.shape[0] // factor, lightness.shape[1] // factor))
    bilinear = psnr(resize_chroma(small, lightness.shape), chroma)
    assert psnr(upsample_chroma(small, lightness), chroma) > bilinear + 0.3


def test_infinite_smoothness_is_bilinear(photo):
    lightness, chroma = photo
    small = resize_chroma(chroma, (33, 50))
    bilinear = resize_chroma(small, lightness.shape)
    np.testing.assert_allclose(upsample_chroma(small, lightness, np.inf), bilinear, atol=1e-3)


def test_same_size_is_left_alone(photo):
    lightness, chroma = photo
    assert (upsample_chroma(chroma, lightness) == chroma).all()


def test_gray_stays_gray(photo):
    lightness, _ = photo
    assert not upsample_chroma(np.zeros((20, 30, 2), np.float32), lightness).any()


@pytest.mark.parametrize("shape", [(16, 16), (16, 200), (200, 16)])
def test_photos_smaller_than_the_chroma(shape):
    rng = np.random.default_rng(0)
    chroma = rng.uniform(-100, 100, (64, 64, 2)).astype(np.float32)
    lightness = np.full(shape, 50, np.float32)
    smaller = resize_chroma(chroma, (min(64, shape[0]), min(64, shape[1])))
    answer = upsample_chroma(chroma, lightness)
    np.testing.assert_allclose(answer, resize_chroma(smaller, shape), atol=1e-3)


def test_adds_no_colours():
    chroma = np.float32([[[-10, 10], [10, -10]]])
    lightness = np.float32([[0, 40, 0, 0, 100, 60, 100, 100]])
    assert np.abs(upsample_chroma(chroma, lightness, 1.0)).max() == 10


def test_inputs_are_unchanged(photo):
    lightness, chroma = photo
    small = resize_chroma(chroma, (30, 40))
    before = small.copy(), lightness.copy()
    upsample_chroma(small, lightness)
    assert (small == before[0]).all()
    assert (lightness == before[1]).all()


@pytest.mark.parametrize(
    ("chroma", "lightness", "smoothness", "message"),
    [
        ((4, 4), (8, 8), 40, r"shape \(h, w, 2\), not \(4, 4\)"),
        ((4, 4, 3), (8, 8), 40, r"not \(4, 4, 3\)"),
        ((0, 4, 2), (8, 8), 40, r"not \(0, 4, 2\)"),
        ((4, 4, 2), (1, 8, 8), 40, r"one photo of shape \(H, W\), not \(1, 8, 8\)"),
        ((4, 4, 2), (0, 8), 40, "one photo of shape"),
        ((4, 4, 2), (8, 8), 0, "smoothness must be above 0, not 0"),
        ((4, 4, 2), (8, 8), float("nan"), "not nan"),
    ],
)
def test_wrong_arguments_are_refused(chroma, lightness, smoothness, message):
    with pytest.raises(ValueError, match=message):
        upsample_chroma(np.zeros(chroma, np.float32), np.zeros(lightness, np.float32), smoothness)


def test_rows_make_up_the_whole_answer(photo):
    lightness, chroma = photo
    size = (lightness.shape[0] // 8, lightness.shape[1] // 8)
    small = resize_chroma(chroma, size)
    planes = chroma_lines(small, resize_plane(lightness, size))
    tops = range(0, len(lightness), 37)
    rows = [upsample_rows(planes, lightness[top : top + 37], top, len(lightness)) for top in tops]
    assert np.array_equal(np.concatenate(rows), upsample_chroma(small, lightness))
