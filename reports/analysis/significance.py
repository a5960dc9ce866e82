"""Tests of the differences between the contenders, by each compared metric."""

from dataclasses import dataclass

import pandas as pd

from ..tables import MetricFacts, Results
from .statistics import SIGNIFICANT, Ranks, compare, per_photo, rank
from .summary import Summary


@dataclass(frozen=True)
class Significance:
    """The differences between the contenders by one metric."""

    metric: MetricFacts
    best: str  #: Label of the contender with the highest value, or the lowest if lower is better
    tied: tuple[str, ...]  #: Labels of contenders that do not differ significantly from it
    differences: pd.DataFrame  #: Every other contender compared with the best one, from `against`
    comparisons: pd.DataFrame  #: All pairs of contenders, from `statistics.compare`
    ranks: Ranks | None  #: Average ranks, or ``None`` if they are meaningless


def compare_contenders(results: Results, summary: Summary) -> list[Significance]:
    """Test the contenders' differences by each compared metric, the leading one first.

    Empty with fewer than two contenders or two photos. Metrics without values per photo, or with fewer
    than two contenders, are left out.
    """
    if len(summary.contenders()) < 2 or summary.photos < 2:
        return []
    return [
        _by(metric, results, summary)
        for metric in summary.compared
        if per_photo(results, metric) is not None and len(summary.badness(metric)) > 1
    ]


def against(comparisons: pd.DataFrame, best: str) -> pd.DataFrame:
    """Return the comparisons of every other method with ``best``; positive differences favour the other."""
    flat = comparisons.reset_index()
    as_a, as_b = flat[flat["a"] == best], flat[flat["b"] == best]
    flipped = as_a.assign(
        difference=-as_a["difference"],
        low=-as_a["high"],
        high=-as_a["low"],
        effect=-as_a["effect"],
        positive=1 - as_a["positive"],
    )
    parts = [flipped.set_index("b").drop(columns="a"), as_b.set_index("a").drop(columns="b")]
    return pd.concat(parts).rename_axis("method")


def _by(metric: MetricFacts, results: Results, summary: Summary) -> Significance:
    comparisons = compare(results, summary, metric)
    best = str(summary.badness(metric).idxmin())
    differences = against(comparisons, best)
    unsure = differences.index[differences["p_adjusted"] >= SIGNIFICANT]
    tied = tuple(str(label) for label in summary.contenders() if label in unsure)
    return Significance(metric, best, tied, differences, comparisons, rank(results, summary, metric))
