"""Scoring photos by several metrics at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ...datasets.color.bins import gamut_bins
from .base import get_metric, resolve
from .pair import Pair


class Scorer:
    """Computes metrics of photos and of sets of photos; what metrics have in common is computed once a photo.

    Parameters
    ----------
    names
        Of the metrics.
    prior
        The training split's share of pixels in each ab bin, from `ab_prior`; `auc_rebalanced` needs it.
    device
        Where networks run: ``cpu`` or ``cuda``.

    Attributes
    ----------
    unavailable : dict of str to str
        Metric → reason, of those whose libraries or weights are not on this machine. They are left out.

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
    >>> scorer.score(truth, truth + np.uint8(255))
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
        self._metrics = [metric for metric in metrics if not reasons[metric.name]]
        self._prior = prior
        self._device = device
        if prior is not None:
            _check_prior(prior)

    def score(self, truth: npt.NDArray[np.uint8], prediction: npt.NDArray[np.uint8]) -> dict[str, Any]:
        """Return the columns of one photo for all available photo-level metrics.

        Parameters
        ----------
        truth, prediction : ndarray of uint8, shape (H, W, 3)
            As saved.

        Returns
        -------
        dict of str to float, or of str to ndarray
            Column → value, for `Metric.aggregate`, and column → curve, float32 (151,), of `Metric.curve`.
            PSNR of identical photos is 58.92 dB.

        Raises
        ------
        TypeError, ValueError
            If the photos are no pair, too small for `ssim` or `lpips`, or a prior is needed and missing.
        """
        pair = self._pair(truth, prediction)
        columns: dict[str, Callable[[Pair], Any]] = {}
        for metric in self._metrics:
            columns |= {**metric.compute, **metric.curve}
        return {column: compute(pair) for column, compute in columns.items()}

    def features(
        self, truth: npt.NDArray[np.uint8], prediction: npt.NDArray[np.uint8]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return what set-level metrics keep of one photo: metric → array; empty without such metrics."""
        pair = self._pair(truth, prediction)
        return {metric.name: metric.features(pair) for metric in self._metrics if metric.features}

    def score_set(self, features: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, float]:
        """Return the set-level metrics of photos whose `features` are stacked along a new first axis.

        A metric without features, because no photo was scored, is left out.
        """
        return {
            metric.name: metric.combine(features[metric.name])
            for metric in self._metrics
            if metric.combine and metric.name in features
        }

    def warm_up(self) -> None:
        """Compile or load every kernel and network, so that no photo pays for it."""
        truth, prediction = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
        self.score(truth, prediction)
        self.features(truth, prediction)

    def _pair(self, truth: npt.NDArray[np.uint8], prediction: npt.NDArray[np.uint8]) -> Pair:
        return Pair(truth, prediction, self._prior, self._device)


def ab_prior(photos: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float64]:
    """Return the share of the photos' pixels in each of `gamut_bins`: the prior of `auc_rebalanced`.

    Parameters
    ----------
    photos : iterable of ndarray of uint8, shape (H, W, 3)
        Of the training split, at the size of the protocol; read one at a time.

    Returns
    -------
    ndarray of float64, shape (261,)
        Sums to 1; all zeros if there is no photo.

    Examples
    --------
    >>> float(ab_prior([np.zeros((4, 4, 3), np.uint8)]).max())
    1.0
    """
    return gamut_bins().prior(photos)


def _check_prior(prior: npt.NDArray[np.float64]) -> None:
    bins = len(gamut_bins())
    if prior.shape != (bins,):
        raise ValueError(f"the prior must hold a share for each of {bins} bins, not shape {prior.shape}")
    if not (prior.min() >= 0 and 0 < prior.max() < np.inf):
        raise ValueError("the prior must hold shares of pixels, as ab_prior returns them; is it of no photo?")
