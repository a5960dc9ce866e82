"""The registry: names, parameters, defaults, plugins."""

import math
import subprocess
import sys

import numpy as np
import pytest

from huebench import UserError
from huebench.bench.metrics import (
    Scorer,
    default_metrics,
    get_metric,
    metric_names,
    register_metric,
    resolve,
)
from huebench.plugins import load_plugin

EXPECTED = {
    "psnr": "higher",
    "psnr_ab": "higher",
    "ssim": "higher",
    "colorfulness": "target",
    "colorfulness_abs": "target",
    "delta_colorfulness": "lower",
    "delta_colorfulness_per_image": "lower",
    "auc": "higher",
    "auc_rebalanced": "higher",
    "auc_rebalanced_per_photo": "higher",
    "accuracy@5": "higher",
    "accuracy@10": "higher",
    "bin_top1": "higher",
    "delta_e2000": "lower",
    "lpips": "lower",
    "fid": "lower",
    "vgg_top1": "higher",
}

PLUGIN = """
from huebench.bench.metrics import register_metric

@register_metric(name="{name}", direction="lower", unit="levels", range=(0, 255), source="test",
                 description="Mean absolute difference.")
def mean_absolute(truth, predicted):
    return abs(truth.astype(float) - predicted).mean()
"""


HEADLINE = {
    "psnr",
    "ssim",
    "colorfulness",
    "delta_colorfulness",
    "auc",
    "auc_rebalanced",
    "accuracy@5",
    "accuracy@10",
    "delta_e2000",
}


OF_CLIPS = ("cdc", "cdc_gap", "warp_error", "flicker", "cdc_1", "cdc_2", "cdc_4")


def test_metrics_of_clips_are_apart_from_those_of_photos():
    assert default_metrics(of_clips=True) == OF_CLIPS
    assert [name for name in OF_CLIPS if get_metric(name).compared] == ["cdc_gap", "flicker"]


def test_default_metrics_are_the_built_in_ones_in_the_order_of_tables():
    assert {name: get_metric(name).direction for name in default_metrics()} == EXPECTED
    assert default_metrics() == tuple(EXPECTED)


def test_variants_of_other_papers_are_listed_but_not_computed_by_default():
    variants = set(metric_names()) - {*default_metrics(), *default_metrics(of_clips=True)}
    assert variants == {"psnr_capped", "ssim_uniform", "ssim_uniform_225", "delta_colorfulness_abs"}
    assert not any(get_metric(name).compared for name in variants)


def test_headline_and_compared_metrics():
    found = [get_metric(name) for name in metric_names() if name not in OF_CLIPS]
    assert {metric.name for metric in found if metric.headline and metric.by_default} == HEADLINE
    # A metric that is computed only if asked for is what its readers look for first.
    assert all(metric.headline for metric in found if not metric.by_default)
    assert [metric.name for metric in found if metric.compared] == ["psnr", "auc", "auc_rebalanced"]


def test_plugin_metrics_follow_the_built_in_ones_and_are_not_defaults():
    for name in ("plugin_b", "plugin_a"):
        register_metric(**named(name=name))(lambda truth, predicted: 0.0)
    usual = [name for name in metric_names() if get_metric(name).by_default]
    assert usual == [*EXPECTED, *OF_CLIPS, "plugin_a", "plugin_b"]
    assert default_metrics() == tuple(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_metric_is_described_and_its_columns_are_computed(name):
    metric = get_metric(name)
    assert metric.name == name
    assert metric.label
    assert metric.source
    assert metric.description.endswith(".")
    assert metric.range[0] < metric.range[1]
    assert metric.bounds == tuple(None if math.isinf(end) else end for end in metric.range)
    assert bool(metric.columns) == (metric.combine is None)


@pytest.mark.parametrize(
    ("typed", "name"), [("accuracy@2.5", "accuracy@2.5"), ("accuracy@1e1", "accuracy@10")]
)
def test_accuracy_takes_any_radius(typed, name):
    assert get_metric(typed).name == name


@pytest.mark.parametrize(
    "name", ["accuracy@", "accuracy@0", "accuracy@-1", "accuracy@nan", "accuracy@inf", "accuracy@x"]
)
def test_accuracy_without_a_radius_says_what_to_type(name):
    with pytest.raises(UserError, match="the @ must be followed by a number above 0, as in accuracy@5"):
        get_metric(name)


def test_unknown_names_show_the_nearest():
    with pytest.raises(UserError, match=r"unknown metric 'delta_e200'; did you mean delta_e2000"):
        get_metric("delta_e200")
    with pytest.raises(UserError, match="unknown metric 'precision@5'"):
        get_metric("precision@5")


def test_resolve_gives_registered_names_once_and_in_order():
    assert resolve(["ssim", "accuracy@5.0", "psnr", "accuracy@5"]) == ("ssim", "accuracy@5", "psnr")
    with pytest.raises(UserError, match="unknown metric 'pnsr'"):
        resolve(["ssim", "pnsr"])


def test_a_plugin_file_registers_a_plain_function(tmp_path):
    (tmp_path / "plugin.py").write_text(PLUGIN.format(name="mean_absolute"))
    load_plugin(tmp_path / "plugin.py")
    metric = get_metric("mean_absolute")
    assert (metric.label, metric.unit, metric.range) == ("mean_absolute", "levels", (0, 255))
    truth = np.full((3, 3, 3), 10, np.uint8)
    assert Scorer(["mean_absolute"]).score(truth, truth + np.uint8(7)).columns == {"mean_absolute": 7.0}


@pytest.mark.parametrize("name", ["psnr", "accuracy@5", "accuracy@7"])
def test_a_taken_name_is_refused(tmp_path, name):
    (tmp_path / "twin.py").write_text(PLUGIN.format(name=name))
    message = (
        rf"metric '{name}': the name is taken by a metric of huebench\.bench\.metrics\.\w+; choose another"
    )
    with pytest.raises(UserError, match=message):
        load_plugin(tmp_path / "twin.py")


def test_a_plugin_loaded_before_any_look_up_cannot_take_a_built_in_name(tmp_path):
    (tmp_path / "twin.py").write_text(PLUGIN.format(name="psnr"))
    code = (
        "import sys; from pathlib import Path; from huebench.plugins import load_plugin;"
        "load_plugin(Path(sys.argv[1]))"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "twin.py"], capture_output=True, text=True, check=False
    )
    assert "metric 'psnr': the name is taken by a metric of huebench.bench.metrics.psnr" in child.stderr


def named(**changed):
    return {"name": "ours", "direction": "lower", "source": "a test", "description": "Zero.", **changed}


def test_a_family_takes_its_parameter_last():
    texts = {"label": "W{:g}", "description": "Share within {:g} levels."}

    @register_metric(**named(name="within", parameters=(1, 2), **texts))
    def within(truth, predicted, levels):
        return float((abs(truth.astype(int) - predicted) <= levels).mean())

    assert metric_names()[-2:] == ["within@1", "within@2"]
    metric = get_metric("within@7")
    assert (metric.label, metric.description) == ("W7", "Share within 7 levels.")
    truth = np.zeros((2, 2, 3), np.uint8)
    columns = Scorer(["within@6", "within@7"]).score(truth, truth + np.uint8(7)).columns
    assert columns == {"within@6": 0.0, "within@7": 1.0}


def test_a_registered_function_stays_callable():
    @register_metric(name="ours", direction="none", source="test", description="Zero.")
    def ours(truth, predicted):
        return 0.0

    assert ours(None, None) == 0
    assert get_metric("ours").range == (-math.inf, math.inf)
