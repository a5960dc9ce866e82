"""PSNR against scikit-image and hand-worked photos."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from huebench.bench.metrics.psnr import CEILING, psnr, psnr_ab, psnr_capped

from . import naive

EXACT = 1e-12


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.uint8, (12, 15, 3)), hnp.arrays(np.uint8, (12, 15, 3)))
def test_psnr_matches_skimage_on_any_photo(truth, predicted):
    if (truth != predicted).any():
        expected = min(naive.psnr(truth, predicted), CEILING)
        assert psnr(truth, predicted) == pytest.approx(expected, abs=1e-9)


def test_psnr_does_not_wrap_around():
    # Differences of 200 − 250 = −50 and 250 − 200 = 50: as uint8 the first would be 206.
    darker, lighter = np.full((2, 4, 4, 3), [[[[200]]], [[[250]]]], np.uint8)
    assert psnr(darker, lighter) == pytest.approx(20 * math.log10(255 / 50), abs=EXACT)
    assert psnr(lighter, darker) == psnr(darker, lighter)


def test_psnr_beyond_65536_values_is_exact():
    truth = np.zeros((300, 300, 3), np.uint8)
    assert psnr(truth, truth + np.uint8(255)) == 0


def test_one_level_everywhere_is_48_decibels_and_far_less_is_the_ceiling():
    truth = np.full((32, 32, 3), 100, np.uint8)
    assert psnr(truth, truth + np.uint8(1)) == pytest.approx(20 * math.log10(255))
    almost = truth.copy()
    almost[0, 0, 0] += 1
    assert psnr(truth, almost) == CEILING


def test_capped_psnr_is_psnr_up_to_50_decibels():
    truth = np.full((32, 32, 3), 100, np.uint8)
    assert psnr_capped(truth, truth + np.uint8(5)) == psnr(truth, truth + np.uint8(5)) < 50
    # 50 dB is a mean squared error of 1e-5 for values of 0…1.
    assert psnr_capped(truth, truth) == pytest.approx(10 * math.log10(1 / 1e-5), abs=EXACT)


def test_identical_photos_reach_the_ceiling(photos):
    truth, _ = photos
    assert psnr(truth, truth.copy()) == psnr_ab(np.zeros(9)) == CEILING
    assert pytest.approx(58.92, abs=0.005) == CEILING


def test_psnr_ab_of_hand_worked_distances():
    squared = np.array([0, 9, 12.25, 40_000])
    assert psnr_ab(squared) == pytest.approx(10 * math.log10(255**2 / (squared.mean() / 2)), abs=EXACT)
