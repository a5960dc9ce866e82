"""CIEDE2000 against published pairs, colour-science and scikit-image."""

import colour
import numpy as np
import pytest

from huebench.bench.metrics import PhotoPair
from huebench.bench.metrics.delta_e2000 import delta_e2000 as mean_delta_e2000

from . import naive

TOLERANCE = 1e-4

# Sharma, Wu and Dalal 2005, table 1: L₁ a₁ b₁ L₂ a₂ b₂ ΔE₀₀.
SHARMA = np.array(
    [
        [50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425],
        [50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615],
        [50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412],
        [50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000],
        [50, -1.1848, -84.8006, 50, 0, -82.7485, 1.0000],
        [50, -0.9009, -85.5211, 50, 0, -82.7485, 1.0000],
        [50, 0, 0, 50, -1, 2, 2.3669],
        [50, -1, 2, 50, 0, 0, 2.3669],
        [50, 2.4900, -0.0010, 50, -2.4900, 0.0009, 7.1792],
        [50, 2.4900, -0.0010, 50, -2.4900, 0.0010, 7.1792],
        [50, 2.4900, -0.0010, 50, -2.4900, 0.0011, 7.2195],
        [50, 2.4900, -0.0010, 50, -2.4900, 0.0012, 7.2195],
        [50, -0.0010, 2.4900, 50, 0.0009, -2.4900, 4.8045],
        [50, -0.0010, 2.4900, 50, 0.0010, -2.4900, 4.8045],
        [50, -0.0010, 2.4900, 50, 0.0011, -2.4900, 4.7461],
        [50, 2.5, 0, 50, 0, -2.5, 4.3065],
        [50, 2.5, 0, 73, 25, -18, 27.1492],
        [50, 2.5, 0, 61, -5, 29, 22.8977],
        [50, 2.5, 0, 56, -27, -3, 31.9030],
        [50, 2.5, 0, 58, 24, 15, 19.4535],
        [50, 2.5, 0, 50, 3.1736, 0.5854, 1.0000],
        [50, 2.5, 0, 50, 3.2972, 0, 1.0000],
        [50, 2.5, 0, 50, 1.8634, 0.5757, 1.0000],
        [50, 2.5, 0, 50, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)


def delta_e2000(first, second):
    """Return the difference of each pair of colours, float64 Lab (N, 3), as the published digits need."""
    return [
        mean_delta_e2000((one[:, 0], one[:, 1:]), (two[:, 0], two[:, 1:]))
        for one, two in zip(first[:, None], second[:, None], strict=True)
    ]


def test_delta_e2000_matches_sharmas_34_pairs():
    assert len(SHARMA) == 34
    np.testing.assert_allclose(delta_e2000(SHARMA[:, :3], SHARMA[:, 3:6]), SHARMA[:, 6], atol=5e-5)
    np.testing.assert_allclose(delta_e2000(SHARMA[:, 3:6], SHARMA[:, :3]), SHARMA[:, 6], atol=5e-5)


def test_delta_e2000_matches_colour_science_everywhere():
    rng = np.random.default_rng(0)
    low, high = [0, -110, -110], [100, 110, 110]
    first, second = rng.uniform(low, high, (2, 50_000, 3))
    near = first + rng.normal(0, 2, first.shape)
    for other in (second, near):
        expected = colour.difference.delta_E_CIE2000(first, other)
        np.testing.assert_allclose(delta_e2000(first, other), expected, atol=1e-9)


@pytest.mark.parametrize("angle", np.arange(0, 360, 45))
def test_delta_e2000_of_exactly_opposite_and_of_grey_colours_matches_colour_science(angle):
    a, b = np.round([30 * np.cos(np.deg2rad(angle)), 30 * np.sin(np.deg2rad(angle))], 6)
    first = np.array([[50, a, b], [50, a, b], [40, 0, 0], [40, 0, 0]])
    second = np.array([[60, -a, -b], [60, 0, 0], [60, a, b], [60, 0, 0]])
    expected = colour.difference.delta_E_CIE2000(first, second)
    np.testing.assert_allclose(delta_e2000(first, second), expected, atol=1e-9)


def test_delta_e2000_of_many_colours_is_the_mean_over_all_blocks():
    rng = np.random.default_rng(0)
    pair = PhotoPair(*rng.integers(0, 256, (2, 37, 41, 3), np.uint8))  # 1,517 pixels: two blocks and a part
    expected = naive.delta_e2000(naive.lab(pair.truth), naive.lab(pair.predicted))
    assert mean_delta_e2000(pair.truth_lab, pair.predicted_lab) == pytest.approx(expected, abs=TOLERANCE)


def test_delta_e2000_of_identical_photos_is_0(photos):
    pair = PhotoPair(photos[0], photos[0].copy())
    assert mean_delta_e2000(pair.truth_lab, pair.predicted_lab) == 0
