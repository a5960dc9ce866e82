"""Coverage of intervals and rates of false positives, by simulation; formulas against SciPy."""

import numpy as np
import pandas as pd
import pytest
import scipy
from scipy import stats

from huebench.reports.analysis import inference
from huebench.reports.analysis.inference import (
    benjamini_yekutieli,
    between_seeds,
    bootstrap_t,
    estimates,
    holm,
    within,
)

SIZES = (2, 5, 10, 30, 119)


def simulated(draw, photos, runs, rng):
    """Return runs (columns) of photos whose true mean is zero."""
    if draw == "normal":
        return rng.normal(size=(photos, runs))
    if draw == "lognormal":
        return rng.lognormal(0, 0.4, (photos, runs)) - np.exp(0.08)
    near_grey = rng.random((photos, runs)) < 0.13  # the share in MIRFLICKR; they lose 9 dB where others gain
    values = np.where(near_grey, rng.normal(-9, 3, near_grey.shape), rng.normal(1, 2, near_grey.shape))
    return values - (0.13 * -9 + 0.87)


def coverage(draw, photos, runs=4000, seed=3):
    low, high = estimates(simulated(draw, photos, runs, np.random.default_rng(seed))).interval()
    return np.mean((low <= 0) & (high >= 0))


@pytest.mark.parametrize("photos", SIZES)
@pytest.mark.parametrize("draw", ["normal", "lognormal"])
def test_95_percent_intervals_cover_the_mean_92_to_97_percent_of_the_time(draw, photos):
    assert 0.92 <= coverage(draw, photos) <= 0.97


@pytest.mark.parametrize(("photos", "least"), [(5, 0.70), (10, 0.75), (30, 0.90), (119, 0.92)])
def test_coverage_where_few_near_grey_photos_decide_the_mean(photos, least):
    # No interval can cover where none of these photos was drawn: half of the samples of 5.
    assert least <= coverage("near-grey", photos) <= 0.97


def ratios(photos, runs, rng):
    """Return values and weights of photos: like `auc_rebalanced`, a few photos carry most of the weight."""
    weights = rng.lognormal(0, 1, (runs, photos))
    values = 0.7 - 0.05 * np.log(weights) + rng.normal(0, 0.1, weights.shape)
    return values, weights


@pytest.mark.slow
@pytest.mark.parametrize(("photos", "least"), [(30, 0.86), (119, 0.90)])
def test_intervals_of_ratios_cover_the_ratio_of_all_photos(photos, least):
    rng = np.random.default_rng(5)
    values, weights = ratios(1_000_000, 1, rng)
    truth = np.average(values, weights=weights)
    hits = 0
    for own, weight in zip(*ratios(photos, 250, rng), strict=True):
        part = np.average(own, weights=weight) + weight / weight.mean() * (
            own - np.average(own, weights=weight)
        )
        (low,), (high,) = estimates(part[:, None]).interval()
        below, above, _ = bootstrap_t(own[:, None], weight)
        hits += min(low, below[0]) <= truth <= max(high, above[0])
    assert least <= hits / 250 <= 0.98


def false_positives(seeds, between, runs, rng, photos=119):
    """Return how often two equal methods differ significantly; each has its own seeds."""
    hits = 0
    for _ in range(runs):
        photo = rng.normal(0, 1, (photos, 1))
        one, other = (
            share * photo + rng.normal(0, between, seeds) + rng.normal(0, 0.5, (photos, seeds))
            for share in (1, 0)
        )
        added = np.add(between_seeds(one), between_seeds(other))
        table = pd.DataFrame([added], columns=["variance", "doubt"])
        hits += estimates((one.mean(axis=1) - other.mean(axis=1))[:, None], table).p()[0] < 0.05
    return hits / runs


@pytest.mark.parametrize("seeds", [3, 5])
def test_equal_methods_whose_seeds_differ_by_02_db_differ_in_3_to_7_percent_of_runs(seeds):
    assert 0.03 <= false_positives(seeds, 0.2, 1500, np.random.default_rng(seeds)) <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("between", [0.0, 0.4])
def test_equal_methods_differ_in_3_to_7_percent_of_runs_whatever_lies_between_seeds(seeds, between):
    assert 0.03 <= false_positives(seeds, between, 4000, np.random.default_rng(7)) <= 0.07


def test_one_seed_adds_nothing_and_equal_seeds_add_nothing():
    values = np.random.default_rng(2).normal(size=(20, 1))
    assert between_seeds(values) == (0.0, 0.0)
    assert between_seeds(np.repeat(values, 3, axis=1)) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_the_variance_between_seeds_is_that_of_the_analysis_of_variance():
    rng = np.random.default_rng(6)
    values = rng.normal(size=(50, 1)) + rng.normal(0, 0.3, 4) + rng.normal(0, 0.5, (50, 4))
    variance, doubt = between_seeds(values)
    between = 50 * values.mean(axis=0).var(ddof=1)
    rest = (values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()) ** 2
    assert variance == pytest.approx((between - rest.sum() / (49 * 3)) / 50 / 4)
    assert doubt == pytest.approx((between / 50 / 4) ** 2 / 3)


def test_a_seed_that_missed_a_photo_leaves_that_photo_out():
    values = np.random.default_rng(2).normal(size=(20, 3))
    gap = values.copy()
    gap[4, 1] = np.nan
    assert between_seeds(gap) == pytest.approx(between_seeds(np.delete(values, 4, axis=0)))


def test_estimates_equal_scipys_t_test_column_by_column():
    values = np.random.default_rng(1).gamma(2, size=(40, 3))
    values[4, 1] = np.nan
    found = estimates(values)
    low, high = found.interval()
    for column in range(3):
        reference = stats.ttest_1samp(values[:, column], 0, nan_policy="omit")
        ends = reference.confidence_interval()
        assert (low[column], high[column]) == pytest.approx((ends.low, ends.high))
        assert found.p()[column] == pytest.approx(reference.pvalue)


def test_columns_with_too_few_or_infinite_values_have_no_interval():
    values = np.ones((5, 4))
    values[1:, 1], values[:, 2], values[2, 3] = np.nan, np.nan, np.inf
    low, high = estimates(values).interval()
    np.testing.assert_array_equal(low, [1, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(high, low)


@pytest.mark.parametrize(("photos", "p"), [(2, 0.5), (5, 0.0625), (119, 2.0**-118)])
def test_equal_differences_are_as_sure_as_their_number(photos, p):
    changes = np.arange(photos) + 0.3 - np.arange(photos)
    assert estimates(np.stack([changes, np.zeros(photos)], axis=1)).p().tolist() == pytest.approx([p, 1])


def test_bootstrap_t_of_equal_weights_agrees_with_student_and_is_one_of_the_same_draws(monkeypatch):
    monkeypatch.setattr(inference, "RESAMPLES", 50_000)  # p from 4,999 has an error of 0.01
    values = np.random.default_rng(8).normal(0.2, 1, (60, 2))
    low, high, p = bootstrap_t(values, np.full(60, 7.0))
    found = estimates(values)
    assert low == pytest.approx(found.interval()[0], abs=0.03)
    assert high == pytest.approx(found.interval()[1], abs=0.03)
    assert p == pytest.approx(found.p(), abs=0.02)
    again = bootstrap_t(values[:, :1], np.ones(60))
    assert again[0] == pytest.approx(low[:1])


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, np.nan, 0.03, 0.6])).tolist() == pytest.approx(
        [0.04, 0.09, np.nan, 0.09, 0.6], nan_ok=True
    )


def test_benjamini_and_yekutielis_p_values_equal_scipys():
    p = np.random.default_rng(0).random(50) ** 4
    p[[3, 7, 20]] = p[5], np.nan, 0
    known = np.isfinite(p)
    adjusted = benjamini_yekutieli(p)
    np.testing.assert_array_equal(adjusted[known], stats.false_discovery_control(p[known], method="by"))
    assert np.isnan(adjusted[~known]).all()
    assert np.isnan(benjamini_yekutieli(np.array([np.nan]))).all()


def test_equal_differences_show_no_smallest_difference():
    found = estimates(np.stack([np.full(5, -0.5), np.zeros(5)], axis=1)).smallest(1)
    np.testing.assert_array_equal(found, [np.nan, 0])


def test_seeds_leave_at_least_one_degree_of_freedom():
    seeds = pd.DataFrame({"variance": [0.0], "doubt": [10.0]})
    assert estimates(np.array([[1.0], [1.001]]), seeds).freedom.tolist() == [1.0]


def test_intervals_within_bounds_agree_with_students_of_the_logits():
    rng = np.random.default_rng(5)
    shares = scipy.special.expit(rng.normal(2.5, 0.4, (2000, 1)))  # so narrow that the delta method is exact
    low, high = estimates(scipy.special.logit(shares)).interval()
    found = estimates(shares)
    reach = found.interval()[1] - found.mean
    slope = 1 / (found.mean * (1 - found.mean))
    # Each end far beyond a bound, so that both are made on the logit scale.
    ends = within(found.mean - 200 * reach, found.mean + 200 * reach, found.mean, (0, 1))
    logits = np.concatenate([scipy.special.logit(end) - scipy.special.logit(found.mean) for end in ends])
    expected = np.concatenate([-200 * slope * reach, 200 * slope * reach])
    np.testing.assert_allclose(logits, expected, rtol=1e-6)
    assert slope * reach == pytest.approx((high - low) / 2, rel=0.1)


def test_intervals_within_bounds_cover_the_mean_of_skewed_shares_of_a_dozen_photos():
    rng = np.random.default_rng(6)
    values = rng.beta(4, 0.6, (12, 2000))
    found = estimates(values)
    low, high = within(*found.interval(), found.mean, (0, 1))
    assert (low > 0).all()
    assert (high < 1).all()
    covered = ((low < 4 / 4.6) & (high > 4 / 4.6)).mean()
    assert 0.89 <= covered <= 0.97


def test_intervals_above_one_bound_are_those_of_the_logarithm_and_cover_the_mean_of_skewed_values():
    rng = np.random.default_rng(7)
    values = rng.lognormal(0.0, 1.5, (12, 2000))
    found = estimates(values)
    plain = found.interval()
    assert (plain[0] < 0).any(), "the fault"
    low, high = within(*plain, found.mean, (0, None))
    assert (low > 0).all()
    beyond = plain[0] < 0
    # The delta method: the error of a logarithm is the relative error.
    reach = (plain[1] - found.mean) / found.mean
    np.testing.assert_allclose(np.log(high / found.mean)[beyond], reach[beyond])
    np.testing.assert_allclose(np.log(low / found.mean)[beyond], -reach[beyond])
    np.testing.assert_array_equal(high[~beyond], plain[1][~beyond])
    mean = np.exp(1.5**2 / 2)
    covered, before = (((one < mean) & (other > mean)).mean() for one, other in ((low, high), plain))
    assert covered >= before
    below = within(-plain[1], -plain[0], -found.mean, (None, 0))
    np.testing.assert_allclose(below, (-high, -low))
    np.testing.assert_array_equal(within(*plain, found.mean, (None, None)), plain)


def test_values_at_a_bound_and_missing_ones_stay():
    mean = np.array([1.0, np.nan, 0.5])
    low, high = within(np.array([1.0, np.nan, 0.4]), np.array([1.0, np.nan, 0.6]), mean, (0, 1))
    np.testing.assert_array_equal(low, [1.0, np.nan, 0.4])
    np.testing.assert_array_equal(high, [1.0, np.nan, 0.6])
