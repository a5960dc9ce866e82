import pandas as pd
import pytest
from scipy import stats

from huebench.reports.analysis.inference import holm
from huebench.reports.analysis.material import Material
from huebench.reports.analysis.significance import against, compare_contenders
from huebench.reports.analysis.statistics import compare
from huebench.reports.analysis.summary import summarize
from huebench.reports.sections.significance import differences_table

METHODS = ("gray", "fusion", "pix2pix", "encoder-decoder", "oracle-lowres")


def compared(results):
    return compare_contenders(summarize(results))


def test_contenders_are_compared_by_every_compared_metric_the_leading_one_first(maker):
    found = compared(maker.run(methods=METHODS, photos=40))
    assert [by.metric.name for by in found] == ["auc", "psnr", "auc_rebalanced"]


def test_the_best_is_compared_with_every_other_contender(maker):
    material = Material(maker.run(methods=METHODS, photos=40))
    summary, ends, by = material.summary, material.intervals, material.significance[0]
    table = differences_table(by, material)
    assert by.best == summary.scores.loc[summary.contenders(), "auc"].idxmax()
    rows = {row.label: [entry.text for entry in row.entries] for row in table.rows}
    assert list(rows) == ["gray", "encoder-decoder", "fusion", "pix2pix"]
    assert rows[by.best][4] == "best"
    mean, span, group, _, difference, _, better, p, detectable = rows["gray"]
    assert mean == f"{summary.scores.loc['gray', 'auc']:.3f}"
    assert span == f"{ends.low.loc['gray', 'auc']:.3f}\xa0…\xa0{ends.high.loc['gray', 'auc']:.3f}"
    assert difference.startswith("−0.0")
    assert better.endswith("%")
    assert p == "<\xa00.001"
    assert int(group) > 1
    assert detectable == "", "it is told apart"
    assert len({len(row.entries) for row in table.rows} | {len(table.columns)}) == 1


def test_methods_that_do_not_differ_significantly_from_the_best_are_named(maker):
    results = maker.run(methods=METHODS, photos=40)
    images = results.images
    same = images.loc[images["method"] == "fusion", "auc"].to_numpy()
    images.loc[images["method"] == "pix2pix", "auc"] = same
    by = compared(results)[0]
    assert {by.best, *by.tied} == {"fusion", "pix2pix"}
    assert set(by.groups[0]) == {"fusion", "pix2pix"}
    assert sorted(label for group in by.groups for label in group) == sorted(
        label for label in METHODS if "oracle" not in label
    )


def test_p_values_against_the_best_are_holms_and_the_smallest_difference_is_of_80_percent_power(maker):
    by = compared(maker.run(methods=METHODS, photos=40))[0]
    assert by.differences["p_adjusted"].tolist() == pytest.approx(
        holm(by.differences["p"].to_numpy()).tolist()
    )
    assert len(by.comparisons) == 6
    assert len(by.differences) == 3
    error, freedom = by.differences[["error", "freedom"]].to_numpy().T
    noncentral = by.differences["smallest"].to_numpy() / error
    critical = stats.t.ppf(1 - 0.05 / 2 / 3, freedom)
    assert stats.nct.sf(critical, freedom, noncentral) == pytest.approx(0.8, abs=0.02)


def test_against_turns_every_comparison_towards_the_best(maker):
    results = maker.run(methods=METHODS, photos=40)
    summary = summarize(results)
    metric = next(metric for metric in summary.metrics if metric.name == "auc")
    pairs = compare(summary, metric)
    middle = against(pairs, "fusion")  # first of some pairs and second of others
    assert set(middle.index) == {"gray", "pix2pix", "encoder-decoder"}
    for label, row in middle.iterrows():
        gap = summary.scores.loc[label, "auc"] - summary.scores.loc["fusion", "auc"]
        assert row["difference"] == pytest.approx(gap)
        assert row["low"] <= row["difference"] <= row["high"]
        assert (row["effect"] > 0) == (gap > 0)
        assert (row["positive"] > 0.5) == (gap > 0)
    assert isinstance(middle, pd.DataFrame)


@pytest.mark.parametrize("methods", [("gray",), ("gray", "oracle-lowres")])
def test_nothing_is_compared_without_two_contenders(maker, methods):
    material = Material(maker.run(methods=methods))
    assert material.significance == []
    assert material.intervals.low.loc["gray", "psnr"] < material.intervals.high.loc["gray", "psnr"]


def test_nothing_is_compared_by_one_photo(maker):
    assert compared(maker.run(methods=METHODS, photos=1)) == []
