"""The registry of metrics: plain functions become metrics, which are found by their names."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ... import UserError
from ...plugins import Registry
from .base import Aggregate, Combine, Metric

F = TypeVar("F", bound=Callable[..., Any])

metrics = Registry[Metric]("metric", ("huebench.bench.metrics",), "huebench.metrics")

_families: dict[str, Callable[[float], Metric]] = {}
"""``accuracy`` → the function that makes ``accuracy@ε`` for any ε > 0."""


def register_metric(
    *,
    name: str,
    description: str,
    label: str = "",
    takes: tuple[str, ...] | Mapping[str, tuple[str, ...]] = ("truth", "predicted"),
    aggregate: Aggregate = "mean",
    weight: Callable[..., npt.NDArray[np.float64]] | None = None,
    combine: Combine | None = None,
    parameters: tuple[float, ...] = (),
    **fields: Any,
) -> Callable[[F], F]:
    """Register a plain function as a metric; built-in metrics and plugins need nothing else.

    Without `takes`, the function is given the truth and the prediction, uint8 RGB of one shape (H, W, 3), and
    returns a number. The table holds its mean over photos. The function itself is returned unchanged, so one
    function can define several metrics.

    Parameters
    ----------
    name, description
        As in `Metric`.
    label
        Default: the name.
    takes
        Attributes of `PhotoPair` to call the function with: what several metrics share, such as
        ``squared_ab_distance``, is computed once per photo. A metric with several columns maps each column
        to the attributes for it.
    aggregate
        ``mean``, ``mean_gap`` or ``mean_absolute_difference``, as in `Metric`.
    weight
        Pools the pixels of all photos: the table holds Σ value · weight / Σ weight. `takes` then maps two
        columns: the metric's to what the function takes, and the weights' to what `weight` takes.
    combine
        Makes it a metric of a whole set: the function returns a photo's features, float32, and `combine`
        turns those of all photos, stacked along a new first axis, into the value. With ``of_clips=True`` it
        is a metric of a clip: the function returns the features of a frame.
    parameters
        Makes it a family: ``(5, 10)`` registers ``NAME@5`` and ``NAME@10``; other numbers above 0 are made
        on demand. The function takes the number last; ``{}`` in label and description stands for it.
    fields
        The other fields of `Metric`: `direction` and `source` must be given.

    Raises
    ------
    UserError
        If a field is wrong or the name is taken: the message names the metric, the field and what is allowed.

    Examples
    --------
    >>> @register_metric(
    ...     name="red_error", direction="lower", range=(0, 255), source="this docstring",
    ...     description="Mean absolute difference of the red channels.",
    ... )
    ... def red_error(truth, predicted):
    ...     return float(np.abs(truth[..., 0].astype(float) - predicted[..., 0]).mean())
    >>> get_metric("red_error").direction
    'lower'
    """

    def register(function: F) -> F:
        def make(parameter: float | None) -> Metric:
            own = name if parameter is None else f"{name}@{parameter:g}"
            texts = (label or own, description)
            if parameter is not None:
                texts = (texts[0].format(parameter), description.format(parameter))
            return Metric(
                name=own,
                label=texts[0],
                description=texts[1],
                function=function,
                takes=takes if isinstance(takes, Mapping) else {own: takes},
                aggregate=_aggregate(aggregate, combine, weight, of_clips=bool(fields.get("of_clips"))),
                weight=weight,
                combine=combine,
                parameter=parameter,
                **fields,
            )

        for metric in map(make, parameters or (None,)):
            _add(metric)
        if parameters:
            _families[name] = make
        return function

    return register


def metric_names() -> list[str]:
    """Return the names of all metrics, in the order of tables; a family has its usual parameters."""

    def place(metric: Metric) -> tuple[int, float, str]:
        return metric.order, metric.parameter or 0, metric.name

    return [metric.name for metric in sorted(metrics.items().values(), key=place)]


def default_metrics(*, of_clips: bool = False) -> tuple[str, ...]:
    """Return the names of the built-in metrics that a run computes by default, in the order of tables.

    They are those of photos, or those of clips.
    """
    known = ((name, metrics.get(name)) for name in metric_names())
    usual = [(name, metric) for name, metric in known if metric.built_in and metric.by_default]
    return tuple(name for name, metric in usual if metric.of_clips == of_clips)


def get_metric(name: str) -> Metric:
    """Return a metric by its name; ``accuracy@7.5`` and the like are made on demand.

    Raises `UserError`, with the nearest names, if the name is unknown, or if the parameter is not a number
    above 0.

    >>> get_metric("psnr").unit
    'dB'
    >>> get_metric("psrn")
    Traceback (most recent call last):
    ...
    huebench.UserError: unknown metric 'psrn'; did you mean psnr or psnr_ab?
    """
    known = metrics.items()
    family, at, parameter = name.partition("@")
    if not at or family not in _families or name in known:
        return metrics.get(name)
    try:
        value = float(parameter)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise UserError(f"'{name}': the @ must be followed by a number above 0, as in {family}@5")
    metric = _families[family](value)
    return known.get(metric.name, metric)


def metric_plugin(name: str) -> str:
    """Return the plugin that registered a metric or its family, or ``""`` for a built-in one."""
    family = f"{name.partition('@')[0]}@"
    found = (metrics.source(each) for each in metrics.items() if each == name or each.startswith(family))
    return next(found, "")


def resolve(names: Iterable[str]) -> tuple[str, ...]:
    """Return the registered names (``accuracy@5.0`` becomes ``accuracy@5``), without duplicates.

    Raises `UserError` if one is unknown.

    >>> resolve(["ssim", "accuracy@5.0", "accuracy@5"])
    ('ssim', 'accuracy@5')
    """
    return tuple(dict.fromkeys(get_metric(name).name for name in names))


def _aggregate(
    given: Aggregate, combine: Combine | None, weight: Callable[..., Any] | None, *, of_clips: bool
) -> Aggregate:
    if combine and not of_clips:
        return "stored"
    return "pooled" if weight else given


def _add(metric: Metric) -> None:
    if not metric.built_in:
        # Looking the name up imports the built-in metrics first, so that they keep their names.
        family, at, _ = metric.name.partition("@")
        other = metrics.items().get(metric.name)
        if at and family in _families:
            other = _families[family](1)
        if other:
            module = other.function.__module__
            raise UserError(
                f"metric '{metric.name}': the name is taken by a metric of {module}; choose another"
            )
    metrics.register(metric.name, metric)
