"""Clips as the unit of means, intervals and tests."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from huebench.reports.analysis.statistics import contributions
from huebench.reports.analysis.summary import summarize
from huebench.reports.analysis.units import by_clip, has_clips

from ..clips import with_clips


def test_a_run_of_photos_is_left_as_it_is(maker):
    results = maker.run(photos=6)
    assert not has_clips(results)
    assert by_clip(results) is results


def test_values_are_means_of_the_clips_means_however_long_they_are(maker):
    results = with_clips(maker.run(methods=("gray", "pix2pix"), photos=12), lengths=(2, 10))
    frames = results.images[results.images["method"] == "gray"]
    means = frames.groupby("clip")["psnr"].mean()
    assert means.to_numpy(float).mean() != pytest.approx(frames["psnr"].mean())
    summary = summarize(results)
    assert summary.unit == "clip"
    assert summary.scores["psnr"]["gray"] == pytest.approx(means.to_numpy(float).mean())
    assert summary.photos == 2
    assert summary.rows["expected"].tolist() == summary.rows["scored"].tolist() == [2, 2]


def test_a_pooled_metric_stays_the_ratio_of_its_sums(maker):
    results = with_clips(maker.run(methods=("gray",), photos=12), lengths=(2, 4, 6))
    frames = results.images
    value, weight = (frames[c].to_numpy(float) for c in ("auc_rebalanced", "auc_rebalanced_weight"))
    assert summarize(results).scores["auc_rebalanced"]["gray"] == pytest.approx(
        (value * weight).sum() / weight.sum()
    )


def test_tests_are_over_clips(maker):
    results = with_clips(maker.run(methods=("gray", "pix2pix"), photos=12), lengths=(4, 4, 4))
    summary = summarize(results)
    psnr = next(metric for metric in summary.metrics if metric.name == "psnr")
    assert len(contributions(summary.images, psnr).own) == 3


def test_a_value_of_a_clip_stands_in_its_last_row_and_counts_once(maker):
    results = with_clips(maker.run(methods=("gray",), photos=12), lengths=(2, 10))
    assert results.images["flicker"].notna().sum() == 2
    assert summarize(results).scores["flicker"]["gray"] == pytest.approx(
        results.images["flicker"].dropna().astype(float).mean()
    )


def test_a_clip_with_frames_that_nobody_can_decode_is_scored_and_one_with_a_failed_frame_is_not(maker):
    results = with_clips(maker.run(methods=("gray",), photos=9), lengths=(3, 3, 3))
    images = results.images.copy()
    images.loc[0, "status"] = "undecodable"
    images.loc[3, "status"] = "failed"
    images.loc[6:8, "status"] = "undecodable"
    images.loc[images["status"] != "ok", [*images.columns[14:]]] = pd.NA
    clips = by_clip(replace(results, images=images)).images.set_index("photo")
    assert clips["status"].tolist() == ["ok", "failed", "undecodable"]


def test_a_clip_is_near_grey_if_all_its_frames_are(maker):
    results = with_clips(maker.run(methods=("gray",), photos=6), lengths=(3, 3))
    results.images["near_grey"] = pd.array([True, True, False, True, True, True], "boolean")
    assert by_clip(results).images["near_grey"].tolist() == [False, True]
    assert summarize(results, near_grey=False).photos == 1


def test_categories_are_those_of_clips(maker):
    results = with_clips(maker.run(methods=("gray",), photos=6, categories=()), lengths=(3, 3))
    results.images["category"] = ["sea"] * 3 + ["desert"] * 3
    summary = summarize(results, category="sea")
    own = results.images["psnr"].to_numpy(float)[:3]
    assert summary.scores["psnr"]["gray"] == pytest.approx(np.mean(own))
