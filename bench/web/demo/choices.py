"""The methods that the page offers, each with its row of the benchmark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from .... import UserError
from ....datasets.color import rgb_to_lab
from ....datasets.decode import decode
from ....datasets.sets.samples import ORIGINALS
from ....methods.base import methods
from ....methods.deep.huebench_small.card import FOLDER as SHIPPED
from ....methods.spec import MethodSpec, parse_specs, required_parameters
from ....plugins import RAISED
from ...colorize.colorist import DEFAULT, Colorist, default_name, named
from ...colorize.from_run import RANKING, labels_of_run, of_run
from ...plan.request import Request

if TYPE_CHECKING:
    from ....reports.analysis.summary import Summary
    from ....reports.tables import Results

SIDE: Final = 256
"""Side in pixels of the photo by which a method's time is measured."""

_FIGURE: Final = re.compile(r"^\| `(?P<photos>[\w-]+)`, test [^|]*\| (?P<auc>[01]\.\d+)", re.MULTILINE)


@dataclass(frozen=True)
class OfferedMethod:
    """A method that can be chosen.

    Attributes
    ----------
    colorist
        The method, fitted.
    score
        Its score in the benchmark as text: ``AuC 0.913 on landscapes``; ``""`` if it is unknown.
    seconds
        Time per photo, in the run or else on this machine.
    """

    colorist: Colorist
    score: str
    seconds: float

    @property
    def row(self) -> str:
        """The method with its row of the benchmark, for people."""
        seconds = f"{self.seconds:.1f} s" if self.seconds >= 1 else f"{max(self.seconds, 0.01):.2f} s"
        return f"{self.colorist.label} ({', '.join(filter(None, (self.score, seconds)))})"

    @property
    def takes_reference(self) -> bool:
        """Whether it takes its colours from a reference photo."""
        return self.colorist.method.info.reference != "none"


def offered(
    names: str | None, request: Request, results: Results | None, skipped: Callable[[str], None]
) -> list[OfferedMethod]:
    """Return the methods to offer, the best first; the methods of a run if there is one.

    Parameters
    ----------
    names
        Names of methods, as for ``bench run --methods``; ``None`` takes those of the run but baselines, or
        without a run those that need no training.
    request
        Device, and the dataset of the reference photos that methods without a run use.
    results
        The run.
    skipped
        Is told why a method of the run is left out.

    Raises
    ------
    UserError
        If a named method cannot be used, or no method is left.
    """
    if results is None:
        return [_measured(colorist) for colorist in named(untrained(names), request)]
    from ....reports.analysis.summary import summarize

    summary = summarize(results)
    found = []
    for name in _best_first(summary) if names is None else labels_of_run(results, names):
        try:
            (colorist,) = of_run(results, name, request.device)
        except UserError as error:
            if names is not None:
                raise
            skipped(f"{name} is left out: {error}")
            continue
        found.append(_scored(colorist, summary))
    if not found:
        raise UserError(f"'{results.folder}' has no trained method to offer: name some with --method")
    return found


def untrained(names: str | None) -> str:
    """Return the methods that are named, or all that need no training; `UserError` if a named one does."""
    if names is None:
        return ",".join(dict.fromkeys([default_name(), *_ready()]))
    for spec in parse_specs(names):
        if methods.get(spec.name).info.trainable:
            raise UserError(
                f"{spec.name} learns from photos, and the page trains nothing: train it with bench run, then "
                "give the run with --from"
            )
    return names


def _ready() -> Iterator[str]:
    """Yield the methods that colorize a single photo, without training or anything that is missing here."""
    for name, method in methods.items().items():
        info = method.info
        unfit = info.sees_colour or info.family == "baseline" or info.clips or info.trainable
        if unfit or required_parameters(method):
            continue
        try:
            missing = MethodSpec(name).missing()
        except RAISED:
            continue
        if not missing:
            yield name


def _best_first(summary: Summary) -> list[str]:
    """Return the labels of a run's methods, the best first and without baselines."""
    rows = summary.rows[~summary.rows["oracle"].astype(bool) & (summary.rows["status"] == "ok")]
    if (rows["family"] != "baseline").any():
        rows = rows[rows["family"] != "baseline"]
    metric = next((m for name in RANKING for m in summary.metrics if m.name == name), None)
    badness = summary.badness(metric) if metric else None
    if badness is None:
        return list(rows.index)
    return list(badness.reindex(rows.index).sort_values().index)


def _scored(colorist: Colorist, summary: Summary) -> OfferedMethod:
    """Return a choice with the figures of its run."""
    metric = next((m for m in summary.metrics if m.name == "auc"), None)
    value = np.nan if metric is None else float(summary.scores["auc"].get(colorist.label, np.nan))
    rate = float(summary.rows["images_per_second"].get(colorist.label, np.nan))
    if np.isnan(rate) or rate <= 0:
        return _measured(colorist)
    score = "" if metric is None or np.isnan(value) else f"{metric.label} {value:.3f}"
    return OfferedMethod(colorist, score, 1 / rate)


def _measured(colorist: Colorist) -> OfferedMethod:
    """Return a choice whose time is measured here; the first call, which loads and compiles, is not timed."""
    origin = find_spec(ORIGINALS["chelsea"].package)
    assert origin is not None  # noqa: S101  # huebench depends on it
    photo = decode(Path(str(origin.origin)).parent / ORIGINALS["chelsea"].file)
    lightness = np.ascontiguousarray(rgb_to_lab(photo[:SIDE, :SIDE])[0])
    colorist.chroma(lightness)
    _, seconds = colorist.chroma(lightness)
    score = shipped_score() if colorist.label == DEFAULT else ""
    return OfferedMethod(colorist, score, seconds)


def shipped_score() -> str:
    """Return the AuC of the network that ships, from the first row of figures in its model card."""
    row = _FIGURE.search((SHIPPED / "README.md").read_text(encoding="utf-8"))
    return f"AuC {float(row['auc']):.3f} on {row['photos']}" if row else ""
