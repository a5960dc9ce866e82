"""Scores a clip frame by frame; memory does not grow with its length, but for a few kilobytes per frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from .base import Metric
from .registry import get_metric, resolve
from .step import OF_FRAME, FrameStep


class ClipScorer:
    """Computes the metrics of one clip after another.

    Parameters
    ----------
    names
        Metrics; those that are not of clips, or cannot be computed here, are left out.

    Examples
    --------
    >>> scorer = ClipScorer(["cdc"])
    >>> for level in range(5):
    ...     scorer.add(FrameStep(*np.full((2, 4, 4, 3), level, np.uint8)))
    >>> round(scorer.end()["cdc"], 6)  # no two frames share a level
    0.693147
    """

    def __init__(self, names: Iterable[str]) -> None:
        known = [get_metric(name) for name in resolve(names)]
        self.metrics = [metric for metric in known if metric.of_clips and not metric.missing()]
        # Metrics that share a column define it alike, so one of them computes it.
        self._columns = {column: metric for metric in self.metrics for column in metric.takes}
        self._features: dict[str, list[Any]] = {column: [] for column in self._columns}

    @property
    def needs_motion(self) -> bool:
        """Whether a metric compares a frame with the one before along the motion."""
        return any(_needs_motion(metric, column) for column, metric in self._columns.items())

    def add(self, step: FrameStep) -> None:
        """Take the clip's next frame; one without motion counts only by itself."""
        for column, metric in self._columns.items():
            if step.motion is not None or not _needs_motion(metric, column):
                values = (getattr(step, attribute) for attribute in metric.takes[column])
                self._features[column].append(metric.function(*values))

    def end(self) -> dict[str, float]:
        """Return the clip's value by column, and begin the next clip; a value may be NaN, for unknown."""
        found = {
            column: self._value(metric, self._features[column]) for column, metric in self._columns.items()
        }
        self._features = {column: [] for column in self._columns}
        return found

    @staticmethod
    def _value(metric: Metric, features: list[Any]) -> float:
        assert metric.combine is not None  # noqa: S101  # a metric of clips has it
        stacked: npt.NDArray[Any] = np.asarray(features, np.float64)
        return float(metric.combine(stacked)) if features else float("nan")


def _needs_motion(metric: Metric, column: str) -> bool:
    return not set(metric.takes[column]) <= set(OF_FRAME)
