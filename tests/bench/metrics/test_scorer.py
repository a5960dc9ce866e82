"""Scoring a photo by several metrics, and what needs a prior, weights or a set."""

import subprocess
import sys

import numpy as np
import pytest
import skimage.data

from huebench import UserError
from huebench.bench.metrics import Scorer, ab_prior, default_metrics, register_metric, score
from huebench.datasets.color.conversion import rgb_to_lab

from . import naive

PIXEL_METRICS = [name for name in default_metrics() if name not in {"lpips", "fid", "vgg_top1"}]


CURVES = ("auc", "auc_rebalanced", "auc_rebalanced_per_photo")


def test_score_matches_every_naive_metric(photos):
    sample = [skimage.data.coffee()]
    columns = Scorer(PIXEL_METRICS, prior=ab_prior(sample)).score(*photos).columns
    expected = naive.every_metric(*photos, naive.shares(sample))
    assert columns.keys() - expected.keys() == {f"{name}_curve" for name in CURVES}
    assert {name: columns[name] for name in expected} == pytest.approx(expected, rel=1e-3, abs=1e-4)
    assert columns["ssim"] == pytest.approx(expected["ssim"], abs=1e-5)


def test_the_area_under_the_curves_is_the_auc(photos):
    columns = Scorer(CURVES, prior=ab_prior([skimage.data.coffee()])).score(*photos).columns
    for name in CURVES:
        curve = columns[f"{name}_curve"]
        assert (curve.shape, curve.dtype) == ((151,), np.float32)
        assert np.trapezoid(curve) / 150 == pytest.approx(columns[name], abs=1e-6)


def test_score_returns_python_floats_for_the_named_columns_alone(photos):
    columns = Scorer(["ssim", "accuracy@7.5"]).score(*photos).columns
    assert list(columns) == ["ssim", "accuracy@7.5"]
    assert all(type(value) is float for value in columns.values())


def test_columns_shared_by_metrics_are_there_once(photos):
    names = ["colorfulness", "delta_colorfulness", "delta_colorfulness_per_image"]
    assert list(Scorer(names).score(*photos).columns) == ["colorfulness", "colorfulness_truth"]


def test_scoring_changes_neither_photo(photos):
    before = [photo.copy() for photo in photos]
    Scorer(PIXEL_METRICS, prior=ab_prior(photos)).score(*photos)
    for photo, copy in zip(photos, before, strict=True):
        np.testing.assert_array_equal(photo, copy)


def test_unknown_metric_is_refused_before_any_photo():
    with pytest.raises(UserError, match="did you mean psnr"):
        Scorer(["psnrr"])


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (np.ones(313) / 313, r"each of 261 bins, not shape \(313,\)"),
        (np.zeros(261), "for one photo or more"),
        (np.full(261, np.nan), "shares of pixels"),
        (-np.ones(261), "shares of pixels"),
    ],
)
def test_invalid_priors_are_refused(prior, message):
    with pytest.raises(ValueError, match=message):
        Scorer(["auc_rebalanced"], prior=prior)


def test_ab_prior_of_an_iterator_is_the_share_of_all_its_pixels():
    grey, red = np.full((2, 2, 3), 99, np.uint8), np.zeros((2, 6, 3), np.uint8)
    red[..., 0] = 255
    prior = ab_prior(iter([grey, red]))
    assert sorted(prior[prior > 0].tolist()) == [0.25, 0.75]


def test_metrics_of_a_set_are_combined_from_features_of_photos(photos):
    @register_metric(
        name="gap_of_means",
        direction="lower",
        range=(0, 255),
        source="a test",
        description="Gap.",
        combine=lambda features: float(abs(np.diff(features.mean(axis=0))[0])),
    )
    def means(truth, predicted):
        return np.float32([truth.mean(), predicted.mean()])

    scorer = Scorer(["psnr", "gap_of_means"])
    truth, predicted = photos
    kept = [scorer.score(truth, predicted), scorer.score(truth, truth)]
    assert list(kept[0].columns) == ["psnr"]
    result = scorer.score_set({"gap_of_means": np.stack([photo.features["gap_of_means"] for photo in kept])})
    assert result == {"gap_of_means": pytest.approx(abs(truth.mean() - predicted.mean()) / 2, rel=1e-4)}
    assert scorer.score_set({}) == {}
    assert Scorer(["psnr"]).score(truth, predicted).features == {}
    assert Scorer(["psnr"]).score_set({}) == {}


def test_shared_quantities_are_computed_once_per_photo(monkeypatch, photos):
    calls = []

    def counted(rgb):
        calls.append(len(rgb))
        return rgb_to_lab(rgb)

    monkeypatch.setattr("huebench.bench.metrics.pair.rgb_to_lab", counted)
    Scorer(PIXEL_METRICS, prior=np.ones(261) / 261).score(*photos)
    assert calls == [photos[0].size // 3] * 2


def test_warm_up_uses_photos_large_enough_for_every_metric():
    seen = []
    named = {"direction": "none", "source": "a test", "description": "None.", "least_side": 100}
    register_metric(name="large", **named)(lambda truth, predicted: seen.append(truth.shape) or 0.0)
    Scorer(["psnr", "large"]).warm_up()
    assert seen == [(100, 100, 3)]


def test_unavailable_metrics_are_left_out_with_their_reason(monkeypatch, tmp_path, photos):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    scorer = Scorer(["psnr", "lpips", "fid", "vgg_top1"])
    assert set(scorer.unavailable) == {"lpips", "fid", "vgg_top1"}
    assert all("weights not found: put " in reason for reason in scorer.unavailable.values())
    assert list(scorer.score(*photos).columns) == ["psnr"]
    assert scorer.score(*photos).features == {}
    assert scorer.score_set({}) == {}


def test_warm_up_leaves_nothing_to_compile():
    code = (
        "import sys, numpy as np\n"
        "from numba.extending import is_jitted\n"
        "from huebench.bench.metrics import Scorer\n"
        "Scorer(sys.argv[1:], prior=np.ones(261) / 261).warm_up()\n"
        "kernels = 'huebench.bench.metrics.kernels.'\n"
        "modules = [module for name, module in sys.modules.items() if name.startswith(kernels)]\n"
        "named = [pair for module in modules for pair in vars(module).items()]\n"
        "found = {name: it for name, it in named if is_jitted(it) and name[0] != '_'}\n"
        "print(len(found), [name for name, kernel in found.items() if not kernel.signatures])"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, *PIXEL_METRICS], capture_output=True, text=True, check=True
    )
    assert child.stdout == "7 []\n"


def test_listing_metrics_imports_no_heavy_library():
    code = (
        "import sys; from huebench.bench.metrics import Scorer, metric_names; Scorer(metric_names());"
        "sys.exit(any(name in sys.modules for name in ('numba', 'torch', 'torchmetrics', 'scipy', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_score_of_one_photo_has_every_metric_that_needs_nothing_else(photos, monkeypatch, tmp_path):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    scores = score(*photos)
    truths_own = {"colorfulness_truth", "colorfulness_abs_truth"}
    assert set(scores) == (set(PIXEL_METRICS) | truths_own) - set(CURVES[1:])
    columns = Scorer(PIXEL_METRICS, prior=np.ones(261) / 261).score(*photos).columns
    assert all(scores[name] == columns[name] for name in set(scores) & set(columns))
    gap = abs(columns["colorfulness"] - columns["colorfulness_truth"])
    assert scores["delta_colorfulness"] == scores["delta_colorfulness_per_image"] == gap
    assert all(type(value) is float for value in scores.values())


def test_score_of_one_photo_has_the_named_metrics_alone(photos):
    assert list(score(*photos, metrics=["ssim", "accuracy@7.5"])) == ["ssim", "accuracy@7.5"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("psnrr", "did you mean psnr"),
        ("fid", "'fid' cannot score a single photo here: it has one value for a whole set"),
        ("auc_rebalanced", "'auc_rebalanced' cannot score a single photo here: it needs .*prior=ab_prior"),
        ("vgg_top1", "'vgg_top1' cannot score a single photo here: weights not found"),
    ],
)
def test_score_of_one_photo_says_why_a_metric_cannot_be_had(photos, monkeypatch, tmp_path, name, message):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=message):
        score(*photos, metrics=[name])
