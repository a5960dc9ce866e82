"""The metrics of the protocol, each registered with its direction, unit and source."""

from . import definitions as definitions
from .base import Aggregate, Metric, get_metric, metric_names, register_metric, resolve
from .scorer import Scorer, ab_prior

__all__ = [
    "Aggregate",
    "Metric",
    "Scorer",
    "ab_prior",
    "get_metric",
    "metric_names",
    "register_metric",
    "resolve",
]
