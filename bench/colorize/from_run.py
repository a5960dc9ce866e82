"""The methods of a run: its best one, those that a list names, and their trained models."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ... import UserError
from ...datasets.base import datasets
from ...methods.base import Method, methods
from ...methods.info import FAMILIES
from ...methods.spec import MethodSpec, label
from ...plugins import Registry
from ..fitting import context_of
from ..plan.cell import Cell
from ..plan.request import Request
from ..plan.resolve import resolve
from ..protocol.presets import DEFAULT as HUEBENCH
from ..protocol.training_sample import TrainingSample
from .colorist import Colorist, equipped, usable_specs

if TYPE_CHECKING:
    from ...reports.tables import Results

RANKING: Final = ("auc_rebalanced", "auc")
"""Metrics by which a run's best method is chosen: the first that the run has."""


def of_run(results: Results, text: str | None, device: str) -> list[Colorist]:
    """Return trained methods of a run.

    Parameters
    ----------
    results
        The run.
    text
        Names of methods, as for ``bench run --methods``; ``None`` takes the best; see `best_of_run`.
    device
        ``auto``, ``cpu`` or ``cuda``.

    Raises
    ------
    UserError
        If the run has no such method, its model is missing, or it needs a plugin that is not loaded: those
        that the run itself names never are.
    """
    labels = [best_of_run(results)[0]] if text is None else labels_of_run(results, text)
    return list(_of_run(results, labels, device))


def _of_run(results: Results, labels: Sequence[str], device: str) -> Iterator[Colorist]:
    for name in labels:
        cell = cell_of_run(results, name)
        method = load_method(cell)
        request = resolve(_request_of(cell, device))
        sample = None
        if method.info.reference != "none":
            sample = TrainingSample.load(cell.training_sample)
        context = replace(context_of(request), seed=cell.seed)
        yield replace(equipped(method, context, request, sample), row=name)


def _request_of(cell: Cell, device: str) -> Request:
    """Return a cell's request, without its plugins, and without metrics that a plugin may have registered."""
    request = cell.request
    for spec in (request.dataset, request.train_on):
        name, _, inner = spec.partition(":")
        while name:
            check_registered(datasets, name, cell.data_plugins)
            name, _, inner = inner.partition(":") if datasets.get(name).of_dataset else ("", "", "")
    metrics = () if request.protocol == HUEBENCH else None  # a named protocol has its own
    changes = {"device": device, "methods": cell.name, "plugins": (), "metrics": metrics}
    return request.model_copy(update=changes)


def check_registered(registry: Registry[Any], name: str, plugins: Iterable[str]) -> None:
    """Refuse what is not registered here, instead of loading the plugins that a run folder names.

    Parameters
    ----------
    registry
        The registry of methods or of datasets.
    name
        What the run names.
    plugins
        The run's plugins, one of which may register it.

    Raises
    ------
    UserError
        If it is not registered; it says which ``--plugin`` to add.
    """
    if name in registry.items() or name in registry.broken:
        return
    files = [f"--plugin {shlex.quote(plugin)}" for plugin in plugins if plugin.endswith(".py")]
    raise UserError(
        f"unknown {registry.kind} '{name}': code that a run names is loaded only if you name it too: "
        f"add {' '.join(files) or '--plugin and the file that registers it'}"
    )


def labels_of_run(results: Results, text: str) -> list[str]:
    """Return the rows of a run that a list of methods names: by a row's name, or by method and parameters.

    A method that the run lacks stays as typed.

    Raises
    ------
    UserError
        If the list cannot be read.
    """
    from ...reports.analysis.selection import parse_methods

    rows = results.cells[["method", "name", "parameters"]].drop_duplicates().itertuples(index=False)
    known = {str(row): (str(name), str(parameters)) for row, name, parameters in rows}
    found: list[str] = []
    for wanted, name in parse_methods(text):
        if name:
            raise UserError(f"'{name}={wanted}': write {wanted}; only reports and runs name rows")
        if wanted in known:
            found.append(wanted)
            continue
        if wanted in {"all", *FAMILIES}:
            found += _family_of_run(known, wanted)
            continue
        for spec in usable_specs(wanted):
            same = (row for row, (name, given) in known.items() if _is_same(spec, name, given))
            found.append(next(same, spec.label))
    return found


def _family_of_run(known: Mapping[str, tuple[str, str]], family: str) -> list[str]:
    """Return the rows of a run that are of a family, or all, but for what cannot colorize a user's photo."""
    usable = {spec.name for spec in usable_specs(family)}
    found = [row for row, (name, _) in known.items() if name in usable]
    if not found:
        raise UserError(
            f"--method {family}: the run has no such method that colorizes a photo; it has {', '.join(known)}"
        )
    return found


def _is_same(spec: MethodSpec, name: str, parameters: str) -> bool:
    """Return whether a method has a name and parameters, as JSON, however these are typed."""
    if spec.name != name or name in methods.broken:
        return False
    given = MethodSpec(name, json.loads(parameters))
    return given.parameters == spec.parameters or label(given.build()) == label(spec.build())


def best_of_run(results: Results) -> tuple[str, str]:
    """Return a run's best method, no oracle or baseline, and the figures that make it so.

    The best has the highest rebalanced AuC over the photos; its colorfulness is shown beside that of the
    real photos, because a dull answer can score well. A run of baselines
    alone has a best one too.

    Raises
    ------
    UserError
        If the run did not score any method by AuC.
    """
    from ...reports.analysis.summary import summarize

    summary = summarize(results)
    metric = next((m for name in RANKING for m in summary.metrics if m.name == name), None)
    badness = summary.badness(metric) if metric else None
    if badness is not None:
        colourful = badness[summary.rows.loc[badness.index, "family"] != "baseline"]
        badness = badness if colourful.empty else colourful
    if metric is None or badness is None or badness.empty:
        raise UserError(f"no method of '{results.folder}' was scored by AuC: name one with --method")
    best = str(badness.idxmin())
    figures = [f"{metric.label} {summary.scores[metric.name][best]:.3f}"]
    if "colorfulness" in summary.scores:
        value, truth = summary.scores["colorfulness"][best], float(summary.truth.get("colorfulness", np.nan))
        figures.append(f"colorfulness {value:.1f} (real photos {truth:.1f})")
    return best, ", ".join(figures)


def cell_of_run(results: Results, name: str, seed: int | None = None) -> Cell:
    """Return the cell of a method, as labelled in the tables, with a seed; by default its lowest.

    Raises
    ------
    UserError
        If the run has no such method, or not with that seed.
    """
    rows = results.cells[results.cells["method"] == name].sort_values("seed")
    if rows.empty:
        known = ", ".join(sorted(set(results.cells["method"])))
        raise UserError(f"no method '{name}' in the run; its methods: {known}")
    if seed is not None:
        seeds = ", ".join(map(str, rows["seed"]))
        rows = rows[rows["seed"] == seed]
        if rows.empty:
            raise UserError(f"no '{name}' with seed {seed} in the run; its seeds: {seeds}")
    return Cell.read(results.folder, str(rows["cell"].iloc[0]))


def load_method(cell: Cell) -> Method:
    """Return the trained method of a cell.

    Raises
    ------
    UserError
        If its plugin is not loaded, or its model is not in the run folder.
    """
    check_registered(methods, cell.name, [cell.method_plugin])
    if not (cell.model_folder / "fit.json").is_file():
        raise UserError(
            f"'{cell.model_folder}' does not hold the trained {cell.label}: "
            f"add --rerun {cell.name} --keep-models all to the run's command, which trains it again"
        )
    method = MethodSpec(cell.name, cell.parameters).build()
    method.load(cell.model_folder)
    return method
