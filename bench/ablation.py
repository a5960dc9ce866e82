"""Measures training techniques: one network, trained with all of them and without each in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .. import UserError
from ..methods.base import Budget
from ..methods.learning.method import DeepMethod
from ..methods.learning.parameters import SupervisedParameters
from ..methods.learning.schedule import ours
from ..methods.spec import MethodSpec, parse_specs
from ..reports.tables import Results

METRICS = {"auc": ("AuC", 4), "psnr_ab": ("PSNR ab (dB)", 3), "colorfulness": ("colorfulness", 1)}
"""The metrics of the table, with their headings and decimals."""

ALL, NONE = "all techniques", "no technique"


@dataclass(frozen=True)
class TrainingVariant:
    """A training with a set of techniques.

    Attributes
    ----------
    name
        Its row: ``all techniques``, ``without crops``, …
    spec
        The method with the parameters that set the techniques.
    """

    name: str
    spec: MethodSpec

    @property
    def label(self) -> str:
        """The method as on the command line, and so as in the tables of a run."""
        return self.spec.label


def techniques(size: int) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return the training techniques by name: the parameters that turn each on, and that turn it off."""
    on = ours(size, 1, 1, 1.0)
    return {
        "the best epoch": ({"keep": "best"}, {"keep": "last"}),
        "AdamW and one cycle": (
            {"optimizer": on.optimizer, "rates": on.rates},
            {"optimizer": "adam", "rates": "steps"},
        ),
        "averaged weights": ({"average": on.average}, {"average": 0.0}),
        "recalibrated batch statistics": ({"recalibrate": True}, {"recalibrate": False}),
        "crops": ({"crop": on.crop}, {"crop": 1.0}),
        "smaller photos first": ({"start_size": on.start_size}, {"start_size": size}),
        "leaving near-grey photos out": ({"near_grey": False}, {"near_grey": True}),
    }


def variants(method: str, budget: Budget) -> list[TrainingVariant]:
    """Return the trainings of an ablation: with all techniques, without each in turn, and with none.

    Raises
    ------
    UserError
        If the text does not name one method that has all these options.
    """
    specs = parse_specs(method)
    built = specs[0].build()
    if len(specs) > 1 or not isinstance(built, DeepMethod):
        raise UserError(f"an ablation needs one trained network, not '{method}': try resnet34-regression")
    if not isinstance(built.parameters, SupervisedParameters):
        raise UserError(
            f"{built.info.name} does not take all these techniques: choose another, such as encoder-decoder"
        )
    each = techniques(built.schedule(budget).size)
    set_by_techniques = {name for on_and_off in each.values() for choice in on_and_off for name in choice}
    if given := sorted(set_by_techniques & set(specs[0].parameters)):
        raise UserError(f"the ablation itself sets {', '.join(given)}: leave that out of --method")
    on = _joined([turned_on for turned_on, _ in each.values()])
    off = _joined([turned_off for _, turned_off in each.values()])
    sets = {
        ALL: on,
        **{f"without {name}": on | turned_off for name, (_, turned_off) in each.items()},
        NONE: off,
    }
    return [TrainingVariant(name, _with(specs[0], parameters)) for name, parameters in sets.items()]


def table(trainings: Sequence[TrainingVariant], runs: Mapping[str, Results]) -> str:
    """Return a Markdown table of the means, of paired differences from all techniques, and of training times.

    Near-grey photos are left out, as in the first table of a report: they favour dull methods.

    Parameters
    ----------
    trainings
        The trainings, that with all techniques first.
    runs
        Results by dataset.
    """
    lines = []
    for dataset, results in runs.items():
        scored = results.images[results.images["status"] == "ok"]
        photos = scored[~scored["near_grey"].fillna(value=False).astype(bool)]
        count = photos["photo"].nunique()
        apart = scored["photo"].nunique() - count
        left_out = f", {apart} near-grey left out" if apart else ""
        lines += [f"## {dataset}, {count} validation photos{left_out}", ""]
        titles = " | ".join(f"{title} | difference" for title, _ in METRICS.values())
        lines += [f"| training | {titles} | time (s) |"]
        lines += ["|---" * (2 + 2 * len(METRICS)) + "|"]
        whole = photos[photos["method"] == trainings[0].label]
        for training in trainings:
            own = whole if training is trainings[0] else photos[photos["method"] == training.label]
            cells = [text for metric in METRICS for text in _compared(own, whole, metric)]
            lines += [f"| {training.name} | " + " | ".join([*cells, _time(results, training)]) + " |"]
        lines += [""]
    return "\n".join(lines)


def failures(trainings: Sequence[TrainingVariant], runs: Mapping[str, Results]) -> list[str]:
    """Return a line for every training that gave no row or lost photos: dataset, training, and the reason."""
    names = {training.label: training.name for training in trainings}
    return [
        f"{dataset}, {names[str(cell.method)]}: {cell.status}, {cell.reason}"
        for dataset, results in runs.items()
        for cell in results.cells.itertuples()
        if cell.status != "ok"
    ]


def _compared(own: pd.DataFrame, whole: pd.DataFrame, metric: str) -> tuple[str, str]:
    """Return a training's mean, and the difference from the other with its 95% interval over photos."""
    from scipy import stats  # slow to import

    decimals = METRICS[metric][1]
    values = own.groupby("photo")[metric].mean()
    mean = f"{values.mean():.{decimals}f}" if len(values) else "failed"
    differences = (values - whole.groupby("photo")[metric].mean()).dropna()
    if len(differences) < 2 or own is whole:
        return mean, ""
    if not differences.any():
        return mean, "none"
    low, high = stats.t.interval(0.95, len(differences) - 1, differences.mean(), differences.sem())
    return mean, f"{differences.mean():+.{decimals}f} ({low:+.{decimals}f} … {high:+.{decimals}f})"


def _time(results: Results, training: TrainingVariant) -> str:
    """Return the mean time of training over seeds, in seconds."""
    cells = results.cells[results.cells["method"] == training.label]
    seconds = cells.loc[cells["status"] == "ok", "fit_seconds"]
    return f"{seconds.mean():.0f}" if len(seconds) else "failed"


def _joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _with(spec: MethodSpec, parameters: Mapping[str, Any]) -> MethodSpec:
    """Return the method with more parameters; those that were given before stay."""
    texts = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
    }
    return MethodSpec(spec.name, texts | spec.parameters)
