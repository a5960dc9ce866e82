"""`gamut` against colour-science, and against the benchmark's clipping."""

import numpy as np
import pytest

from huebench.datasets.color import lab_to_rgb, rgb_to_lab
from huebench.datasets.color.gamut import fit_gamut


@pytest.fixture(scope="module")
def colours():
    rng = np.random.default_rng(0)
    return rng.uniform(0, 100, 20_000).astype(np.float32), rng.uniform(-110, 110, (20_000, 2)).astype(
        np.float32
    )


def test_fitted_colours_keep_lightness_and_hue_and_fit_by_colour_science(colours):
    colour = pytest.importorskip("colour", reason="needs the extra 'dev'")
    lightness, ab = colours
    fitted = fit_gamut(lightness, ab)
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"]
    lab = np.column_stack([lightness, fitted]).astype(float)
    xyz = colour.Lab_to_XYZ(lab, white)
    rgb = colour.XYZ_to_RGB(xyz, "sRGB", apply_cctf_encoding=False)
    assert rgb.min() > -2e-3
    assert rgb.max() < 1 + 2e-3
    shares = np.linalg.norm(fitted, axis=1) / np.linalg.norm(ab, axis=1)
    np.testing.assert_allclose(fitted, ab * shares[:, None], atol=1e-3)


def test_colours_inside_srgb_stay():
    rgb = np.random.default_rng(0).integers(0, 256, (5000, 3), np.uint8)
    lightness, ab = rgb_to_lab(rgb)
    np.testing.assert_allclose(fit_gamut(lightness, ab), ab, atol=0.05)


def test_chroma_is_reduced_no_more_than_needed(colours):
    lightness, ab = colours
    fitted = fit_gamut(lightness, ab)
    reduced = np.abs(fitted - ab).max(axis=1) > 0.1
    assert 0.3 < reduced.mean() < 0.95
    # The fitted colours lie on the border: a level of their RGB is 0 or 255, or all but.
    rgb = lab_to_rgb(lightness, fitted)[reduced].astype(int)
    assert np.mean((rgb.min(axis=1) <= 4) | (rgb.max(axis=1) >= 253)) > 0.98


def test_lightness_that_clipping_changes_is_kept(colours):
    lightness, ab = colours
    after, _ = rgb_to_lab(lab_to_rgb(lightness, fit_gamut(lightness, ab)))
    clipped, _ = rgb_to_lab(lab_to_rgb(lightness, ab))
    assert np.abs(after - lightness).max() < 0.6
    assert np.abs(clipped - lightness).max() > 10


def test_wrong_shape_is_one_message():
    with pytest.raises(ValueError, match="ab must have shape"):
        fit_gamut(np.zeros(3, np.float32), np.zeros((4, 2), np.float32))
