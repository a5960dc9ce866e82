"""Intervals, paired comparisons and average ranks of a run's methods.

The unit is the photo: methods are paired and ranked by photo. Several seeds of a method are averaged photo by
photo; what other seeds would have changed adds to every error. With one seed it cannot be known, so the
intervals concern other photos, of this one training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import ceil

import numpy as np
import pandas as pd
import scipy  # its parts load on first use; stats takes a second, and most runs do not need it

from ..tables import MetricFacts
from .inference import LEVEL, Floats, benjamini_yekutieli, between_seeds, bootstrap_t, estimates, within
from .summary import Summary

OF_PHOTOS = ("mean", "mean_absolute_difference", "pooled")  #: Aggregates of values per photo

FEWEST = 5  #: With fewer photos, too many resamples hold hardly any different ones

TOGETHER = 51  #: Differences and ratios computed at a time, which bounds the memory for many methods

SEEDS = ["variance", "doubt"]  #: Columns of `Contributions.seeds`


@dataclass(frozen=True)
class Contributions:
    """What every photo contributes to one metric's values."""

    own: pd.DataFrame  #: The photos' own values: photos (rows), methods (columns); seeds are averaged
    #: The same shape; their means are the metric's values. For a mean over photos they are `own`. The gap
    #: between two means is the mean of the photos' differences, with the sign that makes it positive. A
    #: pooled value R = Σ wv / Σ w is the mean of the linearized R + w(v − R) / mean w (Cochran 1977,
    #: Sampling Techniques, 6.3).
    parts: pd.DataFrame
    weights: pd.Series[float] | None  #: The photos' weights in a pooled metric, the same for every method
    seeds: pd.DataFrame  #: Method → ``variance`` and ``doubt``, from `inference.between_seeds`


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
    p: float  #: p value of Friedman's test that all methods are equal
    #: Two average ranks closer than this do not differ significantly at 5% (Nemenyi).
    critical_difference: float


def per_photo(images: pd.DataFrame, metric: MetricFacts) -> pd.DataFrame | None:
    """Return a metric's value for every photo (row) and method (column), NaN where not scored.

    Returns ``None`` for a metric without values per photo.
    """
    if metric.aggregate not in OF_PHOTOS:
        return None
    images = images[images["status"] == "ok"]
    return _by_photo(images, _values(images, metric))


def contributions(images: pd.DataFrame, metric: MetricFacts) -> Contributions | None:
    """Return what photos contribute to a metric; ``None`` for one that is stored for the whole set."""
    if metric.aggregate == "stored":
        return None
    images = images[images["status"] == "ok"]
    values = parts = _values(images, metric)
    weights = None
    if metric.aggregate == "mean_gap":
        parts = values.where(values.groupby(images["cell"]).transform("mean") >= 0, -values)
    elif metric.aggregate == "pooled":
        weight = (
            images.reindex(columns=[metric.columns[1]]).iloc[:, 0].astype("float64").where(values.notna())
        )
        weights = weight.groupby(images["photo"]).first()
        weight = weight / weight.groupby(images["cell"]).transform("mean")
        pooled = (weight * values).groupby(images["cell"]).transform("mean")
        parts = pooled + weight * (values - pooled)
    own = _by_photo(images, values)
    of_parts = own if parts is values else _by_photo(images, parts)
    return Contributions(own, of_parts, weights, _between_seeds(images, parts))


def intervals(summary: Summary) -> Intervals:
    """Return the 95% intervals of every value in a summary, over photos and, if there are several, seeds.

    If the interval of a gap's signed mean contains zero, the gap's interval starts at zero. An interval that
    would leave a metric's range is made on the scale of a logit or a logarithm; see `inference.within`.
    """
    labels = [str(label) for label in summary.rows.index]
    names = [metric.name for metric in summary.metrics if metric.aggregate != "stored"]
    ends: dict[str, tuple[pd.Series[float], pd.Series[float]]] = {}
    for metric in summary.metrics:
        known = contributions(summary.images, metric)
        if known is None:
            continue
        own = [label for label in labels if label in known.parts]
        found = estimates(known.parts[own].to_numpy(float), known.seeds.loc[own])
        under, over = found.interval()
        if metric.aggregate == "mean_gap":
            under, over = np.maximum(under, 0.0), np.maximum(-under, over)
        if metric.aggregate == "pooled":
            _widen((under, over), known.own[own], known)
        if metric.aggregate in OF_PHOTOS:
            under, over = within(under, over, found.mean, metric.bounds)
        unknown = summary.scores.loc[own, metric.name].isna()  # a photo without a value: no mean, no interval
        ends[metric.name] = (pd.Series(under, own).mask(unknown), pd.Series(over, own).mask(unknown))
    low, high = ({name: pair[place] for name, pair in ends.items()} for place in (0, 1))
    return Intervals(*(pd.DataFrame(each, labels, names, dtype=float) for each in (low, high)))


def paired(
    one: Contributions, other: Contributions, pairs: Mapping[tuple[str, str], tuple[str, str]]
) -> pd.DataFrame:
    """Return the size and the significance of differences, photo by photo.

    Parameters
    ----------
    one, other
        What photos contribute to a metric in two runs, or twice the same.
    pairs
        Key → label of a method in `one`, label of a method in `other`.

    Returns
    -------
    pandas.DataFrame
        One row per key: number of ``photos`` that both scored; ``difference``, one − other, with its 95%
        interval ``low``, ``high``; its standard ``error`` with the degrees of ``freedom``; ``effect``,
        Cohen's d of paired samples, mean / standard deviation over photos; ``positive``, the share of photos
        with a positive difference, ties counted half; and ``p`` of a two-sided test.

    Notes
    -----
    The test is about the mean, like the interval. A rank test assumes symmetry about zero, but photos are
    not symmetric: a method may be slightly better on most and far worse on the near-grey ones.
    """
    keys = list(pairs)
    blocks = [keys[start : start + TOGETHER] for start in range(0, max(1, len(keys)), TOGETHER)]
    return pd.concat([_paired(one, other, {key: pairs[key] for key in block}) for block in blocks])


def _paired(
    one: Contributions, other: Contributions, pairs: Mapping[tuple[str, str], tuple[str, str]]
) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(list(pairs))
    parts, values = (
        pd.DataFrame(
            {key: getattr(one, kind)[a] - getattr(other, kind)[b] for key, (a, b) in pairs.items()},
            dtype=float,
        )
        for kind in ("parts", "own")
    )
    seeds = [one.seeds.loc[a] + other.seeds.loc[b] for a, b in pairs.values()]
    found = estimates(parts.to_numpy(float), pd.DataFrame(seeds, columns=SEEDS))
    low, high = found.interval()
    p = found.p()
    if one.weights is not None:
        _widen((low, high), values, one, p)
    own = values.to_numpy(float)
    deviation = parts.std().to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = np.where(deviation > 0, found.mean / deviation, np.where(found.mean == 0, 0.0, np.nan))
        positive = ((own > 0).sum(axis=0) + 0.5 * (own == 0).sum(axis=0)) / np.where(
            found.photos > 0, found.photos, np.nan
        )
    columns = {
        "photos": found.photos,
        "difference": found.mean,
        "low": low,
        "high": high,
        "error": found.error,
        "freedom": found.freedom,
        "effect": effect,
        "positive": positive,
        "p": p,
    }
    return pd.DataFrame(columns, index=index)


def compare(summary: Summary, metric: MetricFacts) -> pd.DataFrame:
    """Compare all pairs of contenders photo by photo.

    Returns
    -------
    pandas.DataFrame
        As `paired`, indexed by ``a`` and ``b``, with ``p_adjusted``, which controls the false discovery rate
        over all pairs (Benjamini and Yekutieli 2001). A positive difference means that ``a`` is better. Empty
        for a metric without values per photo or without a direction.
    """
    known = contributions(summary.images, metric)
    labels = [str(label) for label in summary.contenders()]
    comparable = metric.aggregate in OF_PHOTOS and metric.direction in ("higher", "lower")
    if known is None or not comparable or len(labels) < 2:
        index = pd.MultiIndex.from_tuples([], names=["a", "b"])
        return pd.DataFrame(columns=["difference", "p", "p_adjusted"], index=index, dtype=float)
    pairs = {(a, b): (a, b) if metric.direction == "higher" else (b, a) for a, b in combinations(labels, 2)}
    found = paired(known, known, pairs).rename_axis(["a", "b"])
    return found.assign(p_adjusted=benjamini_yekutieli(found["p"].to_numpy(float)))


def effective(summary: Summary, metric: MetricFacts) -> tuple[float, float]:
    """Return how many pixels, and how many photos, of equal weight a pooled metric's value rests on.

    The number of n weights w is (Σ w)² / Σ w² (Kish 1965, Survey Sampling).
    """
    scored = summary.images[summary.images["status"] == "ok"]
    _, weight, squares = scored.groupby("photo")[list(metric.columns)].first().to_numpy(float).T
    return float(weight.sum() ** 2 / squares.sum()), float(weight.sum() ** 2 / np.square(weight).sum())


def rank(summary: Summary, metric: MetricFacts) -> Ranks | None:
    """Rank the contenders on every photo and average the ranks (Demšar 2006).

    Returns ``None`` if ranks are meaningless: fewer than three contenders, fewer than two photos, a metric
    without a direction, or a pooled one, to which photos do not contribute alike.
    """
    values = per_photo(summary.images, metric) if metric.aggregate != "pooled" else None
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


def _values(images: pd.DataFrame, metric: MetricFacts) -> pd.Series[float]:
    """Return every row's value: one column, or the difference of two."""
    columns = images.reindex(columns=list(metric.columns)).astype("float64")
    values = columns[metric.columns[0]]
    if metric.aggregate in ("mean_gap", "mean_absolute_difference"):
        values = values - columns[metric.columns[1]]
    return values.abs() if metric.aggregate == "mean_absolute_difference" else values


def _by_photo(images: pd.DataFrame, values: pd.Series[float]) -> pd.DataFrame:
    return _table(images, values, "method")


def _between_seeds(images: pd.DataFrame, parts: pd.Series[float]) -> pd.DataFrame:
    cells = images.groupby("method")["cell"].nunique()
    found = pd.DataFrame(0.0, cells.index, SEEDS)
    for method in cells.index[cells > 1]:
        own = images[images["method"] == method]
        found.loc[method] = between_seeds(_table(own, parts[own.index], "cell").to_numpy(float))
    return found


def _table(images: pd.DataFrame, values: pd.Series[float], column: str) -> pd.DataFrame:
    means = values.groupby([images["photo"], images[column]]).mean()
    return means.unstack(column)  # noqa: PD010  # a Series has no pivot_table


def _widen(
    ends: tuple[Floats, Floats], values: pd.DataFrame, known: Contributions, p: Floats | None = None
) -> None:
    """Widen Student's intervals of ratios to the bootstrap-t's, and raise p values, where these are larger.

    Student's are too narrow where few photos carry most of the weight.
    """
    assert known.weights is not None  # noqa: S101  # it is pooled
    own = values.to_numpy(float)
    weights = known.weights.reindex(values.index).to_numpy(float)
    present = np.isfinite(own)
    patterns, group = np.unique(present, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        if pattern.sum() >= FEWEST:
            members = np.flatnonzero(group == number)
            for columns in np.array_split(members, ceil(len(members) / TOGETHER)):
                low, high, chance = bootstrap_t(own[np.ix_(pattern, columns)], weights[pattern])
                ends[0][columns] = np.fmin(ends[0][columns], low)
                ends[1][columns] = np.fmax(ends[1][columns], high)
                if p is not None:
                    p[columns] = np.fmax(p[columns], chance)
