from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from huebench.reports import blocks
from huebench.reports.analysis.statistics import Ranks
from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import Tile
from huebench.reports.charts.categories import heat_map
from huebench.reports.charts.colorfulness import colorfulness
from huebench.reports.charts.contact_sheet import contact_sheet
from huebench.reports.charts.ranks import _cliques, critical_difference
from huebench.reports.charts.speed import quality_against_speed
from huebench.reports.charts.style import INK, METHOD, encode
from huebench.reports.report import make_document
from huebench.reports.tables import read_results


def metric_of(summary, name):
    return next(metric for metric in summary.metrics if metric.name == name)


def charts_of(results):
    found = blocks.figures(make_document(results).blocks)
    return {figure.name: figure for figure in found if not figure.name.startswith("gallery")}


def test_a_run_with_everything_has_every_chart(maker):
    results = maker.run(methods=("gray", "fusion", "pix2pix", "oracle-lowres"), pictures=True)
    drawn, again = charts_of(results), charts_of(results)
    assert list(drawn) == [
        "speed",
        "accuracy",
        "colorfulness",
        "ranks",
        "categories",
        "chroma",
        "hues",
        "disputed-hues",
        "training-curves",
    ]
    for name, figure in drawn.items():
        assert figure.alt
        assert figure.caption
        assert figure.content == again[name].content
        assert len(figure.content) < 300_000


def test_a_run_with_little_has_few(maker):
    results = maker.run(methods=("gray",), categories=())
    assert list(charts_of(results)) == ["speed", "accuracy", "colorfulness"]
    results.cells["images_per_second"] = pd.NA
    results = replace(results, accuracy_curves=results.accuracy_curves.iloc[:0])
    assert list(charts_of(results)) == ["colorfulness"]


@pytest.mark.parametrize("name", ["a$b$", r"price_$\frac$"])
def test_a_name_with_dollar_signs_is_no_formula(tmp_path, name):
    picture = tmp_path / "picture.png"
    Image.new("RGB", (8, 8)).save(picture)
    drawn = encode(contact_sheet([Tile(name, "deep", "", picture)]), "svg").decode()
    assert f">{name}<" in drawn


def test_quality_against_speed_names_points_where_there_is_room_and_joins_the_front(maker):
    results = maker.run(photos=20, failures=True)
    summary = summarize(results)
    axes = quality_against_speed(summary, metric_of(summary, "auc")).axes[0]
    scored = summary.rows.index[(summary.rows["scored"] > 0) & ~summary.rows["oracle"]]
    named = [text.get_gid().removeprefix(METHOD) for text in axes.texts]
    assert len(set(named)) == len(named)
    assert set(named) <= set(scored)
    contenders = summary.contenders()
    front = set(axes.get_lines()[0].get_ydata())
    speed, quality = summary.rows["images_per_second"][contenders], summary.scores["auc"][contenders]
    for label in contenders:
        beaten = ((speed > speed[label]) & (quality > quality[label])).any()
        assert (quality[label] in front) != beaten
        assert label in named or beaten


@pytest.mark.parametrize("seed", [6, 7, 16])  # each has names that cover one another unless they give way
def test_names_in_the_speed_figure_cover_neither_one_another_nor_a_point(maker, seed):
    maker.rng = np.random.default_rng(seed)
    summary = summarize(maker.run(photos=20))
    figure = quality_against_speed(summary, metric_of(summary, "auc"))
    axes, boxes = figure.axes[0], names_of(figure)
    assert [pair for pair in combinations(boxes, 2) if Bbox.intersection(*map(boxes.get, pair))] == []
    points = [point for dots in axes.collections for point in axes.transData.transform(dots.get_offsets())]
    assert len(points) == len(boxes)
    assert [name for name in boxes if boxes[name].count_contains(points)] == []


@pytest.mark.parametrize("dpi", [100, 200])
def test_long_names_of_many_methods_stay_readable(dpi):
    summary = summarize(read_results(Path(__file__).parents[3] / "docs" / "results" / "landscapes"))
    figure = quality_against_speed(summary, metric_of(summary, "auc"))
    figure.set_dpi(dpi)  # as it is saved
    boxes = names_of(figure)
    assert len(boxes) >= 12
    for one, other in combinations(boxes.values(), 2):
        shared = Bbox.intersection(one, other)
        smaller = min(one.width * one.height, other.width * other.height)
        assert shared is None or shared.width * shared.height < 0.05 * smaller


def names_of(figure):
    """Return the box in pixels of every name in a figure, without its arrow."""
    figure.draw_without_rendering()
    return {text.get_text(): Text.get_window_extent(text) for text in figure.axes[0].texts}


def test_colorfulness_starts_with_the_truth(maker):
    results = maker.run(methods=("gray", "pix2pix"), photos=30, failures=True)
    summary = summarize(results)
    axes = colorfulness(results, summary, metric_of(summary, "colorfulness")).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["truth", "gray"]
    truth = results.images.groupby("photo")["colorfulness_truth"].first().dropna().to_numpy(float)
    medians = [line.get_xdata()[0] for line in axes.get_lines() if line.get_color() == INK]
    assert medians == pytest.approx([np.median(truth), 0.0])


def test_the_heat_map_names_every_category_with_its_photos(maker):
    results = maker.run(methods=("gray", "pix2pix", "oracle-lowres"), photos=10, categories=("c", "a", "b"))
    summary = summarize(results)
    parts = {name: summarize(results, category=name) for name in "ac"}
    axes = heat_map(parts, summary, metric_of(summary, "auc")).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a (3)", "c (4)"]
    shown = axes.get_images()[0]
    gray = summarize(results, category="a").scores.loc["gray", "auc"]
    assert shown.get_array()[0, 0] == pytest.approx(gray)
    assert shown.get_clim()[1] < shown.get_array()[2].min(), "oracles do not stretch the colours"


def test_critical_difference_names_every_method_with_its_rank():
    average = pd.Series({"b": 2.1, "a": 1.2, "c": 2.7})
    figure = critical_difference(Ranks(average, 30, 0.001, 0.95))
    texts = [text.get_text().strip() for text in figure.axes[0].texts]
    assert {"a 1.20", "b 2.10", "2.70 c", "critical difference 0.95"} <= set(texts)


def test_critical_difference_joins_methods_that_do_not_differ_significantly():
    average = pd.Series({"a": 1.2, "b": 2.1, "c": 2.7})
    figure = critical_difference(Ranks(average, 30, 0.001, 0.95))
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
    assert _cliques(np.array(average), 0.95) == cliques
