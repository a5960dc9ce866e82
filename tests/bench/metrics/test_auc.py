"""The area under the accuracy curve, and its points, against hand-worked photos."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import huebench
from huebench.bench.metrics import PhotoPair, Scorer, ab_prior, get_metric
from huebench.bench.metrics.accuracy import accuracy
from huebench.bench.metrics.auc import accuracy_curve, area, smoothed, unsmoothed_accuracy_curve
from huebench.bench.metrics.bin_top1 import bin_top1
from huebench.datasets.color.bins import gamut_bins
from huebench.datasets.color.conversion import rgb_to_lab
from huebench.reports.analysis.summary import summarize

EXACT = 1e-12


NODES = {"grey": [0, 0], "red": [80, 70], "green": [-50, 50]}

COLOURS = {"grey": [128] * 3, "red": [255, 0, 0]}

KNOWN = {"gray": 0.671, "random-ab": 0.663, "color-transfer-welsh": 0.702}
"""`auc_rebalanced` of the 119 landscapes, from an implementation written without reading this one."""


def value(name, truth, predicted, prior):
    return Scorer([name], prior).score(truth, predicted).columns[name]


def auc_rebalanced(truth, predicted, prior):
    return value("auc_rebalanced", truth, predicted, prior)


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


def prior_of(**shares):
    """Return a prior with shares of a few bins, by colour."""
    nodes = gamut_bins().nodes.tolist()
    prior = np.zeros(261)
    for colour, share in shares.items():
        prior[nodes.index(NODES[colour])] = share
    return prior


def photo_of(*colours):
    return np.uint8([[COLOURS[colour] for colour in colours]])


def test_the_unsmoothed_auc_rebalanced_of_a_hand_worked_photo():
    # Three grey pixels, right; one red pixel turned grey, at a distance of 104.55. The red bin is 1/10 of the
    # prior, so it weighs ten times, the grey bin 1/(9/10).
    truth, predicted = photo_of("grey", "grey", "grey", "red"), photo_of(*["grey"] * 4)
    prior = prior_of(grey=0.9, red=0.1)
    grey = 3 / 0.9 / (3 / 0.9 + 1 / 0.1)
    within = [grey] * 105 + [1] * 46
    pair = PhotoPair(truth, predicted)
    curve = unsmoothed_accuracy_curve(pair.squared_ab_distance, pair.truth_bin, prior)
    np.testing.assert_allclose(curve, within, rtol=1e-6)
    expected = (sum(within) - (grey + 1) / 2) / 150
    assert value("auc_rebalanced_per_photo", truth, predicted, prior) == pytest.approx(expected, abs=EXACT)


def test_a_smoothed_prior_sums_to_one_and_spreads_a_bin_by_a_gaussian_of_5():
    even = smoothed(prior_of(grey=1.0))
    nodes = gamut_bins().nodes
    assert even.sum() == pytest.approx(1, abs=EXACT)
    shares = [even[(nodes == node).all(axis=1)][0] for node in ([0, 0], [10, 0], [0, -10], [10, 10])]
    np.testing.assert_allclose(np.divide(shares, shares[0]), np.exp([0, -2, -2, -4]), rtol=1e-12)


def test_auc_rebalanced_pools_the_pixels_of_all_photos():
    # One photo of a rare colour, wrong, and three of a common one, right: pooled, the rare one counts more.
    prior = prior_of(grey=0.9, red=0.1)
    truths = [photo_of("red", "grey"), *[photo_of("grey", "grey")] * 3]
    rows = [
        Scorer(["auc_rebalanced"], prior).score(truth, photo_of("grey", "grey")).columns for truth in truths
    ]
    even = smoothed(prior)
    weights = 1 / even[gamut_bins().assign(rgb_to_lab(np.concatenate(truths))[1])]
    wrong = np.array([[True, False], *[[False, False]] * 3])
    share = weights[~wrong].sum() / weights.sum()  # within distances of 0 to 104; from 105 on, all are
    within = [share] * 105 + [1] * 46
    expected = np.trapezoid(within) / 150
    table = pd.DataFrame(rows)
    value, weight, squares = (table[column] for column in get_metric("auc_rebalanced").columns)
    assert (value * weight).sum() / weight.sum() == pytest.approx(expected, abs=1e-9)
    assert value.mean() > expected + 0.1
    assert squares.sum() == pytest.approx((weights**2).sum())


@pytest.mark.parametrize("name", ["auc_rebalanced", "auc_rebalanced_per_photo"])
def test_a_bin_far_from_all_of_the_sample_weighs_no_more_than_the_rarest_of_the_sample(name):
    truth, predicted = photo_of("grey", "red"), photo_of("grey", "grey")
    unseen, rarest = prior_of(grey=0.99, green=0.01), prior_of(grey=0.99, red=0.01)
    assert value(name, truth, predicted, unseen) == pytest.approx(
        value(name, truth, predicted, rarest), abs=0.002
    )


def test_auc_rebalanced_without_a_prior_says_where_it_comes_from():
    grey = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match=r"auc_rebalanced needs .*prior=ab_prior"):
        auc_rebalanced(grey, grey, None)


def landscapes(*methods, **options):
    """Run methods on the landscapes' test split and return what the report says of `auc_rebalanced`."""
    data = os.environ.get("HUEBENCH_DATA")
    if not data:
        pytest.skip("HUEBENCH_DATA names no folder of real photos")
    root = Path(data, "landscapes")
    results = huebench.run(
        methods=methods, dataset="landscapes", data_root=root, metrics="auc_rebalanced", **options
    )
    summary = summarize(results)
    assert summary.photos == 119
    return summary.scores["auc_rebalanced"]


@pytest.mark.slow
def test_auc_rebalanced_of_119_landscapes_is_what_an_independent_audit_found(tmp_path):
    assert landscapes(*KNOWN, out=tmp_path).to_dict() == pytest.approx(KNOWN, abs=0.005)


@pytest.mark.long
def test_auc_rebalanced_of_a_trained_method_on_119_landscapes(tmp_path):
    assert landscapes("patch-som-mlp", out=tmp_path)["patch-som-mlp"] == pytest.approx(0.687, abs=0.005)
