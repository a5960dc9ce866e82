"""What a pair of photos refuses, and that what metrics share is computed from the saved levels."""

import numpy as np
import pytest
import skimage.data

from huebench.bench.metrics.pair import Pair
from huebench.datasets.color.conversion import rgb_to_lab


def photo(height=4, width=5, dtype=np.uint8):
    return np.zeros((height, width, 3), dtype)


@pytest.mark.parametrize(
    ("truth", "prediction", "error", "message"),
    [
        (photo(dtype=np.float32), photo(), TypeError, "the truth must be uint8 RGB, not float32"),
        (photo(), photo(dtype=np.int64), TypeError, "the prediction must be uint8 RGB, not int64"),
        (photo(), photo(5, 4), ValueError, r"differ in size: \(4, 5, 3\), \(5, 4, 3\)"),
        (photo()[..., 0], photo(), ValueError, r"the truth must have shape \(H, W, 3\), not \(4, 5\)"),
        (photo(0), photo(0), ValueError, r"the truth must have shape \(H, W, 3\), not \(0, 5, 3\)"),
    ],
)
def test_what_is_no_pair_is_refused(truth, prediction, error, message):
    with pytest.raises(error, match=message):
        Pair(truth, prediction)


def test_shared_quantities_of_views_match_those_of_copies():
    astronaut = skimage.data.astronaut()
    views = Pair(astronaut[::-2, ::4], astronaut[::2, ::4])
    copies = Pair(views.truth.copy(), views.prediction.copy())
    for name in ("squared_ab_distance", "truth_bin", "prediction_bin", "truth_opponent_sums"):
        np.testing.assert_array_equal(getattr(views, name), getattr(copies, name))
    lightness, ab = rgb_to_lab(copies.truth)
    np.testing.assert_array_equal(views.truth_lab[0], lightness.ravel())
    np.testing.assert_array_equal(views.truth_lab[1], ab.reshape(-1, 2))
