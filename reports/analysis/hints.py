"""Methods with colour hints: how much better they become with more of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..tables import MetricFacts, Results
from .inference import estimates, within
from .statistics import intervals, per_photo
from .summary import HELPED, summarize

CURVES = ("psnr", "psnr_capped", "auc")
"""The metrics that are shown by number of hints; the first one measured leads."""


def is_hinted(cells: pd.DataFrame) -> pd.Series[bool]:
    """Return for every row of `Results.cells` whether its method was given hints; old tables know none."""
    if "hints" not in cells:
        return pd.Series(data=False, index=cells.index)
    return cells["hints"].fillna(0).astype(int) > 0


def base_label(label: str, hints: int) -> str:
    """Return the label of a method without the number of its hints.

    >>> base_label("levin@20", 20)
    'levin'
    """
    return label.removesuffix(f"@{hints}")


@dataclass(frozen=True)
class HintCurves:
    """The scores of methods by number of hints, and the area under them.

    The methods that were given hints come first, the best one first; then the automatic ones, whose score is
    the same for any number of hints.
    """

    counts: tuple[int, ...]  #: The numbers of hints, ascending, from 0
    hinted: tuple[str, ...]  #: The methods that were given hints
    automatic: tuple[str, ...]  #: All others that see lightness alone
    metrics: tuple[MetricFacts, ...]  #: The leading metric first
    means: dict[str, pd.DataFrame]  #: Metric → means over photos: counts (rows), methods (columns)
    low: dict[str, pd.DataFrame]  #: The same: lower ends of the 95% intervals
    high: dict[str, pd.DataFrame]  #: The same: upper ends
    #: One row per method: ``area`` under the leading metric over log(1 + hints), divided by the length of
    #: that axis, so in the metric's unit; its interval ``low``, ``high``; the ``difference`` to the best
    #: method with hints, photo by photo, with ``difference_low`` and ``difference_high``.
    areas: pd.DataFrame

    @property
    def lead(self) -> MetricFacts:
        """The metric of the areas."""
        return self.metrics[0]

    @property
    def falls(self) -> list[tuple[str, int, int, float]]:
        """Where a mean of the leading metric falls: method, fewer hints, more hints, and by how much."""
        means = self.means[self.lead.name]
        found = []
        for method in self.hinted:
            steps = means[method].diff().to_numpy(float)
            found += [
                (method, self.counts[place - 1], self.counts[place], -float(steps[place]))
                for place in np.flatnonzero(steps < 0)
            ]
        return found


def hint_curves(results: Results, *, near_grey: bool = True) -> HintCurves | None:
    """Return the curves of a run, or ``None`` if no method was given hints, or none of `CURVES` is measured.

    Parameters
    ----------
    results
        The run.
    near_grey
        Whether photos known to be near-grey count.
    """
    given = results.cells[is_hinted(results.cells)]
    if given.empty:
        return None
    summary = summarize(results, near_grey=near_grey)
    metrics = tuple(each for name in CURVES for each in summary.metrics if each.name == name)
    values = per_photo(summary.images, metrics[0]) if metrics else None
    if values is None:
        return None
    counts = tuple(sorted({0, *given["hints"].astype(int)}))
    pairs = zip(given["method"], given["hints"], strict=True)
    bases = list(dict.fromkeys(base_label(str(label), int(hints)) for label, hints in pairs))
    others = [
        label
        for label, group in summary.groups.items()
        if group not in ("oracle", *HELPED) and label not in bases
    ]
    labels = {base: [base if count == 0 else f"{base}@{count}" for count in counts] for base in bases}
    labels |= {label: [label] * len(counts) for label in others}
    per_method = {
        method: values.reindex(columns=own).to_numpy(float) @ _weights(counts)
        for method, own in labels.items()
    }
    areas = _areas(pd.DataFrame(per_method, index=values.index), bases, metrics[0])
    ordered = list(areas.index)
    ends = intervals(summary)
    tables = {"means": summary.scores, "low": ends.low, "high": ends.high}
    curves = {
        kind: {metric.name: _curves(table[metric.name], labels, ordered, counts) for metric in metrics}
        for kind, table in tables.items()
    }
    hinted = tuple(method for method in ordered if method in bases)
    return HintCurves(
        counts, hinted, tuple(m for m in ordered if m not in bases), metrics, areas=areas, **curves
    )


def _weights(counts: tuple[int, ...]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the trapezoidal rule's weights over log(1 + hints), which sum to 1."""
    steps = np.diff(np.log1p(counts))
    weights = np.concatenate([steps, [0.0]]) + np.concatenate([[0.0], steps])
    total: np.ndarray[tuple[int], np.dtype[np.float64]] = weights / weights.sum()
    return total


def _areas(per_photo: pd.DataFrame, bases: list[str], metric: MetricFacts) -> pd.DataFrame:
    """Return `HintCurves.areas` from the area of every photo (row) and method (column), the best first."""
    means = per_photo.mean(skipna=False)
    best_first = means.sort_values(ascending=False, kind="stable", na_position="last").index
    ordered = [*(m for m in best_first if m in bases), *(m for m in best_first if m not in bases)]
    own, gaps = per_photo[ordered], per_photo[ordered].sub(per_photo[ordered[0]], axis="index")
    found, paired = estimates(own.to_numpy(float)), estimates(gaps.to_numpy(float))
    low, high = within(*found.interval(), found.mean, metric.bounds)
    gap_low, gap_high = paired.interval()
    return pd.DataFrame(
        {
            "area": found.mean,
            "low": low,
            "high": high,
            "difference": paired.mean,
            "difference_low": gap_low,
            "difference_high": gap_high,
        },
        index=pd.Index(ordered, name="method"),
    )


def _curves(
    values: pd.Series[float], labels: dict[str, list[str]], ordered: list[str], counts: tuple[int, ...]
) -> pd.DataFrame:
    columns = {method: values.reindex(labels[method]).to_numpy(float) for method in ordered}
    return pd.DataFrame(columns, index=pd.Index(counts, name="hints"))
