"""The metrics of the protocol, one file each, registered with their direction, unit and source."""

from .base import Metric
from .clip_scorer import ClipScorer
from .pair import PhotoPair
from .registry import default_metrics, get_metric, metric_names, metric_plugin, register_metric, resolve
from .scorer import PhotoScores, Scorer, ab_prior, score
from .step import FrameStep, Motion

__all__ = [
    "ClipScorer",
    "FrameStep",
    "Metric",
    "Motion",
    "PhotoPair",
    "PhotoScores",
    "Scorer",
    "ab_prior",
    "default_metrics",
    "get_metric",
    "metric_names",
    "metric_plugin",
    "register_metric",
    "resolve",
    "score",
]
