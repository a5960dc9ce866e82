"""Standard errors, intervals and tests of means and of ratios of sums over photos.

A mean over photos has Student's t interval. Where several seeds were run, the variance between them counts
as well: a random-effects model of photo and seed, with Satterthwaite's degrees of freedom. A ratio of sums
over photos, as pooled metrics are, has the wider of Student's interval and of the bootstrap-t's. An interval
that would leave a metric's range is made on the scale of a logit or a logarithm; see `within`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, stdtr, stdtrit  # scipy.stats calls these, and takes a second to load

LEVEL = 0.95  #: Confidence level of every interval

SIGNIFICANT = 0.05  #: An adjusted p value below this is a significant difference

POWER = 0.8  #: Power of the smallest difference that photos could have shown

ROUGH = 30  #: With fewer photos, or a weight of fewer, intervals are rough

RESAMPLES = 4999  #: Number of resamples of every bootstrap, drawn with seed 0

BLOCK = 2**22  #: Counts of photos in memory at a time, which bounds the memory for many photos

CONSTANT = 1e-9  #: Values whose spread is below this share of their size differ only by rounding

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Means over photos, one per column, and how sure they are; NaN for fewer than two photos."""

    mean: Floats
    error: Floats  #: Standard error
    freedom: Floats  #: Degrees of freedom of the error
    photos: NDArray[np.intp]  #: Number of photos

    def interval(self) -> tuple[Floats, Floats]:
        """Return the lower and upper ends of Student's intervals."""
        reach = stdtrit(self.freedom, (1 + LEVEL) / 2) * self.error
        return self.mean - reach, self.mean + reach

    def p(self) -> Floats:
        """Return the p values of two-sided tests that the means are zero.

        Equal values have no spread for a t test: their p is the sign test's, 2^(1 − photos), or 1 if all
        are zero.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            p = 2 * stdtr(self.freedom, -np.abs(self.mean) / self.error)
        signs = np.where(self.mean == 0, 1.0, 2.0 ** (1 - self.photos))
        return np.where(self._equal, signs, p)

    def smallest(self, comparisons: int) -> Floats:
        """Return the differences from zero that would have been found with a power of `POWER`.

        Each is one of this many comparisons, tested at 5% together (Bonferroni, the strictest step of Holm).
        It is unknown, NaN, where all values are the same and not zero.
        """
        quantiles = [1 - SIGNIFICANT / 2 / comparisons, POWER]
        found: Floats = sum(stdtrit(self.freedom, each) for each in quantiles) * self.error
        return np.where(self._equal & (self.mean != 0), np.nan, found)

    @property
    def _equal(self) -> NDArray[np.bool_]:
        """Whether all values of a column are the same, but for rounding."""
        return self.error * np.sqrt(self.photos) <= CONSTANT * np.abs(self.mean)


def estimates(values: Floats, seeds: pd.DataFrame | None = None) -> Estimates:
    """Return the means of columns, and their errors.

    Parameters
    ----------
    values
        float64 (photos, columns), NaN where missing. A column with an infinite value has no error.
    seeds
        One row per column: what other seeds add, from `between_seeds`; by default nothing.
    """
    known = np.isfinite(values) & ~np.isinf(values).any(axis=0)
    photos = known.sum(axis=0)
    enough = np.where(photos > 1, photos, np.nan)
    mean = np.where(np.isinf(values).any(axis=0), np.nan, np.where(known, values, 0).sum(axis=0))
    mean = mean / np.where(photos > 0, photos, np.nan)
    squares = np.square(np.where(known, values - mean, 0)).sum(axis=0)
    variance = squares / (enough - 1) / enough
    added, doubt = (0.0, 0.0) if seeds is None else (seeds["variance"].to_numpy(), seeds["doubt"].to_numpy())
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = (variance + added) ** 2 / (variance**2 / (enough - 1) + doubt)
    freedom = np.maximum(freedom, 1.0)  # the least that photos or seeds can have
    return Estimates(
        mean, np.sqrt(variance + added), np.where(variance + added > 0, freedom, enough - 1), photos
    )


def between_seeds(values: Floats) -> tuple[float, float]:
    """Return what other seeds would add to the variance of a method's mean, and the doubt about it.

    The values are float64 (photos, seeds). Under the model value = mean + photo + seed + rest, the mean's
    variance is that of its photos' means / photos, plus this, the seeds' own variance / seeds. The doubt is
    the seeds' mean square, squared, by its degrees of freedom (Satterthwaite 1946, doi:10.2307/3002019).
    Both are zero for a single seed.
    """
    values = values[:, np.isfinite(values).any(axis=0)]
    values = values[np.isfinite(values).all(axis=1)]
    photos, seeds = values.shape
    if photos < 2 or seeds < 2:
        return 0.0, 0.0
    means = values.mean(axis=0)
    rest = values - values.mean(axis=1, keepdims=True) - means + values.mean()
    noise = float(np.square(rest).sum()) / ((photos - 1) * (seeds - 1)) / photos
    variance = float(means.var(ddof=1))
    return max(variance - noise, 0.0) / seeds, (variance / seeds) ** 2 / (seeds - 1)


def bootstrap_t(values: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return intervals of ratios Σ wv / Σ w and p values of tests that they are zero, by the bootstrap-t.

    The photos are resampled; every ratio is divided by its own linearized error (Efron and Tibshirani 1993,
    An Introduction to the Bootstrap, 12.5). The bootstrap cannot tell a p value below 1 / `RESAMPLES` from 0.

    Parameters
    ----------
    values
        float64 (photos, ratios), none missing.
    weights
        float64 (photos,), positive.

    Returns
    -------
    tuple of ndarray
        Lower ends, upper ends and p values; NaN if no resample has two different values.
    """
    photos = len(weights)
    share = weights[:, None] / weights.mean()
    ratio = (share * values).mean(axis=0)
    rest = values - ratio
    generator = np.random.default_rng(0)
    sums = [share, share * rest, np.square(share * rest), share**2 * rest, share**2]
    columns = np.concatenate(sums, axis=1)
    block = max(1, BLOCK // photos)
    blocks = [min(block, RESAMPLES - start) for start in range(0, RESAMPLES, block)]
    drawn = [_resamples(photos, count, generator) @ columns for count in blocks]
    places = np.cumsum([each.shape[1] for each in sums])[:-1]
    weight, total, own, mixed, square = np.split(np.concatenate(drawn), places, axis=1)
    mean = weight / photos
    change = total / photos / mean
    squares = own - 2 * change * mixed + change**2 * square
    scale = np.sqrt(photos * (photos - 1))
    errors = np.sqrt(np.maximum(squares, 0)) / scale / mean
    error = np.sqrt(np.square(share * rest).sum(axis=0)) / scale
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.where(errors > CONSTANT * error, change / errors, np.nan)
        observed = ratio / error
    tried = np.isfinite(scores).sum(axis=0)
    if not tried.all():
        return tuple(np.full((3, values.shape[1]), np.nan))  # type: ignore[return-value]
    ends = np.nanquantile(scores, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    tails = np.minimum((scores >= observed).sum(axis=0), (scores <= observed).sum(axis=0))
    return ratio - ends[1] * error, ratio - ends[0] * error, np.minimum(2 * tails / tried, 1.0)


def within(
    low: Floats, high: Floats, mean: Floats, bounds: tuple[float | None, float | None]
) -> tuple[Floats, Floats]:
    """Return intervals of a bounded quantity that stay within its bounds.

    An interval with an end beyond a bound, as a few photos can give, is computed again on a scale without
    bounds: the logit of a quantity with two, the logarithm of the distance from a single one. The distances
    of its ends from the mean are multiplied by the scale's slope there (the delta method), added to the
    transformed mean, and the ends transformed back. So the quantiles remain those of Student's t or of the
    bootstrap-t (Efron and Tibshirani 1993, An Introduction to the Bootstrap, 12.6: a bootstrap-t interval may
    leave the range, and is made on a transformed scale). Cut ends would claim that the bound itself is
    likely. Intervals inside the bounds stay as they are.

    Parameters
    ----------
    low, high
        The ends, float64 of one shape; NaN stay.
    mean
        The estimates, of the same shape.
    bounds
        The smallest and the largest possible value; ``None`` for an infinite one.

    Examples
    --------
    >>> mean = np.array([0.9, 0.5])
    >>> low, high = within(mean - 0.15, mean + 0.15, mean, (0, 1))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.63, 0.35], [0.979, 0.65])
    >>> low, high = within(mean - 1, mean + 1, mean, (0, None))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.296, 0.068], [2.734, 3.695])
    """
    smallest, largest = (
        end if end is not None else inf for end, inf in zip(bounds, (-np.inf, np.inf), strict=True)
    )
    below, above = mean - smallest, largest - mean
    inside = (below > 0) & (above > 0)  # at a bound all values are equal, and so are the ends
    beyond = inside & ((low < smallest) | (high > largest))
    with np.errstate(all="ignore"):  # what is not beyond a bound may have no such scale
        slope = 1 / below + 1 / above
        steps = [slope * (end - mean) for end in (low, high)]
        if largest == np.inf:
            ends = [smallest + below * np.exp(step) for step in steps]
        elif smallest == -np.inf:
            ends = [largest - above * np.exp(-step) for step in steps]
        else:
            center = np.log(below / above)
            ends = [smallest + (largest - smallest) * expit(center + step) for step in steps]
    return np.where(beyond, ends[0], low), np.where(beyond, ends[1], high)


def _resamples(photos: int, count: int, generator: np.random.Generator) -> Floats:
    """Return how often each photo is in each resample, float64 (count, photos).

    For many photos, counting drawn ones takes a seventh of the time of drawing multinomial counts.
    """
    made = np.empty((count, photos))
    for row in made:
        row[:] = np.bincount(generator.integers(photos, size=photos), minlength=photos)
    return made


def holm(p: Floats) -> Floats:
    """Return p values adjusted so that no true one of them is called significant (Holm 1979); NaN stay.

    >>> holm(np.array([0.01, 0.04, np.nan, 0.03])).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p)[: np.isfinite(p).sum()]
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted


def benjamini_yekutieli(p: Floats) -> Floats:
    """Return p values adjusted for the false discovery rate, under any dependence; NaN stay.

    It is the procedure of Benjamini and Yekutieli 2001 (doi:10.1214/aos/1013699998), theorem 1.3.

    >>> benjamini_yekutieli(np.array([0.01, 0.04, np.nan, 0.03])).round(3).tolist()
    [0.055, 0.073, nan, 0.073]
    """
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p)[: np.isfinite(p).sum()]
    places = np.arange(1, len(order) + 1)
    scaled = p[order] * (len(order) / places) * (1 / places).sum()
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return adjusted
