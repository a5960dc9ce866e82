"""SSIM against scikit-image and a hand-worked window."""

import numpy as np
import pytest
import skimage.metrics
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from huebench.bench.metrics import score
from huebench.bench.metrics.ssim import ssim

from . import naive

TOLERANCE = 1e-5
EXACT = 1e-12


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.uint8, (12, 15, 3)), hnp.arrays(np.uint8, (12, 15, 3)))
def test_ssim_matches_skimage_on_any_photo(truth, predicted):
    assert ssim(truth, predicted) == pytest.approx(naive.ssim(truth, predicted), abs=1e-9)


def test_ssim_of_identical_photos_is_1(photos):
    truth, _ = photos
    assert ssim(truth, truth.copy()) == pytest.approx(1, abs=EXACT)


def test_ssim_leaves_out_the_border_as_wang_does():
    # Only the window's own place is left of an 11×11 photo: one Gaussian-weighted SSIM a channel.
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 256, (2, 11, 11, 3), np.uint8)
    one = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = np.outer(one, one) / np.outer(one, one).sum()
    scores = []
    for x, y in zip(np.moveaxis(truth.astype(float), -1, 0), np.moveaxis(predicted, -1, 0), strict=True):
        mean_x, mean_y = (window * x).sum(), (window * y).sum()
        variance_x, variance_y = (window * (x - mean_x) ** 2).sum(), (window * (y - mean_y) ** 2).sum()
        covariance = (window * (x - mean_x) * (y - mean_y)).sum()
        c1, c2 = 6.5025, 58.5225
        scores.append(
            (2 * mean_x * mean_y + c1)
            * (2 * covariance + c2)
            / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))
        )
    assert ssim(truth, predicted) == pytest.approx(np.mean(scores), abs=EXACT)


def test_ssim_is_not_the_uniform_window_of_skimages_default(photos):
    truth, predicted = photos
    uniform = skimage.metrics.structural_similarity(truth, predicted, channel_axis=-1)
    assert abs(ssim(truth, predicted) - uniform) > 10 * TOLERANCE


def test_a_photo_smaller_than_the_window_is_refused():
    small = np.zeros((10, 64, 3), np.uint8)
    with pytest.raises(ValueError, match="ssim needs photos of at least 11×11 pixels, not 10×64"):
        score(small, small, metrics=["ssim"])
    with pytest.raises(ValueError, match="SSIM needs photos of at least 11×11 pixels, not 64×10"):
        ssim(small.transpose(1, 0, 2), small.transpose(1, 0, 2))
