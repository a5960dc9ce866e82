import numpy as np
import pandas as pd
import pytest

from huebench.reports import charts
from huebench.reports.statistics import Ranks


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
