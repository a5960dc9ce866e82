"""Scores photos with several metrics at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import UserError
from ...datasets.color.bins import gamut_bins
from .base import Metric
from .pair import PhotoPair
from .registry import get_metric, metric_names, resolve


@dataclass(frozen=True)
class PhotoScores:
    """The results for one photo."""

    #: Column → value, and column → curve, float32 (151,). PSNR of identical photos is 58.92 dB.
    columns: dict[str, Any]
    #: Set-level metric → the photo's features, for `Scorer.score_set`.
    features: dict[str, npt.NDArray[np.float32]]


class Scorer:
    """Computes metrics of photos and of sets of photos; shared values are computed once per photo.

    Parameters
    ----------
    names
        The metrics to compute.
    prior
        The training split's share of pixels in each ab bin, from `ab_prior`; `auc_rebalanced` needs it.
    device
        Where networks run: ``cpu`` or ``cuda``.

    Attributes
    ----------
    unavailable : dict of str to str
        Metric → reason, for metrics left out because their libraries or weights are missing here.

    Raises
    ------
    UserError
        If a name is unknown.
    ValueError
        If the prior is not a share for each bin.

    Examples
    --------
    >>> scorer = Scorer(["psnr", "delta_colorfulness"])
    >>> truth = np.zeros((16, 16, 3), np.uint8)
    >>> scorer.score(truth, truth + np.uint8(255)).columns
    {'psnr': 0.0, 'colorfulness': 0.0, 'colorfulness_truth': 0.0}
    """

    def __init__(
        self,
        names: Iterable[str],
        prior: npt.NDArray[np.float64] | None = None,
        *,
        device: str = "cpu",
    ) -> None:
        metrics = [get_metric(name) for name in resolve(names)]
        reasons = {metric.name: metric.missing() for metric in metrics}
        self.unavailable = {name: reason for name, reason in reasons.items() if reason}
        self._metrics = [metric for metric in metrics if not reasons[metric.name] and not metric.of_clips]
        # Metrics that share a column define it alike, so one of them computes it.
        self._columns = {column: metric for metric in self._metrics for column in metric.measured}
        self._prior = prior
        self._device = device
        if prior is not None and any(metric.needs_prior for metric in self._metrics):
            _check_prior(prior)

    def score(self, truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8]) -> PhotoScores:
        """Return the columns and features of one photo for all available metrics.

        Parameters
        ----------
        truth, predicted : ndarray of uint8, shape (H, W, 3)
            The photos as saved.

        Raises
        ------
        TypeError, ValueError
            If the photos are not uint8 RGB of one shape, too small for a metric such as `ssim`, or a prior is
            needed and missing.
        """
        pair = PhotoPair(truth, predicted, self._prior, self._device)
        for metric in self._metrics:
            metric.check(pair)
        columns: dict[str, Any] = {}
        for column, metric in self._columns.items():
            columns |= metric.measure(column, pair)
        features = {metric.name: metric.features(pair) for metric in self._metrics if metric.of_set}
        return PhotoScores(columns, features)

    def score_set(self, features: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, float]:
        """Return the metrics of a whole set, given its photos' features stacked along a new first axis.

        Metrics without features, because no photo was scored, are left out.
        """
        return {
            metric.name: metric.combine(features[metric.name])
            for metric in self._metrics
            if metric.of_set and metric.combine and metric.name in features
        }

    def warm_up(self) -> None:
        """Compile or load every kernel and network, so that no photo's time includes it."""
        side = max(64, *(metric.least_side for metric in self._metrics), 0)
        truth, predicted = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
        self.score(truth, predicted)


def score(
    truth: npt.NDArray[np.uint8], predicted: npt.NDArray[np.uint8], metrics: Iterable[str] | None = None
) -> dict[str, float]:
    """Score one predicted photo.

    Parameters
    ----------
    truth, predicted : ndarray of uint8, shape (H, W, 3)
        RGB photos of the same size.
    metrics
        Names; by default all metrics of a default run and of plugins that have a value for a single photo,
        need no prior of colours, and have their libraries and weights on this machine.

    Returns
    -------
    dict of str to float
        Metric → value, as in a table of this one photo. For a metric that is best near the truth's own value,
        such as ``colorfulness``, that value follows as ``colorfulness_truth``.

    Raises
    ------
    UserError
        If a metric is unknown, or cannot be computed for a single photo or on this machine.
    TypeError, ValueError
        If the photos are not uint8 RGB of one shape, or too small for a metric such as `ssim`.

    Examples
    --------
    >>> truth = np.zeros((16, 16, 3), np.uint8)
    >>> score(truth, truth + np.uint8(51), metrics=["psnr", "colorfulness", "delta_colorfulness"])
    {'psnr': 13.979400086720377, 'colorfulness': 0.0, 'colorfulness_truth': 0.0, 'delta_colorfulness': 0.0}
    """
    if metrics is None:
        usual = [metric for metric in map(get_metric, metric_names()) if metric.by_default]
        chosen = [metric for metric in usual if not _hindrance(metric)]
    else:
        chosen = [get_metric(name) for name in resolve(metrics)]
        for metric in chosen:
            if reason := _hindrance(metric):
                raise UserError(f"metric '{metric.name}' cannot score a single photo here: {reason}")
    columns = Scorer(metric.name for metric in chosen).score(truth, predicted).columns
    result: dict[str, float] = {}
    for metric in chosen:
        first, *others = (columns[column] for column in metric.columns)
        truths_own = others if metric.aggregate != "pooled" else []
        is_gap = metric.aggregate in ("mean_gap", "mean_absolute_difference")
        result[metric.name] = abs(first - truths_own[0]) if is_gap else first
        if truths_own and not is_gap:
            result[metric.columns[1]] = truths_own[0]
    return result


def ab_prior(photos: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float64]:
    """Return the share of the photos' pixels in each of `gamut_bins`: the prior of `auc_rebalanced`.

    It takes photos of the training split, uint8 (H, W, 3), at the size of the protocol, and reads one at a
    time. The shares are float64 (261,) and sum to 1; without a photo they are all zeros.

    >>> float(ab_prior([np.zeros((4, 4, 3), np.uint8)]).max())
    1.0
    """
    return gamut_bins().prior(photos)


def _hindrance(metric: Metric) -> str:
    """Return why the metric cannot score a single photo by itself, or ``""``."""
    if metric.of_clips:
        return "it has one value for a clip; use ClipScorer"
    if metric.combine:
        return "it has one value for a whole set; use Scorer"
    if metric.needs_prior:
        return "it needs the training split's prior; use Scorer(..., prior=ab_prior(photos))"
    return metric.missing()


def _check_prior(prior: npt.NDArray[np.float64]) -> None:
    bins = len(gamut_bins())
    if prior.shape != (bins,):
        raise ValueError(f"the prior must hold a share for each of {bins} bins, not shape {prior.shape}")
    if not (prior.min() >= 0 and 0 < prior.max() < np.inf):
        raise ValueError(
            "the prior must hold shares of pixels, as ab_prior returns them for one photo or more"
        )
