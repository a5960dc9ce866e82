"""What a metric is, and the registry of all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from ... import UserError
from ...plugins import Registry
from .pair import Pair

Direction = Literal["higher", "lower", "target", "none"]
PhotoFunction = Callable[[npt.NDArray[np.uint8], npt.NDArray[np.uint8]], float]


@dataclass(frozen=True)
class Aggregate:
    """How the value in a table is made.

    Attributes
    ----------
    kind
        ``mean``: the mean over photos of the first column; a second one holds the truth's own value.
        ``mean_gap``: the absolute difference of the two columns' means. ``mean_absolute_difference``: the
        mean of their absolute differences. ``stored``: one value for the whole set, from `Metric.combine`.
    columns
        Of the table that has a row a photo; empty for ``stored``.
    """

    kind: Literal["mean", "mean_gap", "mean_absolute_difference", "stored"]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """A metric: what its number means and how it is computed.

    Attributes
    ----------
    name
        As typed, printed and stored.
    label
        The heading of its column in a report.
    direction
        ``higher`` or ``lower`` is better; ``target``: near the truth's own value is; ``none``: neither.
    unit
        ``"dB"``, say; ``""`` for a plain number.
    range
        The smallest and the largest value it can take.
    source
        The paper or standard that defines it.
    description
        One sentence, in the words of the definition.
    aggregate
        How the table's value is made.
    compute
        Column → function of a `Pair`; of a photo-level metric.
    curve
        Column → function of a `Pair` that returns the photo's curve whose area the metric is: shares at the
        thresholds 0, 1, …, float32. Its mean over photos is kept in a table of its own.
    features
        Function of a `Pair` that returns a photo's row for `combine`; of a set-level metric.
    combine
        Function of all rows, stacked, that returns the set's value.
    least_side
        Of the smallest photo that it can score, in pixels.
    requires
        The extra of this package to install first, or ``""``.
    missing
        Says why it cannot be computed on this machine, or returns ``""``. Quick, and never downloads.
    """

    name: str
    label: str
    direction: Direction
    unit: str
    range: tuple[float, float]
    source: str
    description: str
    aggregate: Aggregate
    compute: Mapping[str, Callable[[Pair], float]] = field(default_factory=dict)
    curve: Mapping[str, Callable[[Pair], npt.NDArray[np.float32]]] = field(default_factory=dict)
    features: Callable[[Pair], npt.NDArray[np.float32]] | None = None
    combine: Callable[[npt.NDArray[np.float32]], float] | None = None
    least_side: int = 1
    requires: str = ""
    missing: Callable[[], str] = str

    @property
    def scope(self) -> Literal["photo", "set"]:
        """Whether each photo has a value, or the whole set alone."""
        return "photo" if self.features is None else "set"


metrics = Registry[Metric]("metric", group="huebench.metrics")

PARAMETRISED: dict[str, Callable[[float], Metric]] = {}
"""``accuracy`` → the function that makes ``accuracy@ε`` for any ε > 0."""


def register_metric(
    *,
    name: str,
    label: str = "",
    direction: Direction,
    unit: str = "",
    range: tuple[float, float] = (-math.inf, math.inf),  # noqa: A002  # the word for it
    source: str,
    description: str,
) -> Callable[[PhotoFunction], PhotoFunction]:
    """Register a plain function of two photos as a metric; a plugin file needs nothing more.

    The function takes the truth and the prediction, uint8 RGB of one shape (H, W, 3), and returns a number.
    The table holds its mean over photos. The parameters are those of `Metric`.

    Raises
    ------
    UserError
        If the name is taken.

    Examples
    --------
    >>> @register_metric(
    ...     name="red_error", direction="lower", range=(0, 255), source="this docstring",
    ...     description="Mean absolute difference of the red channels.",
    ... )
    ... def red_error(truth, prediction):
    ...     return float(np.abs(truth[..., 0].astype(float) - prediction[..., 0]).mean())
    >>> get_metric("red_error").direction
    'lower'
    """

    def register(function: PhotoFunction) -> PhotoFunction:
        metrics.register(
            name,
            Metric(
                name=name,
                label=label or name,
                direction=direction,
                unit=unit,
                range=range,
                source=source,
                description=description,
                aggregate=Aggregate("mean", (name,)),
                compute={name: lambda pair: float(function(pair.truth, pair.prediction))},
            ),
        )
        return function

    return register


def metric_names() -> list[str]:
    """Return the names of all metrics, sorted; of a parametrised one, its usual parameters."""
    return list(metrics.items())


def get_metric(name: str) -> Metric:
    """Return a metric by its name; ``accuracy@7.5`` and the like are made on demand.

    Raises
    ------
    UserError
        If there is none of that name: the nearest ones are shown; or if the parameter is no number above 0.

    Examples
    --------
    >>> get_metric("psnr").unit
    'dB'
    >>> get_metric("psrn")
    Traceback (most recent call last):
    ...
    huebench.UserError: unknown metric 'psrn'; did you mean psnr or psnr_ab?
    """
    known = metrics.items()
    family, at, parameter = name.partition("@")
    if not at or family not in PARAMETRISED or name in known:
        return metrics.get(name)
    try:
        value = float(parameter)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise UserError(f"'{name}': after the @ comes a number above 0, as in {family}@5")
    metric = PARAMETRISED[family](value)
    return known.get(metric.name, metric)


def resolve(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as they are registered (``accuracy@5.0`` is ``accuracy@5``), without repetition.

    Raises
    ------
    UserError
        If one is unknown.

    Examples
    --------
    >>> resolve(["ssim", "accuracy@5.0", "accuracy@5"])
    ('ssim', 'accuracy@5')
    """
    return tuple(dict.fromkeys(get_metric(name).name for name in names))
