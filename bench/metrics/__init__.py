"""The metrics of the protocol, one file each, registered with their direction, unit and source."""

from .base import Metric, default_metrics, get_metric, metric_names, metric_plugin, register_metric, resolve
from .pair import PhotoPair
from .scorer import PhotoScores, Scorer, ab_prior, score

__all__ = [
    "Metric",
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
