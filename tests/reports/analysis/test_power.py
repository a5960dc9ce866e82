"""The power of the tests, by simulation."""

import numpy as np
import pytest

from huebench.reports.analysis.inference import estimates
from huebench.reports.analysis.power import smallest_differences


@pytest.mark.parametrize(("photos", "methods"), [(10, 2), (119, 16)])
def test_the_smallest_difference_is_found_in_80_percent_of_runs(photos, methods):
    difference = smallest_differences([photos], [2.0], methods=methods).loc[photos, 2.0]
    runs = np.random.default_rng(4).normal(difference, 2.0, (photos, 4000))
    found = estimates(runs).p() < 0.05 / (methods - 1)
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


def test_more_photos_show_smaller_differences_and_seeds_set_a_bound():
    table = smallest_differences([30, 119, 1000], [1.0, 2.0], methods=16)
    assert (table.diff().dropna() < 0).all(axis=None)
    assert (table[1.0] < table[2.0]).all()
    many = smallest_differences([10**9], [1.0], methods=2, seeds=3, between=0.2).iloc[0, 0]
    assert many > 2 * 0.2 * np.sqrt(2 / 3)
