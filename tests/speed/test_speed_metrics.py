"""All pixel metrics of one 256² photo beside the same from scikit-image and NumPy."""

import numpy as np
import pytest
import skimage.data

from huebench.bench.metrics import Scorer, ab_prior, metric_names
from huebench.datasets.color.conversion import lab_to_rgb, rgb_to_lab

from ..bench.metrics import naive

TOLERANCE = 1e-4
SSIM_TOLERANCE = 1e-5
METRICS = [name for name in metric_names() if name not in {"lpips", "fid", "vgg_top1"}]


@pytest.fixture(scope="module")
def photos():
    truth = np.ascontiguousarray(skimage.data.astronaut()[:256, :256])
    lightness, ab = rgb_to_lab(truth)
    return truth, lab_to_rgb(lightness, ab * np.float32(0.6) + np.float32(3))


@pytest.mark.benchmark(group="all pixel metrics, 256²")
@pytest.mark.parametrize("library", ["huebench", "scikit-image and NumPy"])
def test_all_metrics(benchmark, photos, library):
    sample = [skimage.data.coffee()]
    scorer = Scorer(METRICS, prior=ab_prior(sample))
    prior = naive.shares(sample)
    ours, theirs = scorer.score(*photos).columns, naive.every_metric(*photos, prior)
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, rel=TOLERANCE, abs=TOLERANCE)
    assert ours["ssim"] == pytest.approx(theirs["ssim"], abs=SSIM_TOLERANCE)
    if library == "huebench":
        benchmark(scorer.score, *photos)
    else:
        benchmark(naive.every_metric, *photos, prior)
