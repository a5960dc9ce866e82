"""SSIM in uniform windows against the formula in NumPy, window by window."""

import numpy as np
import pytest

from huebench.bench.metrics.ssim_uniform import ssim_uniform, ssim_uniform_225


def window_by_window(truth, predicted, data_range):
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    scores = []
    for channel in range(3):
        x, y = (
            np.lib.stride_tricks.sliding_window_view(p[..., channel] / 1.0, (7, 7))
            for p in (truth, predicted)
        )
        x, y = x.reshape(-1, 49), y.reshape(-1, 49)
        covariance = ((x - x.mean(1, keepdims=True)) * (y - y.mean(1, keepdims=True))).sum(1) / 48
        top = (2 * x.mean(1) * y.mean(1) + c1) * (2 * covariance + c2)
        bottom = (x.mean(1) ** 2 + y.mean(1) ** 2 + c1) * (x.var(1, ddof=1) + y.var(1, ddof=1) + c2)
        scores.append((top / bottom).mean())
    return np.mean(scores)


@pytest.mark.parametrize(("function", "data_range"), [(ssim_uniform, 255), (ssim_uniform_225, 225)])
def test_uniform_ssim_matches_the_formula(function, data_range):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 256, (20, 24, 3), np.uint8)
    predicted = np.clip(truth + rng.normal(0, 30, truth.shape), 0, 255).astype(np.uint8)
    expected = window_by_window(truth, predicted, data_range)
    assert function(truth, predicted) == pytest.approx(expected, abs=1e-10)
    assert function(truth, truth.copy()) == pytest.approx(1)
