"""Scoring a photo by several metrics, and what needs a prior, weights or a set."""

import subprocess
import sys

import numpy as np
import pytest
import skimage.data

from huebench import UserError
from huebench.bench.metrics import Scorer, ab_prior, metric_names
from huebench.bench.metrics.base import Aggregate, Metric, metrics
from huebench.datasets.color.conversion import lab_to_rgb, rgb_to_lab

from . import naive

PIXEL_METRICS = [name for name in metric_names() if name not in {"lpips", "fid", "vgg_top1"}]


@pytest.fixture
def photos():
    truth = skimage.data.chelsea()[:200, :200]
    lightness, ab = rgb_to_lab(truth)
    return truth, lab_to_rgb(lightness, ab * np.float32(0.7))


def test_score_matches_every_naive_metric(photos):
    sample = [skimage.data.coffee()]
    columns = Scorer(PIXEL_METRICS, prior=ab_prior(sample)).score(*photos)
    expected = naive.every_metric(*photos, naive.shares(sample))
    assert columns.keys() - expected.keys() == {"auc_curve", "auc_rebalanced_curve"}
    assert {name: columns[name] for name in expected} == pytest.approx(expected, abs=1e-4)


def test_the_area_under_the_curves_is_the_auc(photos):
    columns = Scorer(["auc", "auc_rebalanced"], prior=ab_prior([skimage.data.coffee()])).score(*photos)
    for name in ("auc", "auc_rebalanced"):
        curve = columns[f"{name}_curve"]
        assert (curve.shape, curve.dtype) == ((151,), np.float32)
        assert np.trapezoid(curve) / 150 == pytest.approx(columns[name], abs=1e-6)


def test_score_returns_python_floats_for_the_named_columns_alone(photos):
    columns = Scorer(["ssim", "accuracy@7.5"]).score(*photos)
    assert list(columns) == ["ssim", "accuracy@7.5"]
    assert all(type(value) is float for value in columns.values())


def test_columns_shared_by_metrics_are_there_once(photos):
    names = ["colorfulness", "delta_colorfulness", "delta_colorfulness_per_image"]
    assert list(Scorer(names).score(*photos)) == ["colorfulness", "colorfulness_truth"]


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
        (np.zeros(261), "is it of no photo"),
        (np.full(261, np.nan), "shares of pixels"),
        (-np.ones(261), "shares of pixels"),
    ],
)
def test_what_is_no_prior_is_refused(prior, message):
    with pytest.raises(ValueError, match=message):
        Scorer(["auc_rebalanced"], prior=prior)


def test_ab_prior_of_an_iterator_is_the_share_of_all_its_pixels():
    grey, red = np.full((2, 2, 3), 99, np.uint8), np.zeros((2, 6, 3), np.uint8)
    red[..., 0] = 255
    prior = ab_prior(iter([grey, red]))
    assert sorted(prior[prior > 0].tolist()) == [0.25, 0.75]


def test_set_level_metrics_are_made_of_features_kept_by_photo(monkeypatch, photos):
    mean_gap = Metric(
        name="mean_gap",
        label="",
        direction="lower",
        unit="",
        range=(0, 255),
        source="",
        description="",
        aggregate=Aggregate("stored"),
        features=lambda pair: np.float32([pair.truth.mean(), pair.prediction.mean()]),
        combine=lambda features: float(abs(np.diff(features.mean(axis=0))[0])),
    )
    monkeypatch.setattr(metrics, "_items", {**metrics.items(), "mean_gap": mean_gap})
    scorer = Scorer(["psnr", "mean_gap"])
    truth, prediction = photos
    kept = [scorer.features(truth, prediction), scorer.features(truth, truth)]
    assert list(scorer.score(truth, prediction)) == ["psnr"]
    result = scorer.score_set({"mean_gap": np.stack([photo["mean_gap"] for photo in kept])})
    assert result == {"mean_gap": pytest.approx(abs(truth.mean() - prediction.mean()) / 2, rel=1e-4)}
    assert scorer.score_set({}) == {}
    assert Scorer(["psnr"]).features(truth, prediction) == {}
    assert Scorer(["psnr"]).score_set({}) == {}


def test_unavailable_metrics_are_left_out_with_their_reason(monkeypatch, tmp_path, photos):
    monkeypatch.setenv("HUEBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    scorer = Scorer(["psnr", "lpips", "fid", "vgg_top1"])
    assert set(scorer.unavailable) == {"lpips", "fid", "vgg_top1"}
    assert all("weights not found: put " in reason for reason in scorer.unavailable.values())
    assert list(scorer.score(*photos)) == ["psnr"]
    assert scorer.features(*photos) == {}
    assert scorer.score_set({}) == {}


def test_warm_up_leaves_nothing_to_compile():
    code = (
        "import sys, numpy as np\n"
        "from numba.extending import is_jitted\n"
        "from huebench.bench.metrics import Scorer, kernels\n"
        "Scorer(sys.argv[1:], prior=np.ones(261) / 261).warm_up()\n"
        "found = {name: it for name, it in vars(kernels).items() if is_jitted(it) and name[0] != '_'}\n"
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
