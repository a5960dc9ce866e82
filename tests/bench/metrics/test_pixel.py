"""The pixel metrics against scikit-image, colour-science, published pairs and hand-worked photos."""

import math

import colour
import numpy as np
import pytest
import skimage.data
import skimage.metrics
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from huebench.bench.metrics import kernels, pixel
from huebench.bench.metrics.pair import Pair
from huebench.datasets.color.bins import gamut_bins
from huebench.datasets.color.conversion import lab_to_rgb, rgb_to_lab

from . import naive

TOLERANCE = 1e-4
SSIM_TOLERANCE = 1e-5
EXACT = 1e-12

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
    """Call the kernel on float64 Lab (N, 3), which the published digits need."""
    return [
        kernels.mean_delta_e2000(one[:, 0], one[:, 1:], two[:, 0], two[:, 1:])
        for one, two in zip(first[:, None], second[:, None], strict=True)
    ]


def flat(colour_, shape=(4, 4)):
    return np.broadcast_to(np.uint8(colour_), (*shape, 3))


@pytest.fixture(scope="module", params=["astronaut", "coffee", "chelsea"])
def photos(request):
    """A photo and the same with its chroma weakened and shifted."""
    truth = getattr(skimage.data, request.param)()[20:250, 60:316]
    lightness, ab = rgb_to_lab(truth)
    return truth, lab_to_rgb(lightness, ab * np.float32(0.6) + np.float32(3))


def test_every_metric_matches_skimage_and_numpy(photos):
    truth, prediction = photos
    sample = [skimage.data.rocket()]
    pair = Pair(truth, prediction, gamut_bins().prior(sample))
    expected = naive.every_metric(truth, prediction, naive.shares(sample))
    assert pixel.psnr(pair) == pytest.approx(expected["psnr"], abs=TOLERANCE)
    assert pixel.psnr_ab(pair) == pytest.approx(expected["psnr_ab"], abs=TOLERANCE)
    assert pixel.ssim(pair) == pytest.approx(expected["ssim"], abs=SSIM_TOLERANCE)
    assert pixel.prediction_colorfulness(pair) == pytest.approx(expected["colorfulness"], abs=TOLERANCE)
    assert pixel.truth_colorfulness(pair) == pytest.approx(expected["colorfulness_truth"], abs=TOLERANCE)
    assert pixel.auc(pair) == pytest.approx(expected["auc"], abs=TOLERANCE)
    assert pixel.auc_rebalanced(pair) == pytest.approx(expected["auc_rebalanced"], abs=TOLERANCE)
    assert pixel.accuracy(pair, radius=5) == pytest.approx(expected["accuracy@5"], abs=TOLERANCE)
    assert pixel.accuracy(pair, radius=10) == pytest.approx(expected["accuracy@10"], abs=TOLERANCE)
    assert pixel.bin_top1(pair) == pytest.approx(expected["bin_top1"], abs=TOLERANCE)
    assert pixel.delta_e2000(pair) == pytest.approx(expected["delta_e2000"], abs=TOLERANCE)
    for compute, column in (
        (pixel.prediction_colorfulness, "colorfulness_abs"),
        (pixel.truth_colorfulness, "colorfulness_abs_truth"),
    ):
        assert compute(pair, absolute=True) == pytest.approx(expected[column], abs=TOLERANCE)


@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(np.uint8, (12, 15, 3)),
    hnp.arrays(np.uint8, (12, 15, 3)),
)
def test_rgb_metrics_match_skimage_on_any_photo(truth, prediction):
    pair = Pair(truth, prediction)
    assert pixel.ssim(pair) == pytest.approx(naive.ssim(truth, prediction), abs=1e-9)
    assert pixel.prediction_colorfulness(pair) == pytest.approx(naive.colorfulness(prediction), abs=1e-9)
    if (truth != prediction).any():
        expected = min(naive.psnr(truth, prediction), pixel.psnr(Pair(truth, truth)))
        assert pixel.psnr(pair) == pytest.approx(expected, abs=1e-9)


def test_psnr_does_not_wrap_around():
    # Differences of 200 − 250 = −50 and 250 − 200 = 50: as uint8 the first would be 206.
    pair = Pair(flat(200), flat(250))
    assert pixel.psnr(pair) == pytest.approx(20 * math.log10(255 / 50), abs=EXACT)
    assert pixel.psnr(Pair(flat(250), flat(200))) == pixel.psnr(pair)


def test_psnr_beyond_65536_values_is_exact():
    truth = np.zeros((300, 300, 3), np.uint8)
    assert pixel.psnr(Pair(truth, truth + np.uint8(255))) == 0


def test_one_level_everywhere_is_48_decibels_and_far_less_is_the_ceiling():
    truth = np.full((32, 32, 3), 100, np.uint8)
    assert pixel.psnr(Pair(truth, truth + np.uint8(1))) == pytest.approx(20 * math.log10(255))
    almost = truth.copy()
    almost[0, 0, 0] += 1
    assert pixel.psnr(Pair(truth, almost)) == pixel.PSNR_CEILING


def test_identical_photos_have_perfect_scores(photos):
    truth, _ = photos
    pair = Pair(truth, truth.copy(), gamut_bins().prior([truth]))
    assert pixel.psnr(pair) == pixel.psnr_ab(pair) == pixel.PSNR_CEILING
    assert pytest.approx(58.92, abs=0.005) == pixel.PSNR_CEILING
    assert pixel.ssim(pair) == pytest.approx(1, abs=EXACT)
    assert pixel.auc(pair) == pytest.approx(1, abs=EXACT)
    assert pixel.auc_rebalanced(pair) == pytest.approx(1, abs=EXACT)
    assert pixel.bin_top1(pair) == 1
    assert pixel.accuracy(pair, radius=1e-9) == 1
    assert pixel.delta_e2000(pair) == 0


def test_ssim_leaves_out_the_border_as_wang_does():
    # Only the window's own place is left of an 11×11 photo: one Gaussian-weighted SSIM a channel.
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 256, (2, 11, 11, 3), np.uint8)
    one = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = np.outer(one, one) / np.outer(one, one).sum()
    scores = []
    for x, y in zip(np.moveaxis(truth.astype(float), -1, 0), np.moveaxis(prediction, -1, 0), strict=True):
        mean_x, mean_y = (window * x).sum(), (window * y).sum()
        variance_x, variance_y = (window * (x - mean_x) ** 2).sum(), (window * (y - mean_y) ** 2).sum()
        covariance = (window * (x - mean_x) * (y - mean_y)).sum()
        c1, c2 = 6.5025, 58.5225
        scores.append(
            (2 * mean_x * mean_y + c1)
            * (2 * covariance + c2)
            / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))
        )
    assert pixel.ssim(Pair(truth, prediction)) == pytest.approx(np.mean(scores), abs=EXACT)


def test_ssim_is_not_the_uniform_window_of_skimages_default(photos):
    truth, prediction = photos
    ours = pixel.ssim(Pair(truth, prediction))
    uniform = skimage.metrics.structural_similarity(truth, prediction, channel_axis=-1)
    assert abs(ours - uniform) > 10 * SSIM_TOLERANCE


def test_ssim_of_a_photo_smaller_than_the_window_says_so():
    with pytest.raises(ValueError, match="at least 11×11 pixels, not 10×64"):
        pixel.ssim(Pair(flat(0, (10, 64)), flat(0, (10, 64))))


def test_colorfulness_of_hand_worked_photos():
    # Half red, half green: rg = ±255, yb = 127.5: σ = (255, 0), μ = (0, 127.5).
    photo = np.zeros((2, 2, 3), np.uint8)
    photo[0, :, 0] = photo[1, :, 1] = 255
    pair = Pair(photo, flat(90, (2, 2)))
    assert pixel.truth_colorfulness(pair) == pytest.approx(255 + 0.3 * 127.5, abs=EXACT)
    assert pixel.prediction_colorfulness(pair) == 0
    # With |rg| the deviation is gone and the mean is (255, 127.5).
    assert pixel.truth_colorfulness(pair, absolute=True) == pytest.approx(
        0.3 * math.hypot(255, 127.5), abs=EXACT
    )


def test_auc_and_accuracy_of_a_hand_worked_photo():
    # Distances 0, 3, 3.5 and 200: shares 1/4 for t < 3, 2/4 at t = 3, 3/4 from t = 4 on.
    squared = np.array([0, 9, 12.25, 40_000])
    pair = Pair(flat(0, (2, 2)), flat(0, (2, 2)))
    pair.__dict__["squared_ab_distance"] = squared
    curve = [0.25] * 3 + [0.5] + [0.75] * 147
    np.testing.assert_array_equal(pixel.accuracy_curve(pair), np.float32(curve))
    assert pixel.auc(pair) == pytest.approx((sum(curve) - (0.25 + 0.75) / 2) / 150, abs=EXACT)
    assert pixel.accuracy(pair, radius=2.9) == 0.25
    assert pixel.accuracy(pair, radius=3) == 0.5  # at most, not less than
    assert pixel.accuracy(pair, radius=3.5) == 0.75
    assert pixel.psnr_ab(pair) == pytest.approx(10 * math.log10(255**2 / (squared.mean() / 2)), abs=EXACT)


def test_auc_rebalanced_of_a_hand_worked_photo():
    # Three grey pixels, right; one red pixel turned grey, at a distance of 104.55. The red bin is 1/10 of the
    # prior, so it weighs ten times, the grey bin 1/(9/10).
    truth = np.uint8([[[128, 128, 128], [128, 128, 128]], [[128, 128, 128], [255, 0, 0]]])
    prediction = flat(128, (2, 2))
    prior = np.zeros(261)
    nodes = gamut_bins().nodes.tolist()
    prior[nodes.index([0, 0])], prior[nodes.index([80, 70])] = 0.9, 0.1
    grey = 3 / 0.9 / (3 / 0.9 + 1 / 0.1)
    within = [grey] * 105 + [1] * 46
    expected = (sum(within) - (grey + 1) / 2) / 150
    pair = Pair(truth, prediction, prior)
    np.testing.assert_allclose(pixel.rebalanced_accuracy_curve(pair), within, rtol=1e-6)
    assert pixel.auc_rebalanced(pair) == pytest.approx(expected, abs=EXACT)


def test_auc_rebalanced_gives_an_unseen_bin_the_weight_of_the_rarest():
    truth = np.uint8([[[128, 128, 128], [255, 0, 0]]])
    prediction = flat(128, (1, 2))
    nodes = gamut_bins().nodes.tolist()
    unseen, rarest = np.zeros(261), np.zeros(261)
    unseen[nodes.index([0, 0])] = rarest[nodes.index([0, 0])] = 0.99
    unseen[nodes.index([-50, 50])] = rarest[nodes.index([80, 70])] = 0.01
    assert pixel.auc_rebalanced(Pair(truth, prediction, unseen)) == pytest.approx(
        pixel.auc_rebalanced(Pair(truth, prediction, rarest)), abs=EXACT
    )


def test_auc_rebalanced_without_a_prior_says_where_it_comes_from():
    with pytest.raises(ValueError, match="prior=ab_prior"):
        pixel.auc_rebalanced(Pair(flat(0), flat(0)))


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
    first, second = rng.integers(0, 256, (2, 37, 41, 3), np.uint8)  # 1,517 pixels: two blocks and a part
    expected = naive.delta_e2000(naive.lab(first), naive.lab(second))
    assert pixel.delta_e2000(Pair(first, second)) == pytest.approx(expected, abs=TOLERANCE)
