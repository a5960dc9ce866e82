"""Colour conversion against scikit-image, colour-science, OpenCV and published values."""

import multiprocessing
import subprocess
import sys

import colour
import cv2
import numba
import numpy as np
import pytest
import skimage.color
import skimage.data
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from huebench.datasets.color import conversion as color

LAB_TOLERANCE = 1e-2  # against libraries with another five-digit white point
FLOAT_TOLERANCE = 2e-4  # against the same constants in float64
OPENCV_TOLERANCE = 0.5  # OpenCV interpolates Lab in a table of 33 nodes an axis
ROUNDING_TOLERANCE = 2e-4  # levels, about half-way
YUV_TOLERANCE = 2e-5  # scikit-image prints its matrix to eight digits

RGB_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
# The white that the matrix itself implies, as chromaticity, for libraries that take one.
WHITE = RGB_TO_XYZ.sum(axis=1)
WHITE_XY = WHITE[:2] / WHITE.sum()


@pytest.fixture(scope="module")
def cube():
    """Every third level of each channel, and both ends."""
    levels = np.unique(np.append(np.arange(0, 256, 3), 255)).astype(np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)


@pytest.fixture(scope="module")
def photo():
    return skimage.data.astronaut()


def test_rgb_to_lab_matches_skimage(cube):
    lightness, ab = color.rgb_to_lab(cube)
    expected = skimage.color.rgb2lab(cube)
    np.testing.assert_allclose(lightness, expected[:, 0], atol=LAB_TOLERANCE)
    np.testing.assert_allclose(ab, expected[:, 1:], atol=LAB_TOLERANCE)


def test_rgb_to_lab_matches_colour_science(cube):
    linear = colour.models.eotf_sRGB(cube / 255)
    expected = colour.XYZ_to_Lab(linear @ RGB_TO_XYZ.T, WHITE_XY)
    lightness, ab = color.rgb_to_lab(cube)
    np.testing.assert_allclose(lightness, expected[:, 0], atol=FLOAT_TOLERANCE)
    np.testing.assert_allclose(ab, expected[:, 1:], atol=FLOAT_TOLERANCE)


def test_rgb_to_lab_matches_opencv_float32(photo):
    lightness, ab = color.rgb_to_lab(photo)
    expected = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    np.testing.assert_allclose(lightness, expected[..., 0], atol=OPENCV_TOLERANCE)
    np.testing.assert_allclose(ab, expected[..., 1:], atol=OPENCV_TOLERANCE)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [  # Lindbloom's calculator, sRGB, D65, no adaptation
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((128, 128, 128), (53.59, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
    ],
)
def test_rgb_to_lab_of_published_primaries(rgb, lab):
    lightness, ab = color.rgb_to_lab(np.array(rgb, np.uint8))
    np.testing.assert_allclose([lightness, *ab], lab, atol=1e-2)


def test_lab_to_rgb_matches_skimage_within_a_level(cube):
    inside = skimage.color.rgb2lab(cube)
    result = color.lab_to_rgb(inside[:, 0], inside[:, 1:])
    expected = np.rint(255 * skimage.color.lab2rgb(inside))
    assert np.abs(result - expected).max() <= 1


def test_lab_to_rgb_out_of_gamut_matches_colour_science():
    rng = np.random.default_rng(0)
    lab = rng.uniform([0, -128, -128], [100, 128, 128], size=(20_000, 3))
    xyz = colour.Lab_to_XYZ(lab, WHITE_XY)
    linear = np.clip(xyz @ np.linalg.inv(RGB_TO_XYZ).T, 0, 1)
    expected = np.rint(255 * colour.models.eotf_inverse_sRGB(linear))
    result = color.lab_to_rgb(lab[:, 0], lab[:, 1:])
    assert np.abs(result - expected).max() <= 1
    assert np.mean(result != expected) < 1e-4  # float32 at a rounding edge


@pytest.mark.parametrize("space", ["lab", "yuv", "lalphabeta"])
def test_round_trip_of_the_rgb_cube_is_exact(cube, space):
    if space == "lab":
        back = color.lab_to_rgb(*color.rgb_to_lab(cube))
    elif space == "yuv":
        back = color.yuv_to_rgb(*color.rgb_to_yuv(cube))
    else:
        back = color.lalphabeta_to_rgb(color.rgb_to_lalphabeta(cube))
    np.testing.assert_array_equal(back, cube)


def test_grey_is_exactly_neutral_both_ways():
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert not color.rgb_to_lab(grey)[1].any()
    assert not color.rgb_to_yuv(grey)[1].any()
    rgb = color.lab_to_rgb(np.linspace(-5, 105, 100_001), np.zeros((100_001, 2)))
    assert (rgb == rgb[:, :1]).all()


def test_lightness_stays_in_its_range(cube):
    lightness, _ = color.rgb_to_lab(cube)
    assert lightness.min() == 0
    assert lightness.max() == 100


@pytest.mark.parametrize(("offset", "shift"), [(-ROUNDING_TOLERANCE, 0), (ROUNDING_TOLERANCE, 1)])
def test_levels_are_rounded_to_nearest_on_both_sides_of_every_edge(offset, shift):
    encoded = (np.arange(255) + 0.5 + offset) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    root = np.where(linear > (6 / 29) ** 3, np.cbrt(linear), linear * (29 / 6) ** 2 / 3 + 4 / 29)
    rgb = color.lab_to_rgb(116 * root - 16, np.zeros((255, 2)))
    np.testing.assert_array_equal(rgb[:, 0], np.arange(255) + shift)


def test_yuv_matches_skimage(photo):
    luma, uv = color.rgb_to_yuv(photo)
    expected = skimage.color.rgb2yuv(photo)
    np.testing.assert_allclose(luma, expected[..., 0], atol=YUV_TOLERANCE)
    np.testing.assert_allclose(uv, expected[..., 1:], atol=YUV_TOLERANCE)


def test_lalphabeta_of_a_hand_worked_colour():
    # RGB = (1, 0, 0): LMS = (.3811, .1967, .0241), log10 = (-.41896, -.70620, -1.61798).
    lalphabeta = color.rgb_to_lalphabeta(np.uint8([255, 0, 0]))
    l_axis = (-0.41896 - 0.70620 - 1.61798) / np.sqrt(3)
    alpha = (-0.41896 - 0.70620 + 2 * 1.61798) / np.sqrt(6)
    beta = (-0.41896 + 0.70620) / np.sqrt(2)
    np.testing.assert_allclose(lalphabeta, [l_axis, alpha, beta], atol=2e-5)


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=0, max_dims=3, max_side=9).map(lambda shape: (*shape, 3)))
)
def test_any_leading_shape_and_layout_gives_the_same_pixels(rgb):
    lightness, ab = color.rgb_to_lab(rgb)
    assert lightness.shape == rgb.shape[:-1]
    assert ab.shape == (*rgb.shape[:-1], 2)
    flat_lightness, flat_ab = color.rgb_to_lab(np.asfortranarray(rgb.reshape(-1, 3)))
    np.testing.assert_array_equal(lightness.ravel(), flat_lightness)
    np.testing.assert_array_equal(color.lab_to_rgb(flat_lightness, flat_ab), rgb.reshape(-1, 3))


@pytest.mark.parametrize("conversion", [color.rgb_to_lab, color.rgb_to_yuv])
def test_empty_arrays_pass(conversion):
    plane, chroma = conversion(np.empty((0, 4, 4, 3), np.uint8))
    assert plane.shape == (0, 4, 4)
    assert chroma.shape == (0, 4, 4, 2)


def test_a_pixel_does_not_depend_on_threads_or_on_its_place(photo):
    pixels = photo.reshape(-1, 3)
    assert len(pixels) >= color.PARALLEL_PIXELS
    lightness, ab = color.rgb_to_lab(pixels)
    rgb = color.lab_to_rgb(lightness + np.float32(0.3), ab * np.float32(1.1))
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one_lightness, one_ab = color.rgb_to_lab(pixels)
    finally:
        numba.set_num_threads(threads)
    np.testing.assert_array_equal(lightness, one_lightness)
    np.testing.assert_array_equal(ab, one_ab)
    for start in (1, 7, 100, 2047, 2049):  # other places in the vector and in the block, and serial
        part = slice(start, start + 5_003)
        part_lightness, part_ab = color.rgb_to_lab(pixels[part])
        np.testing.assert_array_equal(part_lightness, lightness[part])
        np.testing.assert_array_equal(part_ab, ab[part])
        part_rgb = color.lab_to_rgb(part_lightness + np.float32(0.3), part_ab * np.float32(1.1))
        np.testing.assert_array_equal(part_rgb, rgb[part])


def _lightness_sum(photo, results):
    results.put(float(color.rgb_to_lab(photo)[0].sum(dtype=np.float64)))


@pytest.mark.skipif(sys.platform != "linux", reason="fork is Linux's way")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_converts_after_its_parent_used_threads(photo):
    expected = color.rgb_to_lab(photo)[0].sum(dtype=np.float64)
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=_lightness_sum, args=(photo, results))
    child.start()
    child.join(timeout=60)
    assert child.exitcode == 0
    assert results.get() == expected


@pytest.mark.parametrize("pixels", [5, color.PARALLEL_PIXELS])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_lab_to_rgb_refuses_non_finite_values(pixels, bad):
    lightness = np.full(pixels, 50, np.float32)
    ab = np.zeros((pixels, 2), np.float32)
    ab[3, 1] = bad
    with pytest.raises(ValueError, match=f"1 of {pixels} pixels"):
        color.lab_to_rgb(lightness, ab)


def test_lab_to_rgb_of_huge_numbers_stays_in_its_tables():
    rgb = color.lab_to_rgb(np.float32([1e20, -1e20]), np.float32([[1e20, -1e20], [3e19, 1e20]]))
    assert rgb.dtype == np.uint8


@pytest.mark.parametrize("conversion", [color.rgb_to_lab, color.rgb_to_yuv, color.rgb_to_lalphabeta])
def test_rgb_of_the_wrong_kind_is_refused(conversion):
    with pytest.raises(TypeError, match="must be uint8"):
        conversion(np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 3\), not \(4, 4\)"):
        conversion(np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("conversion", [color.lab_to_rgb, color.yuv_to_rgb])
def test_planes_of_the_wrong_kind_are_refused(conversion):
    with pytest.raises(TypeError, match="must be of floats, not uint8"):
        conversion(np.zeros((4, 4)), np.zeros((4, 4, 2), np.uint8))
    with pytest.raises(TypeError, match="must be of floats, not int64"):
        conversion(np.zeros((4, 4), np.int64), np.zeros((4, 4, 2)))
    with pytest.raises(ValueError, match=r"\(4, 4, 2\), not \(4, 5, 2\)"):
        conversion(np.zeros((4, 4)), np.zeros((4, 5, 2)))
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 2\)"):
        conversion(np.zeros((4, 4)), np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match="NaN or infinite"):
        conversion(np.zeros((4, 4)), np.full((4, 4, 2), np.nan))


def test_lalphabeta_of_the_wrong_kind_is_refused():
    with pytest.raises(ValueError, match="NaN or infinite"):
        color.lalphabeta_to_rgb(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 3\)"):
        color.lalphabeta_to_rgb(np.zeros((2, 2)))


def test_near_grey_depends_on_the_most_colourful_pixel(photo):
    ab = np.zeros((64, 64, 2), np.float32)
    assert color.near_grey(ab)
    ab[10, 20] = 5, -5  # exactly 5 is still grey
    assert color.near_grey(ab)
    ab[10, 20, 1] = -5.01
    assert not color.near_grey(ab)
    assert color.near_grey(ab, threshold=6)
    assert not color.near_grey(color.rgb_to_lab(photo)[1])


def test_importing_imports_neither_numba_nor_torch():
    code = "import sys, huebench.datasets.color; sys.exit(bool({'numba', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_warm_up_compiles_every_kernel():
    code = (
        "from numba.extending import is_jitted\n"
        "from huebench.datasets.color import conversion, kernels\n"
        "conversion.warm_up()\n"
        "found = {name: it for name, it in vars(kernels).items() if is_jitted(it) and name[0] != '_'}\n"
        "print(len(found), [name for name, kernel in found.items() if not kernel.signatures])"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "9 []\n"
