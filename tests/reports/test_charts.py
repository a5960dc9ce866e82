from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from huebench.reports import charts
from huebench.reports.content import make_content
from huebench.reports.figures import encode
from huebench.reports.statistics import Ranks
from huebench.reports.summary import summarize


def metric_of(summary, name):
    return next(metric for metric in summary.metrics if metric.name == name)


def test_a_run_with_everything_has_every_chart(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix", "oracle-lowres"), pictures=True)
    drawn = charts.draw(results, make_content(results))
    assert list(drawn) == [
        "ranks",
        "speed",
        "accuracy",
        "colorfulness",
        "categories",
        "planes",
        "training-curves",
    ]
    again = charts.draw(results, make_content(results))
    for name, chart in drawn.items():
        assert chart.alt
        assert chart.caption
        content = encode(chart.figure)
        assert content == encode(again[name].figure)
        assert len(content) < 300_000


def test_a_run_with_little_has_few(maker):
    results = maker.run(methods=("gray",), categories=())
    assert list(charts.draw(results, make_content(results))) == ["speed", "accuracy", "colorfulness"]
    results.cells["images_per_second"] = pd.NA
    results = replace(results, accuracy_curves=results.accuracy_curves.iloc[:0])
    assert list(charts.draw(results, make_content(results))) == ["colorfulness"]


def test_quality_against_speed_names_every_point_and_joins_the_front(maker):
    results = maker.run(photos=20, failures=True)
    summary = summarize(results)
    axes = charts.quality_against_speed(summary, metric_of(summary, "auc")).axes[0]
    scored = summary.rows.index[(summary.rows["scored"] > 0) & ~summary.rows["oracle"]]
    assert [text.get_text() for text in axes.texts] == list(scored)
    contenders = summary.contenders()
    front = set(axes.get_lines()[0].get_ydata())
    speed, quality = summary.rows["images_per_second"][contenders], summary.scores["auc"][contenders]
    for label in contenders:
        beaten = ((speed > speed[label]) & (quality > quality[label])).any()
        assert (quality[label] in front) != beaten


@pytest.mark.parametrize("seed", [6, 7, 16])  # each has names that cover one another unless they give way
def test_names_in_the_speed_figure_cover_neither_one_another_nor_a_point(maker, seed):
    maker.rng = np.random.default_rng(seed)
    summary = summarize(maker.run(photos=20))
    figure = charts.quality_against_speed(summary, metric_of(summary, "auc"))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = {text.get_text(): Text.get_window_extent(text) for text in axes.texts}  # without their arrows
    assert [pair for pair in combinations(boxes, 2) if Bbox.intersection(*map(boxes.get, pair))] == []
    points = [point for dots in axes.collections for point in axes.transData.transform(dots.get_offsets())]
    assert len(points) == len(boxes)
    assert [name for name in boxes if boxes[name].count_contains(points)] == []


def test_the_planes_say_of_how_many_photos_pictures_were_kept_unless_of_all(maker):
    def caption(photos):
        results = maker.run(methods=("gray", "pix2pix"), photos=photos, pictures=True)
        return charts.draw(results, make_content(results))["planes"].caption

    assert "in the pictures of the 4 of 12 photos whose pictures were kept" in caption(12)
    assert "in the pictures, on" in caption(4)


def test_the_caption_of_the_training_says_what_a_jump_between_stages_is(maker):
    results = maker.run(methods=("gray", "pix2pix"))
    caption = charts.draw(results, make_content(results))["training-curves"].caption
    assert "A method trained in several stages continues its line through them" in caption
    assert "no divergence" in caption


def test_colorfulness_starts_with_the_truth(maker):
    results = maker.run(methods=("gray", "pix2pix"), photos=30, failures=True)
    summary = summarize(results)
    axes = charts.colorfulness(results, summary, metric_of(summary, "colorfulness")).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["truth", "gray"]
    truth = results.images.groupby("photo")["colorfulness_truth"].first().dropna().to_numpy(float)
    medians = [line.get_xdata()[0] for line in axes.get_lines() if line.get_color() == "#000000"]
    assert medians == pytest.approx([np.median(truth), 0.0])


def test_the_heat_map_has_the_categories_with_the_most_photos(maker, monkeypatch):
    monkeypatch.setattr(charts, "MOST_CATEGORIES", 2)
    results = maker.run(methods=("gray", "pix2pix", "oracle-lowres"), photos=10, categories=("c", "a", "b"))
    summary = summarize(results)
    parts = {name: summarize(results, category=name) for name in "abc"}
    axes = charts.heat_map(parts, summary, metric_of(summary, "auc")).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a (3)", "c (4)"]
    shown = axes.get_images()[0]
    gray = summarize(results, category="a").scores.loc["gray", "auc"]
    assert shown.get_array()[0, 0] == pytest.approx(gray)
    assert shown.get_clim()[1] < shown.get_array()[2].min(), "oracles do not stretch the colours"


def test_critical_difference_names_every_method_with_its_rank():
    average = pd.Series({"b": 2.1, "a": 1.2, "c": 2.7})
    figure = charts.critical_difference(Ranks(average, 30, 0.001, 0.95))
    texts = [text.get_text().strip() for text in figure.axes[0].texts]
    assert {"a 1.20", "b 2.10", "2.70 c", "critical difference 0.95"} <= set(texts)


def test_critical_difference_joins_what_is_not_told_apart():
    average = pd.Series({"a": 1.2, "b": 2.1, "c": 2.7})
    figure = charts.critical_difference(Ranks(average, 30, 0.001, 0.95))
    bars = [line.get_xdata() for line in figure.axes[0].get_lines() if line.get_linewidth() == 4]
    np.testing.assert_allclose(bars[1:], [[1.16, 2.14], [2.06, 2.74]])


@pytest.mark.parametrize(
    ("average", "cliques"),
    [
        ([1.0, 2.0, 3.0], []),
        ([1.0, 1.5, 3.0], [(0, 1)]),
        ([1.0, 1.5, 1.9, 2.4], [(0, 2), (1, 3)]),
        ([2.0, 2.0, 2.0], [(0, 2)]),
    ],
)
def test_cliques_are_the_largest_runs_within_the_critical_difference(average, cliques):
    assert charts._cliques(np.array(average), 0.95) == cliques
