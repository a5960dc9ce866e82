"""The class of metrics."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from ... import UserError
from .pair import PAIR_ATTRIBUTES, PhotoPair
from .step import STEP_ATTRIBUTES
from .weights import Weights

Direction = Literal["higher", "lower", "target", "none"]
Aggregate = Literal["mean", "mean_gap", "mean_absolute_difference", "pooled", "stored"]
Curve = Callable[..., npt.NDArray[np.float64]]
Combine = Callable[[npt.NDArray[Any]], float]

TWO_COLUMNS = ("mean_gap", "mean_absolute_difference", "pooled")  #: Aggregates of two columns

OF_TRUTH = tuple(name for name in PAIR_ATTRIBUTES if name.startswith("truth") or name in ("prior", "pixels"))
"""The attributes of `PhotoPair` that a weight can take: it must be the same for every method."""

LAST = 1000  #: Default order: after the built-in metrics, by name

_NAME = re.compile(r"[\w.-]+(@[\w.+-]+)?")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric: the meaning of its number and how to compute it.

    Raises `UserError` if a field is wrong: the message names the metric, the field and what is allowed.
    """

    name: str  #: As typed, printed and stored
    label: str  #: The heading of its column in a report
    #: ``higher`` or ``lower`` is better; ``target``: the truth's own value is best; ``none``: neither.
    direction: Direction
    unit: str = ""  #: For example ``"dB"``; ``""`` for a plain number
    range: tuple[float, float] = (-math.inf, math.inf)  #: The smallest and the largest possible value
    source: str  #: The paper or standard that defines it
    description: str  #: The definition in one sentence
    #: The definition, a plain function. It is called with the attributes of `PhotoPair` in `takes`, then with
    #: `parameter` if there is one; if there is a curve, with the curve alone. It returns a number or, for a
    #: metric of a whole set, the photo's features (float32 array).
    function: Callable[..., Any]
    #: Column → the attributes of `PhotoPair` passed to the function for that column.
    takes: Mapping[str, tuple[str, ...]]
    #: How the table's value is computed. ``mean``: the mean over photos of the first column; a second column
    #: holds the truth's own value. ``mean_gap``: the absolute difference of the two columns' means.
    #: ``mean_absolute_difference``: the mean of their absolute differences. ``pooled``: the value of all
    #: pixels of all photos together, Σ value · weight / Σ weight; the second column holds the weights of
    #: photos. ``stored``: one value for the whole set, from `combine`.
    aggregate: Aggregate = "mean"
    #: Function of the second column's attributes, which may concern the truth only, that returns the weight
    #: of every pixel, float64 (H·W,): it makes the metric ``pooled``. A photo weighs as much as its pixels.
    weight: Callable[..., npt.NDArray[np.float64]] | None = None
    #: Function of the same attributes that returns the photo's curve behind the metric: shares at the
    #: thresholds 0, 1, …. Its mean over photos is kept in a table of its own.
    curve: Curve | None = None
    #: Function of all photos' features, stacked, that returns the set's value.
    combine: Combine | None = None
    parameter: float | None = None  #: The number after the @ of the name
    least_side: int = 1  #: Minimum side in pixels
    #: Imported module → the extra of this package that installs it.
    requires: Mapping[str, str] = field(default_factory=dict)
    weights: Weights | None = None  #: The weights file that it needs
    files: tuple[Path, ...] = ()  #: Data files that it reads: their content is part of a result's key
    by_default: bool = True  #: Whether a run computes it unless told otherwise; so only for built-in metrics
    headline: bool = False  #: Whether it is in the report's first table
    compared: bool = False  #: Whether the report tests differences from the best method in it
    #: Whether it is of a clip, not of a photo. It is then called with attributes of `FrameStep` for every
    #: frame (from the second on if they need the frame before), and `combine` turns what it returned for all
    #: frames of a clip, stacked, into the clip's value. The table's value is over clips.
    of_clips: bool = False
    order: int = LAST  #: Position in tables and listings; ties by parameter, then by name

    def __post_init__(self) -> None:
        faults = "; ".join(_faults(self))
        if faults:
            raise UserError(f"metric '{self.name}': {faults}")

    @property
    def measured(self) -> tuple[str, ...]:
        """Columns that `measure` computes, one call each; none for a set-level metric."""
        return () if self.combine else tuple(self.takes)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The ends of `range`; ``None`` for an infinite one, which JSON cannot hold."""
        smallest, largest = (end if math.isfinite(end) else None for end in self.range)
        return smallest, largest

    @property
    def of_set(self) -> bool:
        """Whether it has one value for the whole set."""
        return self.combine is not None and not self.of_clips

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns with one value per photo, or per clip.

        A weight's is followed by the sum of its pixels' squares.
        """
        if self.of_clips:
            return tuple(self.takes)
        return (*self.measured, f"{self.weight_column}_squares") if self.weight else self.measured

    @property
    def weight_column(self) -> str:
        """The column with the weights of photos, or ``""``."""
        return self.measured[-1] if self.weight else ""

    @property
    def curve_columns(self) -> tuple[str, ...]:
        """Columns with one curve per photo, float32."""
        return tuple(f"{each}_curve" for each in self.measured if self.curve and each != self.weight_column)

    @property
    def built_in(self) -> bool:
        """Whether it comes with this package."""
        return self.function.__module__.startswith("huebench.bench.metrics.")

    @property
    def needs_prior(self) -> bool:
        """Whether it needs the training split's prior of colours."""
        return any("prior" in attributes for attributes in self.takes.values())

    def missing(self) -> str:
        """Return why it cannot be computed on this machine, or ``""``. Fast; never downloads."""
        absent = {module: extra for module, extra in self.requires.items() if find_spec(module) is None}
        if absent:
            extras = ",".join(sorted(set(absent.values())))
            return f"{', '.join(absent)} not installed: pip install 'huebench[{extras}]'"
        return self.weights.missing() if self.weights else ""

    def check(self, pair: PhotoPair) -> None:
        """Raise `ValueError` if it cannot score a pair: the photos are too small, or there is no prior."""
        height, width, _ = pair.truth.shape
        least = self.least_side
        if min(height, width) < least:
            raise ValueError(
                f"{self.name} needs photos of at least {least}×{least} pixels, not {height}×{width}"
            )
        if self.needs_prior and pair.prior is None:
            raise ValueError(
                f"{self.name} needs the training split's prior: Scorer(..., prior=ab_prior(photos))"
            )

    def measure(self, column: str, pair: PhotoPair) -> dict[str, Any]:
        """Return a photo's value for one column, and its curve, float32, if there is one.

        Raises `ValueError` if the weights of pixels are not finite, or none is above 0.
        """
        values = [getattr(pair, attribute) for attribute in self.takes[column]]
        if self.weight and column == self.weight_column:
            weights = np.asarray(self.weight(*values), np.float64)
            total, squares = float(weights.sum()), float(np.square(weights).sum())
            if weights.shape != (pair.pixels,) or not (weights.min() >= 0 < total < math.inf):
                raise ValueError(
                    f"{self.name} needs a finite weight ≥ 0 for each pixel, some of them above 0"
                )
            return {column: total, f"{column}_squares": squares}
        if self.curve:
            curve = self.curve(*values)
            return {column: float(self.function(curve)), f"{column}_curve": curve.astype(np.float32)}
        if self.parameter is not None:
            values.append(self.parameter)
        return {column: float(self.function(*values))}

    def features(self, pair: PhotoPair) -> npt.NDArray[np.float32]:
        """Return a photo's features for a set-level metric."""
        (attributes,) = self.takes.values()
        features: npt.NDArray[np.float32] = self.function(*(getattr(pair, name) for name in attributes))
        return features


def _faults(metric: Metric) -> Iterator[str]:
    """Yield the faults in a metric's fields, each with the allowed values."""
    if not (isinstance(metric.name, str) and _NAME.fullmatch(metric.name)):
        yield "name must consist of letters, digits, '_', '-' and '.'"
    for name, allowed in (("direction", get_args(Direction)), ("aggregate", get_args(Aggregate))):
        if getattr(metric, name) not in allowed:
            yield f"{name} '{getattr(metric, name)}' must be one of {', '.join(allowed)}"
    for name in ("label", "source", "description"):
        text = getattr(metric, name)
        if not (isinstance(text, str) and text.strip()):
            yield f"{name} must be a text, not {text!r}"
    match metric.range:
        case (int() | float() as low, int() | float() as high) if low < high:
            pass
        case _:
            yield f"range {metric.range} must be two numbers, the smaller one first"
    for name, least in (("least_side", 1), ("order", 0)):
        number = getattr(metric, name)
        if not (isinstance(number, int) and number >= least):
            yield f"{name} must be a whole number of at least {least}, not {number!r}"
    if metric.parameter is not None and not 0 < metric.parameter < math.inf:
        yield f"parameters must be numbers above 0, not {metric.parameter}"
    yield from _faults_of_columns(metric)
    yield from _faults_of_files(metric)


def _faults_of_columns(metric: Metric) -> Iterator[str]:
    taken = {attribute for attributes in metric.takes.values() for attribute in attributes}
    known = STEP_ATTRIBUTES if metric.of_clips else PAIR_ATTRIBUTES
    unknown = sorted(taken - set(known))
    if unknown or not taken:
        yield f"takes {', '.join(unknown) or 'nothing'}; it can take {', '.join(known)}"
    two = metric.direction == "target" or metric.aggregate in TWO_COLUMNS
    own_and_truths = metric.of_clips and metric.aggregate == "mean" and len(metric.takes) == 2
    if len(metric.takes) != 1 + two and not own_and_truths:
        reason = f"direction '{metric.direction}' and aggregate '{metric.aggregate}'"
        yield f"takes must have {1 + two} column{'s' * two} with {reason}, not {len(metric.takes)}"
    for aggregate, field_ in (("stored", "combine"), ("pooled", "weight")):
        of_clip = metric.of_clips and field_ == "combine"
        if not of_clip and (metric.aggregate == aggregate) != (getattr(metric, field_) is not None):
            yield f"aggregate '{aggregate}' and {field_} go together"
    if metric.of_clips and metric.combine is None:
        yield "a metric of clips needs combine"
    if metric.aggregate == "pooled":
        if metric.direction == "target":
            yield "direction 'target' is not for pooled metrics"
        if seen := [name for name in [*metric.takes.values()][-1] if name not in OF_TRUTH]:
            yield f"weight takes {', '.join(seen)}; it can take {', '.join(OF_TRUTH)}"
    if metric.compared and (metric.direction == "none" or metric.aggregate in {"mean_gap", "stored"}):
        yield "compared needs a direction other than 'none' and a value for each photo"


def _faults_of_files(metric: Metric) -> Iterator[str]:
    if not (isinstance(metric.files, tuple) and all(isinstance(file, Path) for file in metric.files)):
        yield f"files must be a tuple of paths, not {metric.files!r}"
