"""Colorfulness against NumPy and a hand-worked photo."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from huebench.bench.metrics import PhotoPair
from huebench.bench.metrics.colorfulness import colorfulness, colorfulness_abs

from . import naive

EXACT = 1e-12


def sums(photo):
    pair = PhotoPair(photo, photo)
    return pair.truth_opponent_sums, pair.pixels


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.uint8, (12, 15, 3)))
def test_both_definitions_match_numpy_on_any_photo(photo):
    assert colorfulness(*sums(photo)) == pytest.approx(naive.colorfulness(photo), abs=1e-9)
    assert colorfulness_abs(*sums(photo)) == pytest.approx(naive.colorfulness(photo, absolute=True), abs=1e-9)


def test_colorfulness_of_a_hand_worked_photo():
    # Half red, half green: rg = ±255, yb = 127.5: σ = (255, 0), μ = (0, 127.5).
    photo = np.zeros((2, 2, 3), np.uint8)
    photo[0, :, 0] = photo[1, :, 1] = 255
    assert colorfulness(*sums(photo)) == pytest.approx(255 + 0.3 * 127.5, abs=EXACT)
    # With |rg| the deviation is gone and the mean is (255, 127.5).
    assert colorfulness_abs(*sums(photo)) == pytest.approx(0.3 * math.hypot(255, 127.5), abs=EXACT)


def test_a_grey_photo_has_no_colorfulness():
    assert colorfulness(*sums(np.full((2, 2, 3), 90, np.uint8))) == 0
