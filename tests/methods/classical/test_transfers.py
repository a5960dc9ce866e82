"""Colour transfers on two photos that ship with scikit-image."""

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.exposure import match_histograms

from huebench.datasets.color.conversion import lab_to_rgb, rgb_to_lab, rgb_to_lalphabeta
from huebench.methods.base import Context
from huebench.methods.spec import MethodSpec


def small(photo):
    return np.asarray(Image.fromarray(photo).resize((64, 64)))


@pytest.fixture(scope="module")
def pair():
    """The target's lightness (1, 64, 64) and a context with another photo as its reference."""
    lightness, _ = rgb_to_lab(small(data.coffee()))
    return lightness[None], Context(references=small(data.astronaut())[None])


def colorize(name, pair, **parameters):
    return MethodSpec(name, parameters).build().colorize(*pair)[0]


def test_histogram_matching_equals_skimage_match_histograms(pair):
    lightness, context = pair
    grey = lab_to_rgb(lightness[0], np.zeros((64, 64, 2), np.float32))
    expected = rgb_to_lab(
        match_histograms(grey, context.references[0], channel_axis=-1).round().astype(np.uint8)
    )
    np.testing.assert_array_equal(colorize("histogram-matching", pair), expected[1])


def test_histogram_matching_colours_by_lightness_alone(pair):
    lightness, _ = pair
    chroma = colorize("histogram-matching", pair)
    grey = lab_to_rgb(lightness[0], np.zeros((64, 64, 2), np.float32))[..., 0]
    for level in np.unique(grey)[::20]:
        assert np.ptp(chroma[grey == level], axis=0).max() == 0


def test_reinhard_on_grey_is_the_references_mean_alpha_and_beta(pair):
    lightness, context = pair
    result = lab_to_rgb(lightness[0] * 0 + 60, colorize("color-transfer-reinhard", pair))
    wanted = rgb_to_lalphabeta(context.references[0])[..., 1:].mean((0, 1))
    got = rgb_to_lalphabeta(result)[..., 1:]
    # Lightness moves α and β a little, and the gamut clips; the tint stays within a small spread.
    assert np.abs(got.mean((0, 1)) - wanted).max() < 0.05
    assert got.std((0, 1)).max() < 0.05


def test_welsh_copies_chroma_that_occurs_in_the_reference(pair):
    _, context = pair
    chroma = colorize("color-transfer-welsh", pair)
    available = {tuple(ab) for ab in rgb_to_lab(context.references[0])[1].reshape(-1, 2)}
    used = {tuple(ab) for ab in chroma.reshape(-1, 2)}
    assert used <= available
    assert 20 < len(used) <= 250


def test_welsh_finds_itself():
    """With every pixel a candidate, a photo's best match is a pixel of its own luminance and deviation."""
    photo = small(data.coffee())
    lightness, truth = rgb_to_lab(photo)
    chroma = colorize(
        "color-transfer-welsh", (lightness[None], Context(references=photo[None])), samples=65536
    )
    closer = np.abs(chroma - truth).mean()
    assert closer < np.abs(truth).mean() / 4


def test_pixel_knn_equals_a_sort_by_hand(pair):
    lightness, context = pair
    chroma = colorize("pixel-knn", pair, neighbours=3, samples=200)
    reference_lightness, reference_chroma = rgb_to_lab(context.references[0])
    drawn = context.rng(lightness[0]).permutation(64 * 64)[:200]
    candidates, colours = reference_lightness.ravel()[drawn], reference_chroma.reshape(-1, 2)[drawn]
    for y, x in ((0, 0), (13, 40), (63, 63)):
        order = np.argsort(np.abs(candidates - lightness[0, y, x]), kind="stable")[:3]
        np.testing.assert_allclose(chroma[y, x], colours[order].mean(0), atol=1e-4)


@pytest.mark.parametrize(
    "name", ["histogram-matching", "color-transfer-reinhard", "color-transfer-welsh", "pixel-knn"]
)
def test_flat_target_and_flat_reference_stay_finite(name):
    lightness = np.full((1, 16, 16), 50, np.float32)
    context = Context(references=np.full((1, 16, 16, 3), 90, np.uint8))
    assert np.isfinite(MethodSpec(name).build().colorize(lightness, context)).all()
