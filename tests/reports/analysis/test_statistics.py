from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from huebench.reports.analysis.statistics import (
    SEEDS,
    Contributions,
    compare,
    contributions,
    effective,
    intervals,
    paired,
    per_photo,
    rank,
)
from huebench.reports.analysis.summary import summarize


def metric_of(results, name):
    return next(metric for metric in results.run.metrics if metric.name == name)


def compared(differences):
    """Return `paired` for a table of differences, one column per comparison."""
    nothing = pd.DataFrame(0.0, differences.columns, SEEDS)
    one, zero = (
        Contributions(table, table, None, nothing) for table in (differences, 0 * differences.fillna(0))
    )
    return paired(one, zero, {("", label): (label, label) for label in differences}).droplevel(0)


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
    parts = contributions(apart.images, metric_of(apart, "delta_colorfulness")).parts
    assert parts["gray"].mean() == pytest.approx(score)


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
    psnr = per_photo(results.images, metric_of(results, "psnr"))
    gap = per_photo(results.images, metric_of(results, "delta_colorfulness_per_image"))
    rows = results.images.query("method == 'pix2pix' and photo == 'im0003.jpg'")
    assert psnr.loc["im0003.jpg", "pix2pix"] == pytest.approx(rows["psnr"].mean())
    expected = (rows["colorfulness"] - rows["colorfulness_truth"]).abs().mean()
    assert gap.loc["im0003.jpg", "pix2pix"] == pytest.approx(expected)
    assert per_photo(results.images, metric_of(results, "delta_colorfulness")) is None
    assert per_photo(results.images, metric_of(results, "fid")) is None


def test_paired_equals_scipy_and_the_textbook():
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"up": rng.normal(0.3, 1, 50), "level": rng.normal(0, 1, 50), "none": np.zeros(50)})
    table.loc[7, "up"] = np.nan
    said = compared(table)
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
    ends = stats.ttest_1samp(up, 0).confidence_interval()
    assert said.loc["up", ["low", "high"]].tolist() == pytest.approx(list(ends))


def test_a_comparison_without_photos_has_no_numbers():
    said = compared(pd.DataFrame({"empty": [np.nan] * 9, "one": np.arange(9.0) + 1}))
    assert said.loc["empty", "photos"] == 0
    assert said.loc["empty", ["difference", "low", "effect", "positive", "p"]].isna().all()
    assert said.loc["one", "p"] < 0.05


@pytest.mark.parametrize(("change", "found"), [(0.3, True), (0.0, False)])
def test_a_change_of_03_db_on_119_photos_is_found_and_none_is_not(change, found):
    rng = np.random.default_rng(11)
    hits = (compared(pd.DataFrame(rng.normal(change, 0.6, size=(119, 100))))["p"] < 0.05).sum()
    assert hits >= 95 if found else hits <= 8


def test_a_few_far_worse_photos_cancel_many_slightly_better_ones():
    # As a network stands to gray: up on colourful photos, tens of decibels down on the near-grey ones.
    rng = np.random.default_rng(13)
    few = rng.random((300, 200)) < 0.1
    runs = pd.DataFrame(np.where(few, rng.normal(-9, 3, few.shape), rng.normal(1, 0.5, few.shape)))
    assert (runs.mean().abs() < 1).all()
    assert (runs.median() > 0.5).all()
    assert (compared(runs)["p"] < 0.05).mean() <= 0.08


def test_a_pooled_value_is_the_mean_of_its_contributions_in_every_seed(maker):
    results = maker.run(methods=("gray", "pix2pix"), seeds=(0, 1), photos=15)
    metric = metric_of(results, "auc_rebalanced")
    known, summary = contributions(results.images, metric), summarize(results)
    for method in ("gray", "pix2pix"):
        by_seed = [
            np.average(rows["auc_rebalanced"], weights=rows["auc_rebalanced_weight"].astype(float))
            for _, rows in results.images.query("method == @method").groupby("seed")
        ]
        assert known.parts[method].mean() == pytest.approx(np.mean(by_seed))
        assert summary.scores.loc[method, "auc_rebalanced"] == pytest.approx(np.mean(by_seed))
        assert summary.spread.loc[method, "auc_rebalanced"] == pytest.approx(np.std(by_seed, ddof=1))
    weight = results.images.groupby("photo")["auc_rebalanced_weight"].first()
    assert known.weights.to_dict() == pytest.approx(weight.to_dict())


def test_a_pooled_value_misses_where_a_photo_does(maker):
    results = maker.run(methods=("gray",), photos=15)
    results.images.loc[3, "auc_rebalanced"] = np.nan
    assert np.isnan(summarize(results).scores.loc["gray", "auc_rebalanced"])


def test_the_interval_of_a_pooled_value_agrees_with_scipys_bootstrap_of_the_ratio(maker):
    results = maker.run(methods=("gray", "fusion"), photos=119)
    summary, metric = summarize(results), metric_of(results, "auc_rebalanced")
    ends = intervals(summary)
    value, weight = "auc_rebalanced", "auc_rebalanced_weight"

    def ratio(values, weights, axis=-1):
        return (values * weights).sum(axis) / weights.sum(axis)

    def reference(values, weights):
        return stats.bootstrap(
            (values, weights), ratio, paired=True, vectorized=True, rng=np.random.default_rng(0)
        ).confidence_interval

    tables = {
        m: rows.set_index("photo")[[value, weight]].astype(float)
        for m, rows in results.images.groupby("method")
    }
    known = reference(*tables["gray"].to_numpy().T)
    width = known.high - known.low
    assert ends.low.loc["gray", value] == pytest.approx(known.low, abs=0.1 * width)
    assert ends.high.loc["gray", value] == pytest.approx(known.high, abs=0.1 * width)
    row = compare(summary, metric).loc[("gray", "fusion")]
    known = reference(
        *(tables["gray"] - tables["fusion"]).assign(**{weight: tables["gray"][weight]}).to_numpy().T
    )
    width = known.high - known.low
    assert [row["low"], row["high"]] == pytest.approx([known.low, known.high], abs=0.1 * width)
    better = (tables["gray"][value] > tables["fusion"][value]).mean()
    assert row["positive"] == pytest.approx(better), "photos count by their own values"


@pytest.mark.parametrize("name", ["auc", "auc_rebalanced"])
def test_intervals_of_a_dozen_photos_stay_within_the_range_of_the_metric(maker, name):
    results = maker.run(methods=("gray", "fusion", "pix2pix"), photos=12)
    metric = replace(metric_of(results, name), bounds=(0.0, 1.0))
    near = {"gray": [0.999] * 11 + [0.4], "fusion": [0.001] * 11 + [0.6], "pix2pix": [0.45, 0.55] * 6}
    images = results.images.assign(auc_rebalanced_weight=([1.0] * 11 + [2.0]) * 3)
    images[name] = np.concatenate([near[method] for method in images["method"].unique()])
    summary = summarize(replace(results, images=images, run=replace(results.run, metrics=(metric,))))
    unbounded = intervals(replace(summary, metrics=(replace(metric, bounds=(None, None)),)))
    assert unbounded.high.loc["gray", name] > 1, "the fault"
    assert unbounded.low.loc["fusion", name] < 0, "the fault"
    ends, values = intervals(summary), summary.scores[name]
    assert (ends.low[name] >= 0).all()
    assert (ends.high[name] <= 1).all()
    assert ((ends.low[name] < values) & (values < ends.high[name])).all()
    assert ends.low.loc["pix2pix", name] == unbounded.low.loc["pix2pix", name], "those inside stay"


def test_the_effective_numbers_are_kishs(maker):
    results = maker.run(methods=("gray", "fusion"), photos=15)
    weight = results.images.groupby("photo")["auc_rebalanced_weight"].first().to_numpy(float)
    squares = results.images.groupby("photo")["auc_rebalanced_weight_squares"].first().to_numpy(float)
    pixels, photos = effective(summarize(results), metric_of(results, "auc_rebalanced"))
    assert pixels == pytest.approx(weight.sum() ** 2 / squares.sum())
    assert photos == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert 1 < photos < 15


def test_what_lies_between_seeds_widens_the_interval(maker):
    results = maker.run(methods=("gray", "fusion"), seeds=(0, 1, 2), photos=40)
    shift = (
        results.images["seed"].map({0: -2.0, 1: 0.0, 2: 2.0}).where(results.images["method"] == "fusion", 0.0)
    )
    apart = replace(results, images=results.images.assign(psnr=results.images["psnr"] + shift))
    psnr = metric_of(results, "psnr")
    for runs, wider in ((results, False), (apart, True)):
        ends = intervals(summarize(runs))
        width = (ends.high - ends.low).loc["fusion", "psnr"]
        assert (width > 2 * 4.3 * 2 / np.sqrt(3) * 0.9) == wider  # t of 2 degrees of freedom, SD of 2 dB
    assert compare(summarize(results), psnr)["p"].iloc[0] < 1e-6
    assert compare(summarize(apart), psnr)["p"].iloc[0] > 0.01


def test_comparisons_are_of_contenders_and_positive_where_the_first_is_better(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix", "oracle-lowres"), photos=40)
    summary = summarize(results)
    for name in ("psnr", "delta_e2000"):
        said = compare(summary, metric_of(results, name))
        assert said.index.names == ["a", "b"]
        assert said.index.to_list() == [("gray", "fusion"), ("gray", "pix2pix"), ("fusion", "pix2pix")]
        assert said.loc[("gray", "fusion"), "high"] < 0
        gap = abs(summary.scores.loc["gray", name] - summary.scores.loc["fusion", name])
        assert said.loc[("gray", "fusion"), "difference"] == pytest.approx(-gap)


def test_nothing_is_compared_without_a_direction_or_single_photos(maker):
    results = maker.run(methods=("gray", "fusion"))
    for name in ("colorfulness", "delta_colorfulness", "fid"):
        assert compare(summarize(results), metric_of(results, name)).empty


def test_average_ranks_and_friedman_equal_scipy(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix", "random-ab"), photos=30)
    metric = metric_of(results, "auc")
    ranks = rank(summarize(results), metric)
    table = per_photo(results.images, metric)
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
    ranks = rank(summarize(results), metric_of(results, "auc"))
    expected = q * np.sqrt(methods * (methods + 1) / (6 * 20))
    assert ranks.critical_difference == pytest.approx(expected, rel=5e-4)


def test_methods_that_are_all_alike_share_their_rank(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix"))
    alike = replace(results, images=results.images.assign(auc=0.5))
    ranks = rank(summarize(alike), metric_of(results, "auc"))
    assert (ranks.average == 2).all()
    assert ranks.p == 1


def test_ranks_say_nothing_of_two_methods_one_photo_or_a_target(maker):
    two = maker.run(methods=("gray", "fusion"))
    assert rank(summarize(two), metric_of(two, "auc")) is None
    one = maker.run(methods=("gray", "fusion", "pix2pix"), photos=1)
    assert rank(summarize(one), metric_of(one, "auc")) is None
    assert rank(summarize(one), metric_of(one, "colorfulness")) is None
