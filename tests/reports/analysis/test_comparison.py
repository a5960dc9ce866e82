from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from huebench import UserError
from huebench.reports.analysis import inference
from huebench.reports.analysis.comparison import check_same, compare_runs, differences

METHODS = ("gray", "pixel-knn", "fusion", "oracle-lowres")


@pytest.fixture
def results(maker):
    return maker.run(methods=METHODS, photos=40)


def with_values(results, method, **changes):
    """Return the run with some columns of a method shifted."""
    images = results.images.copy()
    for column, change in changes.items():
        images.loc[images["method"] == method, column] += change
    return replace(results, images=images)


def test_a_run_compared_with_itself_has_not_changed(results):
    comparison = compare_runs(results, results)
    assert comparison.changed.empty
    assert (comparison.changes["difference"].dropna() == 0).all()
    assert (comparison.seconds["change"] == 0).all()
    assert comparison.lost == {}
    assert comparison.new == ()
    assert comparison.differing == []
    assert comparison.same_machine() == []


def test_every_method_and_metric_has_a_row_in_the_order_of_the_tables(results):
    comparison = compare_runs(results, results)
    assert comparison.changes.index.unique("method").to_list() == list(METHODS)
    names = [metric.name for metric in results.run.metrics if not metric.unavailable]
    assert comparison.changes.loc["fusion"].index.to_list() == names


def test_changes_are_the_paired_differences_of_statistics(results):
    noise = np.random.default_rng(2).normal(0.4, 0.5, 40)
    after = with_values(results, "fusion", psnr=noise, delta_e2000=-np.abs(noise))
    comparison = compare_runs(results, after)
    row = comparison.changes.loc[("fusion", "psnr")]
    known = stats.ttest_1samp(noise, 0)
    ends = known.confidence_interval()
    expected = [
        noise.mean(),
        ends.low,
        ends.high,
        noise.mean() / noise.std(ddof=1),
        (noise > 0).mean(),
        known.pvalue,
    ]
    assert row[["difference", "low", "high", "effect", "positive", "p"]].tolist() == pytest.approx(expected)
    before = results.images.loc[results.images["method"] == "fusion", "psnr"].mean()
    assert (row["before"], row["after"]) == pytest.approx((before, before + noise.mean()))
    assert row["p_adjusted"] > row["p"]
    assert comparison.changed["verdict"].to_dict() == {
        ("fusion", "psnr"): "better",
        ("fusion", "delta_e2000"): "better",
    }
    assert comparison.photos["fusion", "psnr"].to_numpy(float) == pytest.approx(noise)


def test_verdicts_follow_the_direction_of_the_metric(results):
    after = with_values(results, "fusion", psnr=-1.0, delta_e2000=1.0, colorfulness=3.0)
    verdicts = compare_runs(results, after).changed["verdict"].loc["fusion"]
    assert verdicts["psnr"] == "worse"
    assert verdicts["delta_e2000"] == "worse"
    assert verdicts["colorfulness"] == "other"


def test_a_metric_of_the_whole_set_changes_by_its_value_and_has_no_interval(results):
    cells = results.cells.assign(fid=results.cells["fid"] + 2)
    row = compare_runs(results, replace(results, cells=cells)).changes.loc[("gray", "fid")]
    assert row["difference"] == pytest.approx(2)
    assert row["verdict"] == "untested"
    assert np.isnan(row["low"])
    assert np.isnan(row["p_adjusted"])


def test_the_gap_of_colorfulness_is_tested_photo_by_photo(results):
    truth = results.images["colorfulness_truth"]
    noise = np.random.default_rng(2).normal(0, 1, len(truth))
    before = replace(results, images=results.images.assign(colorfulness=truth - 5 + noise))
    after = replace(results, images=results.images.assign(colorfulness=truth + 2 + noise[::-1]))
    row = compare_runs(before, after).changes.loc[("fusion", "delta_colorfulness")]
    assert (row["before"], row["after"]) == pytest.approx((5, 2), abs=0.5)
    assert row["low"] < row["after"] - row["before"] < row["high"] < 0
    assert row["verdict"] == "better"


def test_seeds_are_averaged_and_only_photos_of_both_runs_count(maker):
    results = maker.run(methods=("gray", "fusion"), photos=20, seeds=(0, 1))
    images = results.images.copy()
    gone = (images["photo"] == "im0003.jpg") & (images["method"] == "fusion")
    images.loc[gone, "status"] = "failed"
    images.loc[images["method"] == "fusion", "psnr"] += 1.0
    cells = results.cells.assign(scored=20)
    row = compare_runs(results, replace(results, images=images, cells=cells)).changes.loc[("fusion", "psnr")]
    assert row["photos"] == 19
    assert row["difference"] == pytest.approx(1)
    both = results.images.query("method == 'fusion' and photo != 'im0003.jpg'")
    assert row["before"] == pytest.approx(both["psnr"].mean())


def test_methods_that_lost_photos_and_methods_that_are_new_are_named(maker):
    before = maker.run(methods=("gray", "pixel-knn", "fusion"), photos=10)
    after = maker.run(methods=("gray", "fusion", "pix2pix"), photos=10, failures=True)
    comparison = compare_runs(before, after)
    assert comparison.lost == {"pixel-knn": (10, 0), "fusion": (10, 8)}
    assert comparison.new == ("pix2pix",)


def test_times_are_of_one_photo_and_change_by_a_share(results):
    cells = results.cells.assign(images_per_second=results.cells["images_per_second"] / 2)
    seconds = compare_runs(results, replace(results, cells=cells)).seconds
    assert seconds["change"].to_numpy() == pytest.approx(1.0)
    assert seconds["before"]["gray"] == pytest.approx(1 / results.cells["images_per_second"].iloc[0])


def edited(results, **facts):
    return replace(results, run=replace(results.run, **facts))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"protocol": {"size": 128}, "protocol_digest": "abc"}, r"protocols \(.*size: 256 → 128"),
        ({"protocol_digest": "abc"}, r"protocols \(digest: 5f2c9a0e11d4 → abc\)"),
        ({"dataset": {"name": "landscapes", "fingerprint": "0"}}, r"photos \(fingerprint: 9f86\w+ → 0\)"),
        ({"options": {"split": "validation", "limit": None}}, r"photos \(split: test → validation\)"),
        ({"options": {"split": "test", "limit": 5}}, r"photos \(limit: none → 5\)"),
    ],
)
def test_other_protocols_and_photos_are_refused_and_the_field_is_named(results, facts, message):
    with pytest.raises(UserError, match=message):
        check_same(results, edited(results, **facts), "compared")


def test_runs_with_nothing_in_common_are_refused(maker, results):
    with pytest.raises(UserError, match=r"no method in common: gray, .* before, pix2pix after"):
        compare_runs(results, maker.run(methods=("pix2pix",)))
    without = edited(results, metrics=tuple(m for m in results.run.metrics if m.name == "psnr"))
    other = edited(results, metrics=tuple(m for m in results.run.metrics if m.name == "ssim"))
    with pytest.raises(UserError, match="no metric in common: psnr before, ssim after"):
        compare_runs(without, other)


def test_other_differences_are_listed_and_times_need_one_machine(results):
    other = edited(
        results,
        versions={**results.run.versions, "numpy": "2.5"},
        machine={**results.run.machine, "processor": "Epyc"},
        options={**results.run.options, "budget": "paper"},
    )
    comparison = compare_runs(results, other)
    assert comparison.differing == ["budget: quick → paper", "numpy: 2.4.6 → 2.5", "processor: Xeon → Epyc"]
    assert comparison.same_machine() == ["processor: Xeon → Epyc"]
    threads = replace(results, cells=results.cells.assign(threads=4))
    assert compare_runs(results, threads).same_machine() == ["threads: 2 → 4"]


def test_differences_name_entries_on_one_side_only():
    assert differences({"a": 1}, {"b_c": [2]}) == ["a: 1 → not stated", "b c: not stated → 2"]
    assert differences({"a": 1}, {"a": 1}) == []


@pytest.mark.parametrize(("change", "found"), [(0.3, True), (0.0, False)])
def test_a_change_of_03_db_in_119_photos_is_found_and_none_is_not_in_95_of_100(maker, change, found):
    # Two trainings of one method differ by noise on every photo; here every method is such a pair of runs.
    results = maker.run(methods=("gray",), photos=119)
    base = results.images.assign(psnr=22.0)
    names = [f"run-{number}" for number in range(100)]
    noise = np.random.default_rng(17).normal(change, 0.6, (100, 119)).ravel()
    before = pd.concat([base.assign(method=name, cell=name) for name in names], ignore_index=True)
    cells = pd.concat([results.cells.assign(method=name, cell=name) for name in names], ignore_index=True)
    only = replace(results.run, metrics=results.run.metrics[:1])
    runs = [replace(results, run=only, cells=cells, images=table) for table in (before, before.copy())]
    runs[1].images["psnr"] += noise
    hits = len(compare_runs(*runs).changed)
    assert hits >= 95 if found else hits <= 5


@pytest.mark.slow
def test_noise_on_every_metric_is_not_a_change_in_38_of_40_runs(maker, monkeypatch):
    monkeypatch.setattr(inference, "RESAMPLES", 99)  # p is at least that of the t test
    results = maker.run(methods=("fusion",), photos=119)
    names = [name for metric in results.run.metrics for name in metric.columns if name in results.images]
    changing = [name for name in dict.fromkeys(names) if not name.endswith("_truth")]
    rng = np.random.default_rng(23)
    quiet = 0
    for _ in range(40):
        noise = {
            name: 0.05 * results.images[name].std() * rng.normal(size=len(results.images))
            for name in changing
        }
        after = replace(
            results, images=results.images.assign(**{n: results.images[n] + noise[n] for n in changing})
        )
        quiet += compare_runs(results, after).changed.empty
    assert quiet >= 38
