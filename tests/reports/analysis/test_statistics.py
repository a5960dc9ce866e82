from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from huebench.reports.analysis.statistics import (
    bootstrap,
    compare,
    contributions,
    intervals,
    paired,
    per_photo,
    rank,
)
from huebench.reports.analysis.summary import summarize

from ..conftest import bootstrapped


def metric_of(results, name):
    return next(metric for metric in results.run.metrics if metric.name == name)


def test_bootstrap_equals_scipy_column_by_column():
    values = np.random.default_rng(1).gamma(2, size=(40, 3))
    low, high = bootstrap(values)
    for column in range(3):
        reference = bootstrapped(values[:, column])
        assert low[column] == pytest.approx(reference.low, rel=1e-12)
        assert high[column] == pytest.approx(reference.high, rel=1e-12)


def test_a_missing_value_leaves_its_photo_out_of_its_column_alone():
    values = np.random.default_rng(1).normal(size=(30, 3))
    values[4, 1] = np.nan
    low, high = bootstrap(values)
    for column, rows in ((0, np.arange(30)), (1, np.delete(np.arange(30), 4)), (2, np.arange(30))):
        alone = bootstrap(values[rows, column : column + 1])
        assert (low[column], high[column]) == pytest.approx((alone[0][0], alone[1][0]), rel=1e-12)


def test_columns_with_too_few_or_infinite_values_have_no_interval():
    values = np.ones((5, 4))
    values[1:, 1], values[:, 2], values[2, 3] = np.nan, np.nan, np.inf
    low, high = bootstrap(values)
    np.testing.assert_array_equal(low, [1, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(high, low)
    assert np.isnan(bootstrap(np.ones((1, 1)))).all()


@pytest.mark.parametrize("draw", ["normal", "lognormal"])
def test_95_percent_intervals_cover_the_mean_92_to_97_percent_of_the_time(draw):
    rng = np.random.default_rng(3)
    truth = {"normal": 0.0, "lognormal": np.exp(0.5**2 / 2)}[draw]
    sigma = {"normal": 1.0, "lognormal": 0.5}[draw]
    runs = getattr(rng, draw)(0.0, sigma, size=(119, 1000))
    # Every column is a run of its own; they share the bootstrap's draws, which are independent of the data.
    low, high = bootstrap(runs)
    assert 0.92 <= np.mean((low <= truth) & (truth <= high)) <= 0.97


@pytest.mark.parametrize("gap", [0.0, 0.3, -5.0])
def test_95_percent_intervals_cover_the_gap_between_two_means(maker, gap):
    results = maker.run(methods=("gray",), photos=119)
    names = [f"run-{number}" for number in range(200)]
    base = results.images.assign(colorfulness_truth=40.0)
    images = pd.concat([base.assign(method=name, cell=name) for name in names], ignore_index=True)
    images["colorfulness"] = 40.0 + np.random.default_rng(7).normal(gap, 5, len(images))
    cells = pd.concat([results.cells.assign(method=name, cell=name) for name in names], ignore_index=True)
    runs = replace(results, images=images, cells=cells)
    ends = intervals(summarize(runs))
    low, high = ends.low["delta_colorfulness"], ends.high["delta_colorfulness"]
    assert 0.90 <= np.mean((low <= abs(gap)) & (abs(gap) <= high)) <= 0.99


def test_the_gap_of_several_seeds_and_its_interval_are_of_the_same_number(maker):
    results = maker.run(methods=("gray",), photos=50, seeds=(0, 1))
    noise = np.random.default_rng(3).normal(0, 1, len(results.images))
    gaps = results.images["seed"].map({0: 24.0, 1: -1.0}) + noise
    apart = replace(
        results, images=results.images.assign(colorfulness=results.images["colorfulness_truth"] + gaps)
    )
    summary = summarize(apart)
    ends = intervals(summary)
    score = summary.scores.loc["gray", "delta_colorfulness"]
    assert score == pytest.approx(12.5, abs=0.3)
    assert ends.low.loc["gray", "delta_colorfulness"] < score < ends.high.loc["gray", "delta_colorfulness"]
    assert contributions(apart.images, metric_of(apart, "delta_colorfulness"))[
        "gray"
    ].mean() == pytest.approx(score)


def test_the_interval_of_every_mean_holds_its_mean(maker):
    results = maker.run(photos=40, failures=True)
    summary = summarize(results)
    ends = intervals(summary)
    for metric in summary.metrics:
        if metric.aggregate == "stored":
            assert metric.name not in ends.low
            continue
        scores = summary.scores[metric.name]
        low, high = ends.low.loc[scores.index, metric.name], ends.high.loc[scores.index, metric.name]
        assert ((low <= scores) & (scores <= high) | scores.isna()).all(), metric.name
    assert ends.low.loc["resnet34-regression"].isna().all()


def test_per_photo_averages_seeds_and_takes_absolute_differences(maker):
    results = maker.run(methods=("gray", "pix2pix"), seeds=(0, 1), photos=5)
    psnr = per_photo(results, metric_of(results, "psnr"))
    gap = per_photo(results, metric_of(results, "delta_colorfulness_per_image"))
    rows = results.images.query("method == 'pix2pix' and photo == 'im0003.jpg'")
    assert psnr.loc["im0003.jpg", "pix2pix"] == pytest.approx(rows["psnr"].mean())
    expected = (rows["colorfulness"] - rows["colorfulness_truth"]).abs().mean()
    assert gap.loc["im0003.jpg", "pix2pix"] == pytest.approx(expected)
    assert per_photo(results, metric_of(results, "delta_colorfulness")) is None
    assert per_photo(results, metric_of(results, "fid")) is None


def test_paired_equals_scipy_and_the_textbook():
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"up": rng.normal(0.3, 1, 50), "level": rng.normal(0, 1, 50), "none": np.zeros(50)})
    table.loc[7, "up"] = np.nan
    said = paired(table)
    up = table["up"].dropna().to_numpy()
    assert said.loc["up", "photos"] == 49
    assert said.loc["up", "difference"] == pytest.approx(up.mean())
    assert said.loc["up", "effect"] == pytest.approx(up.mean() / up.std(ddof=1))
    assert said.loc["up", "positive"] == pytest.approx((up > 0).mean())
    assert said.loc["up", "p"] == pytest.approx(stats.ttest_rel(up, np.zeros(49)).pvalue)
    assert said.loc["none", ["difference", "low", "high", "effect", "positive", "p"]].tolist() == [
        0,
        0,
        0,
        0,
        0.5,
        1,
    ]
    adjusted = stats.false_discovery_control(said["p"], method="by")
    np.testing.assert_array_equal(said["p_adjusted"], adjusted)


def test_a_comparison_without_photos_has_no_numbers_and_spoils_no_other():
    said = paired(pd.DataFrame({"empty": [np.nan] * 9, "one": np.arange(9.0) + 1}))
    assert said.loc["empty", "photos"] == 0
    assert said.loc["empty", ["difference", "low", "effect", "positive", "p", "p_adjusted"]].isna().all()
    assert said.loc["one", "p_adjusted"] < 0.05


@pytest.mark.parametrize(("change", "found"), [(0.3, True), (0.0, False)])
def test_a_change_of_03_db_on_119_photos_is_found_and_none_is_not(change, found):
    rng = np.random.default_rng(11)
    runs = pd.DataFrame(rng.normal(change, 0.6, size=(119, 100)))
    hits = sum(paired(runs[[run]])["p_adjusted"].iloc[0] < 0.05 for run in runs)
    assert hits >= 95 if found else hits <= 5


def test_a_few_far_worse_photos_cancel_many_slightly_better_ones():
    # As a network stands to gray: up on colourful photos, tens of decibels down on the near-grey ones.
    rng = np.random.default_rng(13)
    few = rng.random((300, 200)) < 0.1
    runs = pd.DataFrame(np.where(few, rng.normal(-9, 3, few.shape), rng.normal(1, 0.5, few.shape)))
    assert (runs.mean().abs() < 1).all()
    assert (runs.median() > 0.5).all()
    hits = sum(paired(runs[[run]])["p_adjusted"].iloc[0] < 0.05 for run in runs)
    assert hits <= 0.08 * len(runs.columns)


def test_a_change_that_is_one_number_on_every_photo_is_sure():
    said = paired(pd.DataFrame({"up": np.arange(20) + 0.3 - np.arange(20), "still": np.zeros(20)}))
    assert said["p"].tolist() == [0, 1]


def test_comparisons_are_of_contenders_and_positive_where_the_first_is_better(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix", "oracle-lowres"), photos=40)
    summary = summarize(results)
    for name in ("psnr", "delta_e2000"):
        said = compare(results, summary, metric_of(results, name))
        assert said.index.names == ["a", "b"]
        assert said.index.to_list() == [("gray", "fusion"), ("gray", "pix2pix"), ("fusion", "pix2pix")]
        assert said.loc[("gray", "fusion"), "high"] < 0
        gap = abs(summary.scores.loc["gray", name] - summary.scores.loc["fusion", name])
        assert said.loc[("gray", "fusion"), "difference"] == pytest.approx(-gap)


def test_nothing_is_compared_without_a_direction_or_single_photos(maker):
    results = maker.run(methods=("gray", "fusion"))
    for name in ("colorfulness", "delta_colorfulness", "fid"):
        assert compare(results, summarize(results), metric_of(results, name)).empty


def test_average_ranks_and_friedman_equal_scipy(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix", "random-ab"), photos=30)
    metric = metric_of(results, "auc")
    ranks = rank(results, summarize(results), metric)
    table = per_photo(results, metric)
    expected = stats.rankdata(-table, axis=1).mean(axis=0)
    assert ranks.average.sort_index().to_dict() == pytest.approx(
        dict(zip(table.columns, expected, strict=True))
    )
    assert ranks.average.is_monotonic_increasing
    assert ranks.p == pytest.approx(stats.friedmanchisquare(*table.to_numpy().T).pvalue)
    assert ranks.photos == 30


@pytest.mark.parametrize(("methods", "q"), [(3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_critical_difference_uses_the_quantiles_of_demsar_2006_table_5(maker, methods, q):
    names = tuple(name for name in maker.run().cells["method"] if "oracle" not in name)[:methods]
    results = maker.run(methods=names, photos=20)
    ranks = rank(results, summarize(results), metric_of(results, "auc"))
    expected = q * np.sqrt(methods * (methods + 1) / (6 * 20))
    assert ranks.critical_difference == pytest.approx(expected, rel=5e-4)


def test_methods_that_are_all_alike_share_their_rank(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix"))
    alike = replace(results, images=results.images.assign(auc=0.5))
    ranks = rank(alike, summarize(alike), metric_of(results, "auc"))
    assert (ranks.average == 2).all()
    assert ranks.p == 1


def test_ranks_say_nothing_of_two_methods_one_photo_or_a_target(maker):
    two = maker.run(methods=("gray", "fusion"))
    assert rank(two, summarize(two), metric_of(two, "auc")) is None
    one = maker.run(methods=("gray", "fusion", "pix2pix"), photos=1)
    assert rank(one, summarize(one), metric_of(one, "auc")) is None
    assert rank(one, summarize(one), metric_of(one, "colorfulness")) is None
