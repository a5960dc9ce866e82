"""The registry: names, parameters, aggregates, plugins."""

import math

import numpy as np
import pytest

from huebench import UserError
from huebench.bench.metrics import Scorer, get_metric, metric_names, register_metric, resolve
from huebench.bench.metrics.base import metrics
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
def mean_absolute(truth, prediction):
    return abs(truth.astype(float) - prediction).mean()
"""


@pytest.fixture
def own_registry(monkeypatch):
    """Let a test register what it likes without leaving it behind."""
    monkeypatch.setattr(metrics, "_items", dict(metrics.items()))


def test_every_metric_of_the_protocol_is_there_with_its_direction():
    assert {name: get_metric(name).direction for name in metric_names()} == EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_every_metric_is_described_and_its_columns_are_computed(name):
    metric = get_metric(name)
    assert metric.name == name
    assert metric.label
    assert metric.source
    assert metric.description.endswith(".")
    assert metric.range[0] < metric.range[1]
    assert set(metric.aggregate.columns) == set(metric.compute)
    assert (metric.scope == "set") == (metric.aggregate.kind == "stored") == (metric.combine is not None)
    assert (metric.direction == "target") == (
        metric.aggregate.kind == "mean" and len(metric.aggregate.columns) == 2
    )


def test_aggregates_of_both_conventions_of_delta_colorfulness():
    columns = ("colorfulness", "colorfulness_truth")
    assert get_metric("delta_colorfulness").aggregate.kind == "mean_gap"
    assert get_metric("delta_colorfulness_per_image").aggregate.kind == "mean_absolute_difference"
    assert get_metric("delta_colorfulness").aggregate.columns == columns
    assert get_metric("delta_colorfulness_per_image").aggregate.columns == columns


@pytest.mark.parametrize(
    ("typed", "name"), [("accuracy@2.5", "accuracy@2.5"), ("accuracy@1e1", "accuracy@10")]
)
def test_accuracy_takes_any_radius(typed, name):
    assert get_metric(typed).name == name


@pytest.mark.parametrize(
    "name", ["accuracy@", "accuracy@0", "accuracy@-1", "accuracy@nan", "accuracy@inf", "accuracy@x"]
)
def test_accuracy_of_no_radius_says_what_to_type(name):
    with pytest.raises(UserError, match="after the @ comes a number above 0, as in accuracy@5"):
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


@pytest.mark.usefixtures("own_registry")
def test_a_plugin_file_registers_a_plain_function(tmp_path):
    (tmp_path / "plugin.py").write_text(PLUGIN.format(name="mean_absolute"))
    load_plugin(tmp_path / "plugin.py")
    metric = get_metric("mean_absolute")
    assert (metric.label, metric.unit, metric.range, metric.scope) == (
        "mean_absolute",
        "levels",
        (0, 255),
        "photo",
    )
    truth = np.full((3, 3, 3), 10, np.uint8)
    assert Scorer(["mean_absolute"]).score(truth, truth + np.uint8(7)) == {"mean_absolute": 7.0}


@pytest.mark.usefixtures("own_registry")
def test_two_metrics_of_one_name_are_refused(tmp_path):
    (tmp_path / "twin.py").write_text(PLUGIN.format(name="psnr"))
    with pytest.raises(UserError, match="metric 'psnr' is registered twice"):
        load_plugin(tmp_path / "twin.py")


@pytest.mark.usefixtures("own_registry")
def test_a_registered_function_stays_callable():
    @register_metric(name="ours", direction="none", source="test", description="Zero.")
    def ours(truth, prediction):
        return 0.0

    assert ours(None, None) == 0
    assert get_metric("ours").range == (-math.inf, math.inf)
