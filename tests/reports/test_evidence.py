import pandas as pd
import pytest

from huebench.reports.evidence import against, weigh
from huebench.reports.statistics import compare, intervals
from huebench.reports.summary import summarize

METHODS = ("gray", "fusion", "pix2pix", "encoder-decoder", "oracle-lowres")


def weighed(results):
    summary = summarize(results)
    ends = intervals(summary)
    return summary, ends, weigh(results, summary, ends)


def test_evidence_is_by_auc_rebalanced_auc_and_psnr(maker):
    _, _, evidence = weighed(maker.run(methods=METHODS, photos=40))
    assert [by.metric.name for by in evidence] == ["auc", "auc_rebalanced", "psnr"]


def test_the_best_is_compared_with_every_other_contender(maker):
    summary, ends, evidence = weighed(maker.run(methods=METHODS, photos=40))
    by = evidence[0]
    assert by.best == summary.scores.loc[summary.contenders(), "auc"].idxmax()
    rows = {row.label: [cell.text for cell in row.cells] for row in by.table.rows}
    assert list(rows) == ["gray", "encoder-decoder", "fusion", "pix2pix"]
    assert rows[by.best][3] == "best"
    mean, span, _, difference, _, better, _, p = rows["gray"]
    assert mean == f"{summary.scores.loc['gray', 'auc']:.3f}"
    assert span == f"{ends.low.loc['gray', 'auc']:.3f}\xa0…\xa0{ends.high.loc['gray', 'auc']:.3f}"
    assert difference.startswith("−0.0")
    assert better.endswith("%")
    assert p == "<\xa00.001"
    assert len({len(row.cells) for row in by.table.rows} | {len(by.table.columns)}) == 1


def test_those_not_told_apart_from_the_best_are_named(maker):
    results = maker.run(methods=METHODS, photos=40)
    images = results.images
    same = images.loc[images["method"] == "fusion", "auc"].to_numpy()
    images.loc[images["method"] == "pix2pix", "auc"] = same
    _, _, evidence = weighed(results)
    by = evidence[0]
    assert {by.best, *by.tied} == {"fusion", "pix2pix"}


def test_against_turns_every_comparison_towards_the_best(maker):
    results = maker.run(methods=METHODS, photos=40)
    summary = summarize(results)
    metric = next(metric for metric in summary.metrics if metric.name == "auc")
    pairs = compare(results, summary, metric)
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
def test_there_is_no_evidence_without_two_contenders(maker, methods):
    _, ends, evidence = weighed(maker.run(methods=methods))
    assert evidence == []
    assert ends.low.loc["gray", "psnr"] < ends.high.loc["gray", "psnr"]


def test_there_is_no_evidence_of_one_photo(maker):
    assert weighed(maker.run(methods=METHODS, photos=1))[2] == []
