"""The area under the accuracy curve, and its points, against hand-worked photos."""

import numpy as np
import pytest

from huebench.bench.metrics import PhotoPair, Scorer, ab_prior
from huebench.bench.metrics.accuracy import accuracy
from huebench.bench.metrics.auc import accuracy_curve, area, rebalanced_accuracy_curve
from huebench.bench.metrics.bin_top1 import bin_top1
from huebench.datasets.color.bins import gamut_bins

EXACT = 1e-12


def auc_rebalanced(truth, predicted, prior):
    return Scorer(["auc_rebalanced"], prior).score(truth, predicted).columns["auc_rebalanced"]


def test_auc_and_accuracy_of_hand_worked_distances():
    # Distances 0, 3, 3.5 and 200: shares 1/4 for t < 3, 2/4 at t = 3, 3/4 from t = 4 on.
    squared = np.array([0, 9, 12.25, 40_000])
    curve = [0.25] * 3 + [0.5] + [0.75] * 147
    np.testing.assert_array_equal(accuracy_curve(squared), curve)
    assert area(accuracy_curve(squared)) == pytest.approx((sum(curve) - (0.25 + 0.75) / 2) / 150, abs=EXACT)
    assert accuracy(squared, 2.9) == 0.25
    assert accuracy(squared, 3) == 0.5  # at most, not less than
    assert accuracy(squared, 3.5) == 0.75


def test_identical_photos_have_perfect_shares(photos):
    truth, _ = photos
    pair = PhotoPair(truth, truth.copy())
    assert area(accuracy_curve(pair.squared_ab_distance)) == pytest.approx(1, abs=EXACT)
    assert auc_rebalanced(truth, truth.copy(), ab_prior([truth])) == pytest.approx(1, abs=EXACT)
    assert accuracy(pair.squared_ab_distance, 1e-9) == 1
    assert bin_top1(pair.truth_bin, pair.predicted_bin) == 1


def test_auc_rebalanced_of_a_hand_worked_photo():
    # Three grey pixels, right; one red pixel turned grey, at a distance of 104.55. The red bin is 1/10 of the
    # prior, so it weighs ten times, the grey bin 1/(9/10).
    truth = np.uint8([[[128, 128, 128], [128, 128, 128]], [[128, 128, 128], [255, 0, 0]]])
    predicted = np.full((2, 2, 3), 128, np.uint8)
    prior = np.zeros(261)
    nodes = gamut_bins().nodes.tolist()
    prior[nodes.index([0, 0])], prior[nodes.index([80, 70])] = 0.9, 0.1
    grey = 3 / 0.9 / (3 / 0.9 + 1 / 0.1)
    within = [grey] * 105 + [1] * 46
    pair = PhotoPair(truth, predicted)
    curve = rebalanced_accuracy_curve(pair.squared_ab_distance, pair.truth_bin, prior)
    np.testing.assert_allclose(curve, within, rtol=1e-6)
    expected = (sum(within) - (grey + 1) / 2) / 150
    assert auc_rebalanced(truth, predicted, prior) == pytest.approx(expected, abs=EXACT)


def test_auc_rebalanced_gives_an_unseen_bin_the_weight_of_the_rarest():
    truth = np.uint8([[[128, 128, 128], [255, 0, 0]]])
    predicted = np.full((1, 2, 3), 128, np.uint8)
    nodes = gamut_bins().nodes.tolist()
    unseen, rarest = np.zeros(261), np.zeros(261)
    unseen[nodes.index([0, 0])] = rarest[nodes.index([0, 0])] = 0.99
    unseen[nodes.index([-50, 50])] = rarest[nodes.index([80, 70])] = 0.01
    assert auc_rebalanced(truth, predicted, unseen) == pytest.approx(
        auc_rebalanced(truth, predicted, rarest), abs=EXACT
    )


def test_auc_rebalanced_without_a_prior_says_where_it_comes_from():
    grey = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match=r"auc_rebalanced needs .*prior=ab_prior"):
        auc_rebalanced(grey, grey, None)
