"""The class of metrics: its fields, columns, weights of pixels, and what it needs."""

import numpy as np
import pytest

from huebench import UserError
from huebench.bench.metrics import PhotoPair, Scorer, get_metric, metric_names, register_metric
from huebench.bench.metrics.weights import Weights

TWO = {"ours": ("truth", "predicted"), "ours_weight": ("predicted",)}


def named(**changed):
    return {"name": "ours", "direction": "lower", "source": "a test", "description": "Zero.", **changed}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "a,b"}, "name must consist of letters, digits"),
        ({"direction": "up"}, "direction 'up' must be one of higher, lower, target, none"),
        ({"aggregate": "median"}, "aggregate 'median' must be one of mean, mean_gap"),
        ({"source": ""}, "source must be a text, not ''"),
        ({"description": None}, "description must be a text, not None"),
        ({"range": (1, 0)}, r"range \(1, 0\) must be two numbers, the smaller one first"),
        ({"range": 1}, "range 1 must be two numbers"),
        ({"least_side": 0}, "least_side must be a whole number of at least 1, not 0"),
        ({"order": 1.5}, "order must be a whole number of at least 0, not 1.5"),
        ({"takes": ("truth", "hue")}, "takes hue; it can take truth, predicted, prior, device, pixels"),
        ({"takes": ()}, "takes nothing; it can take truth"),
        ({"direction": "target"}, "takes must have 2 columns with direction 'target'.*, not 1"),
        ({"aggregate": "mean_gap"}, "takes must have 2 columns with .*aggregate 'mean_gap', not 1"),
        ({"aggregate": "stored"}, "aggregate 'stored' and combine go together"),
        ({"aggregate": "pooled", "takes": TWO}, "aggregate 'pooled' and weight go together"),
        ({"weight": np.ones}, "takes must have 2 columns with .*aggregate 'pooled', not 1"),
        (
            {"weight": np.ones, "takes": TWO},
            "weight takes predicted; it can take truth, prior, pixels, truth_lab",
        ),
        ({"direction": "none", "compared": True}, "compared needs a direction other than 'none'"),
        ({"combine": max, "compared": True}, "compared needs .* a value for each photo"),
        ({"parameters": (0,)}, "parameters must be numbers above 0, not 0"),
    ],
)
def test_a_wrong_field_is_refused_with_what_is_allowed(changed, message):
    with pytest.raises(UserError, match=rf"metric '[^']+': {message}"):
        register_metric(**named(**changed))(lambda truth, predicted: 0.0)
    assert "ours" not in metric_names()


def test_aggregates_of_both_conventions_of_delta_colorfulness():
    columns = ("colorfulness", "colorfulness_truth")
    assert get_metric("delta_colorfulness").aggregate == "mean_gap"
    assert get_metric("delta_colorfulness_per_image").aggregate == "mean_absolute_difference"
    assert get_metric("delta_colorfulness").columns == columns
    assert get_metric("delta_colorfulness_per_image").columns == columns


def pooled_share_of_blue(weight):
    """Register the share of blue pixels within 5 levels: a metric that weighs pixels."""
    takes = {"blue": ("truth", "predicted"), "blue_weight": ("truth",)}

    @register_metric(**named(name="blue", takes=takes, weight=weight))
    def blue(truth, predicted):
        weights = weight(truth)
        within = (abs(truth.astype(int) - predicted) <= 5).all(axis=-1).ravel()
        return float((within * weights).sum() / weights.sum())


def test_a_weight_makes_a_metric_pooled_and_is_kept_with_its_squares():
    pooled_share_of_blue(lambda truth: truth[..., 2].ravel() / 255)
    metric = get_metric("blue")
    assert metric.aggregate == "pooled"
    assert metric.columns == ("blue", "blue_weight", "blue_weight_squares")
    assert metric.curve_columns == ()
    truth = np.uint8([[[0, 0, 255], [0, 0, 51]]])
    columns = Scorer(["blue"]).score(truth, np.uint8([[[0, 0, 255], [99, 0, 51]]])).columns
    assert columns == pytest.approx({"blue": 1 / 1.2, "blue_weight": 1.2, "blue_weight_squares": 1.04})


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0], [-1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_weights_of_pixels_must_be_numbers_and_one_for_each(weights):
    pooled_share_of_blue(lambda truth: np.array(weights))
    truth = np.zeros((1, 2, 3), np.uint8)
    with pytest.raises(ValueError, match="blue needs a finite weight ≥ 0 for each pixel"):
        get_metric("blue").measure("blue_weight", PhotoPair(truth, truth))


def test_missing_libraries_come_before_missing_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights = Weights("file-00000000.pth", "https://example.org/")
    needed = {"numpy": "other", "no_such_library": "perceptual"}
    register_metric(**named(requires=needed, weights=weights))(lambda truth, predicted: 0.0)
    assert get_metric("ours").missing() == "no_such_library not installed: pip install 'huebench[perceptual]'"
    register_metric(**named(name="light", weights=weights))(lambda truth, predicted: 0.0)
    assert get_metric("light").missing().startswith("weights not found: put file-00000000.pth")
