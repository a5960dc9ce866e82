"""Bootstrap intervals, paired comparisons and average ranks, by SciPy.

The unit is always the photo: the bootstrap resamples photos, and methods are paired and ranked by photo.
Several seeds of a method are first averaged photo by photo, so an interval shows what other photos would
have changed; `Summary.spread` shows what other seeds would have changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import scipy  # its parts load on first use; stats takes a second, and most runs do not need it
from numpy.typing import NDArray

from ..tables import MetricFacts, Results
from .summary import Summary

LEVEL = 0.95  #: Confidence level of every interval

SIGNIFICANT = 0.05  #: An adjusted p-value below this is a significant difference

RESAMPLES = 4999  #: Number of resamples of every bootstrap, drawn with seed 0

BATCH = 500

OF_PHOTOS = ("mean", "mean_absolute_difference", "pooled")  #: Aggregates of values per photo

CONSTANT = 1e-9  #: Differences whose spread is below this share of their size differ only by rounding

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Intervals:
    """Lower and upper ends: one row per method, one column per metric; missing if there is none."""

    low: pd.DataFrame
    high: pd.DataFrame


@dataclass(frozen=True)
class Ranks:
    """Average ranks of methods over photos."""

    average: pd.Series[float]  #: Method → average rank, 1 the best; ties share the mean of their ranks
    photos: int  #: Number of photos
    p: float  #: p-value of Friedman's test that all methods are equal
    #: Two average ranks closer than this do not differ significantly at 5% (Nemenyi).
    critical_difference: float


def per_photo(results: Results, metric: MetricFacts) -> pd.DataFrame | None:
    """Return a metric's value for every photo (row) and method (column), NaN where not scored.

    Returns ``None`` for a metric without values per photo.
    """
    if metric.aggregate not in OF_PHOTOS:
        return None
    images = results.images[results.images["status"] == "ok"]
    return _by_photo(images, _values(images, metric))


def contributions(images: pd.DataFrame, metric: MetricFacts) -> pd.DataFrame | None:
    """Return values whose mean is the metric's: photos (rows), methods (columns), NaN where not scored.

    For a mean over photos these are the photos' values. The gap between two means is the mean of the photos'
    differences, with the sign that makes it positive. A pooled value R = Σ wv / Σ w is the mean of the
    linearized R + w(v − R) / mean w (Cochran 1977, Sampling Techniques, 6.3); their variance is the one that
    a bootstrap of the ratio over photos has. Returns ``None`` for a metric that is stored for the whole set.
    """
    if metric.aggregate == "stored":
        return None
    images = images[images["status"] == "ok"]
    values = _values(images, metric)
    if metric.aggregate == "mean_gap":
        values = values.where(values.groupby(images["cell"]).transform("mean") >= 0, -values)
    elif metric.aggregate == "pooled":
        weight = images[metric.columns[1]].astype("float64").where(values.notna())
        weight = weight / weight.groupby(images["cell"]).transform("mean")
        pooled = (weight * values).groupby(images["cell"]).transform("mean")
        values = pooled + weight * (values - pooled)
    return _by_photo(images, values)


def _values(images: pd.DataFrame, metric: MetricFacts) -> pd.Series[float]:
    """Return every row's value: one column, or the difference of two."""
    columns = images.reindex(columns=list(metric.columns)).astype("float64")
    values = columns[metric.columns[0]]
    if metric.aggregate in ("mean_gap", "mean_absolute_difference"):
        values = values - columns[metric.columns[1]]
    return values.abs() if metric.aggregate == "mean_absolute_difference" else values


def _by_photo(images: pd.DataFrame, values: pd.Series[float]) -> pd.DataFrame:
    means = values.groupby([images["photo"], images["method"]]).mean()
    return means.unstack("method")  # noqa: PD010  # a Series has no pivot_table


def intervals(summary: Summary) -> Intervals:
    """Return percentile bootstrap intervals, over photos, of every mean in a summary.

    Methods that scored the same photos share the same draws. If the interval of a gap's signed mean contains
    zero, the gap's interval starts at zero.
    """
    labels = [str(label) for label in summary.rows.index]
    tables = {metric.name: contributions(summary.images, metric) for metric in summary.metrics}
    known = {name: table.reindex(columns=labels) for name, table in tables.items() if table is not None}
    values = np.concatenate([table.to_numpy(float) for table in known.values()], axis=1)
    ends = bootstrap(values)
    low, high = (pd.DataFrame(end.reshape(len(known), len(labels)).T, labels, list(known)) for end in ends)
    for metric in summary.metrics:
        if metric.aggregate == "mean_gap":
            under, over = low[metric.name], high[metric.name]
            high[metric.name] = np.maximum(-under, over)
            low[metric.name] = np.maximum(under, 0.0)
    return Intervals(low, high)


def bootstrap(values: Floats) -> tuple[Floats, Floats]:
    """Return lower and upper ends of percentile bootstrap intervals of column means.

    The values are float64 (photos, columns), NaN if missing. A column with fewer than two values, or with an
    infinite one, gets NaN.
    """
    low, high = np.full((2, values.shape[1]), np.nan)
    present = ~np.isnan(values) & ~np.isinf(values).any(axis=0)
    patterns, group = np.unique(present, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        if pattern.sum() > 1:
            columns = group == number
            low[columns], high[columns] = _bootstrap(values[np.ix_(pattern, columns)])
    return low, high


def paired(differences: pd.DataFrame) -> pd.DataFrame:
    """Return the size and the significance of paired differences.

    It takes one row per photo and one column per comparison, NaN if a photo lacks one side, and returns
    one row per comparison: ``photos``; mean ``difference`` with its bootstrap interval ``low``, ``high``;
    ``effect``, Cohen's d of paired samples, mean / standard deviation; ``positive``, the share of photos with
    a positive difference, ties counted half; ``p`` of the paired t test; and ``p_adjusted``, which controls
    the false discovery rate over all these comparisons (Benjamini and Yekutieli 2001) under any dependence.

    The t test is about the mean, like the interval. A rank test assumes symmetry about zero, but photos are
    not symmetric: a method may be slightly better on most and far worse on the near-grey ones.
    """
    values = differences.to_numpy(float)
    low, high = bootstrap(values)
    deviation = differences.std().to_numpy(float)
    mean = differences.mean().to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = np.where(deviation > 0, mean / deviation, np.where(mean == 0, 0.0, np.nan))
    p = np.array([_t_test(column[np.isfinite(column)]) for column in values.T])
    known = np.isfinite(p)
    adjusted = np.full(len(p), np.nan)
    if known.any():
        adjusted[known] = scipy.stats.false_discovery_control(p[known], method="by")
    wins = (values > 0).sum(axis=0) + 0.5 * (values == 0).sum(axis=0)
    photos = np.isfinite(values).sum(axis=0)
    return pd.DataFrame(
        {
            "photos": photos,
            "difference": mean,
            "low": low,
            "high": high,
            "effect": effect,
            "positive": wins / np.where(photos > 0, photos, np.nan),
            "p": p,
            "p_adjusted": adjusted,
        },
        index=differences.columns,
    )


def compare(results: Results, summary: Summary, metric: MetricFacts) -> pd.DataFrame:
    """Compare all pairs of contenders photo by photo.

    Returns
    -------
    pandas.DataFrame
        As `paired`, indexed by ``a`` and ``b``; a positive difference means that ``a`` is better. Empty
        for a metric without values per photo or without a direction.
    """
    values = per_photo(results, metric)
    sign = {"higher": 1.0, "lower": -1.0}.get(metric.direction)
    pairs = list(combinations([str(label) for label in summary.contenders()], 2))
    if values is None or sign is None or not pairs:
        return paired(pd.DataFrame(columns=pd.MultiIndex.from_tuples([], names=["a", "b"]), dtype=float))
    differences = pd.DataFrame({(a, b): sign * (values[a] - values[b]) for a, b in pairs})
    differences.columns = differences.columns.set_names(["a", "b"])
    return paired(differences)


def rank(results: Results, summary: Summary, metric: MetricFacts) -> Ranks | None:
    """Rank the contenders on every photo and average the ranks (Demšar 2006).

    Returns ``None`` if ranks are meaningless: fewer than three contenders, fewer than two photos, or a metric
    without a direction.
    """
    values = per_photo(results, metric)
    sign = {"higher": -1.0, "lower": 1.0}.get(metric.direction)
    labels = [str(label) for label in summary.contenders()]
    if values is None or sign is None or len(labels) < 3:
        return None
    table = sign * values[labels].dropna()
    if len(table) < 2:
        return None
    average = (
        pd.DataFrame(scipy.stats.rankdata(table, axis=1), columns=labels).mean().sort_values(kind="stable")
    )
    alike = bool((table.max(axis=1) == table.min(axis=1)).all())
    p = 1.0 if alike else float(scipy.stats.friedmanchisquare(*table.to_numpy(float).T).pvalue)
    count = len(labels)
    quantile = scipy.stats.studentized_range.ppf(LEVEL, count, np.inf) / np.sqrt(2)
    return Ranks(average, len(table), p, float(quantile * np.sqrt(count * (count + 1) / (6 * len(table)))))


def _bootstrap(values: Floats) -> tuple[Floats, Floats]:
    def means(photos: NDArray[np.intp], axis: int = -1) -> Floats:  # noqa: ARG001  # always the last
        draws = photos.reshape(-1, len(values))
        # A draw's mean is the product with its counts of each photo.
        counts = np.stack([np.bincount(draw, minlength=len(values)) for draw in draws])
        drawn = (counts.astype(float) @ values).T / len(values)
        return drawn.reshape(-1, *photos.shape[:-1])

    interval = scipy.stats.bootstrap(
        (np.arange(len(values)),),
        means,
        vectorized=True,
        axis=-1,
        confidence_level=LEVEL,
        n_resamples=RESAMPLES,
        batch=BATCH,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return interval.low, interval.high


def _t_test(differences: Floats) -> float:
    if len(differences) < 2:
        return np.nan
    if np.ptp(differences) <= CONSTANT * np.abs(differences).max():
        return 0.0 if differences.any() else 1.0
    return float(scipy.stats.ttest_1samp(differences, 0.0).pvalue)
