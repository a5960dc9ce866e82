"""Tests of the differences between the contenders, by each compared metric."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..tables import MetricFacts
from .inference import SIGNIFICANT, Estimates, holm
from .statistics import OF_PHOTOS, Ranks, compare, rank
from .summary import Summary


@dataclass(frozen=True)
class Significance:
    """The differences between the contenders by one metric."""

    metric: MetricFacts
    best: str  #: Label of the contender with the highest value, or the lowest if lower is better
    tied: tuple[str, ...]  #: Labels of contenders that do not differ significantly from it
    #: The contenders in groups, the best group first. The first of a group is the best of those left; the
    #: others do not differ significantly from it.
    groups: tuple[tuple[str, ...], ...]
    differences: pd.DataFrame  #: Every other contender compared with the best one, from `against`
    comparisons: pd.DataFrame  #: All pairs of contenders, from `statistics.compare`
    ranks: Ranks | None  #: Average ranks, or ``None`` if they are meaningless


def compare_contenders(summary: Summary) -> list[Significance]:
    """Test the contenders' differences by each compared metric, the leading one first.

    Empty with fewer than two contenders or two photos. Metrics without values per photo, or with fewer
    than two contenders, are left out.
    """
    if len(summary.contenders()) < 2 or summary.photos < 2:
        return []
    return [
        _by(metric, summary)
        for metric in summary.compared
        if metric.aggregate in OF_PHOTOS and len(summary.badness(metric)) > 1
    ]


def against(comparisons: pd.DataFrame, best: str, others: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Return the comparisons of every other method with ``best``; positive differences favour the other.

    ``p_adjusted`` is adjusted for these comparisons (Holm 1979), of the methods in ``others`` if given.
    ``smallest`` is the smallest difference that these photos would have shown with a power of 80%.
    """
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
    found = pd.concat(parts).rename_axis("method")
    if others is not None:
        found = found[found.index.isin(others)]
    mean, error, freedom, photos = (
        found[name].to_numpy() for name in ("difference", "error", "freedom", "photos")
    )
    smallest = Estimates(mean, error, freedom, photos).smallest(max(len(found), 1))
    return found.assign(p_adjusted=holm(found["p"].to_numpy(float)), smallest=smallest)


def _by(metric: MetricFacts, summary: Summary) -> Significance:
    comparisons = compare(summary, metric)
    order = [str(label) for label in summary.badness(metric).sort_values(kind="stable").index]
    differences, groups = against(comparisons, order[0]), []
    while order:
        best, rest = order[0], tuple(order[1:])
        unsure = _unsure(against(comparisons, best, rest))
        groups.append((best, *(label for label in rest if label in unsure)))
        order = [label for label in rest if label not in unsure]
    tied = tuple(str(label) for label in summary.contenders() if label in groups[0][1:])
    ranks = rank(summary, metric)
    return Significance(metric, groups[0][0], tied, tuple(groups), differences, comparisons, ranks)


def _unsure(differences: pd.DataFrame) -> set[str]:
    told_apart = differences["p_adjusted"].to_numpy(float) < SIGNIFICANT
    return {str(label) for label in differences.index[np.logical_not(told_apart)]}
