"""Curves by number of hints, and the area under them."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from huebench.reports.analysis.hints import base_label, hint_curves, is_hinted
from huebench.reports.analysis.selection import Selection
from huebench.reports.analysis.summary import summarize

from ..hints import with_hints

METHODS = ("gray", "mean-ab", "oracle-lowres", "pix2pix", "resnet34-regression")


@pytest.fixture
def results(maker):
    return with_hints(maker.run(methods=METHODS, photos=20), ("pix2pix", "resnet34-regression"))


def psnr_of(results):
    return results.images.pivot_table(index="photo", columns="method", values="psnr").astype(float)


def test_the_area_is_that_of_numpy_for_every_photo(results):
    curves, psnr = hint_curves(results), psnr_of(results)
    axis = np.log(1 + np.array([0, 1, 10, 100]))
    for method in ("pix2pix", "resnet34-regression"):
        own = psnr[[method, *(f"{method}@{count}" for count in (1, 10, 100))]].to_numpy()
        areas = np.trapezoid(own, axis, axis=1) / axis[-1]
        assert curves.areas["area"][method] == pytest.approx(areas.mean())
        interval = ttest_1samp(areas, 0).confidence_interval()
        assert tuple(curves.areas.loc[method, ["low", "high"]]) == pytest.approx(tuple(interval))


def test_differences_are_paired_by_photo(results):
    curves, psnr = hint_curves(results), psnr_of(results)
    best, second = curves.hinted
    axis = np.log1p([0, 1, 10, 100])
    areas = {
        method: np.trapezoid(psnr[[method, *(f"{method}@{k}" for k in (1, 10, 100))]].to_numpy(), axis)
        / axis[-1]
        for method in (best, second)
    }
    gaps = areas[second] - areas[best]
    row = curves.areas.loc[second]
    assert row["difference"] == pytest.approx(gaps.mean())
    assert gaps.mean() < 0
    interval = ttest_1samp(gaps, 0).confidence_interval()
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(tuple(interval))
    assert curves.areas.loc[best, "difference"] == 0
    # Of automatic methods too.
    level = psnr["gray"] - areas[best]
    assert curves.areas.loc["gray", "difference"] == pytest.approx(level.mean())


def test_automatic_methods_are_level_and_come_last_without_oracles(results):
    curves = hint_curves(results)
    assert set(curves.hinted) == {"pix2pix", "resnet34-regression"}
    assert set(curves.automatic) == {"gray", "mean-ab"}
    assert list(curves.areas.index) == [*curves.hinted, *curves.automatic]
    means = curves.means["psnr"]
    assert (means["gray"] == means["gray"].iloc[0]).all()
    assert curves.areas["area"]["gray"] == pytest.approx(means["gray"].iloc[0])


def test_means_and_intervals_are_those_of_the_tables(results):
    curves, scores = hint_curves(results), summarize(results).scores
    assert curves.counts == (0, 1, 10, 100)
    assert [metric.name for metric in curves.metrics] == ["psnr", "auc"]
    for name in ("psnr", "auc"):
        assert curves.means[name]["pix2pix"].tolist() == [
            scores[name][label] for label in ("pix2pix", "pix2pix@1", "pix2pix@10", "pix2pix@100")
        ]
        assert (curves.low[name] < curves.means[name]).all(axis=None)
        assert (curves.high[name] > curves.means[name]).all(axis=None)


def test_falls_are_found(maker):
    run = maker.run(methods=METHODS, photos=20)
    assert hint_curves(with_hints(run)).falls == []
    falls = hint_curves(with_hints(run, gain=-1.0)).falls
    assert [fall[:3] for fall in falls] == [("pix2pix", 0, 1), ("pix2pix", 1, 10), ("pix2pix", 10, 100)]
    assert [fall[3] for fall in falls] == pytest.approx([1, 1, 1], abs=0.1)


def test_a_method_that_lacks_a_number_has_no_area(results):
    lost = results.cells["method"] == "pix2pix@10"
    results.cells.loc[lost, "status"] = "failed"
    images = results.images[results.images["method"] != "pix2pix@10"]
    curves = hint_curves(type(results)(results.run, results.cells, images, results.curves))
    assert np.isnan(curves.areas["area"]["pix2pix"])
    assert curves.hinted == ("resnet34-regression", "pix2pix")


def test_near_grey_photos_may_be_left_out(results):
    both = [hint_curves(results, near_grey=each).areas["area"]["pix2pix"] for each in (True, False)]
    grey = results.images["near_grey"].astype(bool)
    assert grey.any()
    assert both[0] != both[1]


def test_a_run_without_hints_has_no_curves(maker):
    run = maker.run(methods=METHODS)
    assert hint_curves(run) is None
    assert not is_hinted(run.cells.drop(columns="hints")).any()  # as older versions wrote it


def test_a_selection_takes_the_hinted_rows_of_its_methods_along(results):
    chosen = Selection(methods="gray,Ours=pix2pix").of(results)
    assert sorted(chosen.cells["method"]) == ["Ours", "Ours@1", "Ours@10", "Ours@100", "gray"]
    assert hint_curves(chosen).hinted == ("Ours",)
    deep = Selection(methods="deep").of(results)
    assert len(deep.cells) == 8


def test_labels_lose_their_own_number_only():
    assert base_label("levin@20", 20) == "levin"
    assert base_label("accuracy@5@20", 20) == "accuracy@5"
