"""Invalid pairs of photos, and the quantities that metrics share."""

import numpy as np
import pytest
import skimage.data

from huebench.bench.metrics import PhotoPair
from huebench.datasets.color.conversion import rgb_to_lab


def photo(height=4, width=5, dtype=np.uint8):
    return np.zeros((height, width, 3), dtype)


@pytest.mark.parametrize(
    ("truth", "predicted", "error", "message"),
    [
        (
            photo(dtype=np.float32),
            photo(),
            TypeError,
            "truth must be a uint8 RGB array with levels 0 to 255, not float32",
        ),
        (
            photo(),
            photo(dtype=np.int64),
            TypeError,
            "predicted must be a uint8 RGB array with levels 0 to 255, not int64",
        ),
        (photo(), photo(5, 4), ValueError, r"differ in shape: \(4, 5, 3\), \(5, 4, 3\)"),
        (photo().tolist(), photo(), TypeError, "truth must be a uint8 RGB array .*, not list"),
        (photo()[..., 0], photo(), ValueError, r"truth must have shape \(H, W, 3\), not \(4, 5\)"),
        (photo(0), photo(0), ValueError, r"truth must have shape \(H, W, 3\), not \(0, 5, 3\)"),
    ],
)
def test_invalid_pairs_are_refused(truth, predicted, error, message):
    with pytest.raises(error, match=message):
        PhotoPair(truth, predicted)


def test_shared_quantities_of_views_match_those_of_copies():
    astronaut = skimage.data.astronaut()
    views = PhotoPair(astronaut[::-2, ::4], astronaut[::2, ::4])
    copies = PhotoPair(views.truth.copy(), views.predicted.copy())
    for name in ("squared_ab_distance", "truth_bin", "predicted_bin", "truth_opponent_sums"):
        np.testing.assert_array_equal(getattr(views, name), getattr(copies, name))
    lightness, ab = rgb_to_lab(copies.truth)
    np.testing.assert_array_equal(views.truth_lab[0], lightness.ravel())
    np.testing.assert_array_equal(views.truth_lab[1], ab.reshape(-1, 2))
