"""The folder of an exported model: a trained method of a run with its weights, its facts and a model card."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ... import UserError, __version__
from ...files import seal, write_text
from ...methods.from_file.model import FILE
from ...methods.spec import MethodSpec
from ..collect import without_home
from ..plan.cell import Cell
from .card import model_card

if TYPE_CHECKING:
    import pandas as pd

    from ...reports.tables import Results

CARD: Final = "README.md"

_OF_THE_RUN: Final = frozenset({"fit.json", "spent.json"})


def export(results: Results, cell: Cell, out: Path) -> dict[str, Any]:
    """Write a trained method to a folder, and return what ``model.json`` says about it.

    The folder holds the method's own files (``network.safetensors`` for networks), ``model.json`` with the
    digests of all files, and ``README.md``, a model card as Hugging Face reads it.

    Parameters
    ----------
    results
        The run.
    cell
        The method's cell in it.
    out
        A new or empty folder.

    Raises
    ------
    UserError
        If the method learns nothing, its model is missing, or the folder is not empty.
    """
    from ...methods.base import methods

    info = methods.get(cell.name).info
    if not info.trainable or info.reference != "none":
        raise UserError(
            f"{cell.label} has no model of its own to export: give one of the run's trained methods"
        )
    if not (cell.model_folder / "fit.json").is_file():
        raise UserError(f"'{cell.model_folder}' does not hold the trained {cell.label}: run it again")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out '{out}' is not empty: models are never overwritten; choose a new folder")
    out.mkdir(parents=True, exist_ok=True)
    files = [
        path
        for path in sorted(cell.model_folder.iterdir())
        if path.is_file() and path.name not in _OF_THE_RUN
    ]
    copied = [Path(shutil.copyfile(path, out / path.name)) for path in files]
    model = describe(results, cell)
    write_text(out / CARD, model_card(model))
    seal(out / FILE, model, [*copied, out / CARD])
    return model


def describe(results: Results, cell: Cell) -> dict[str, Any]:
    """Return the facts about a trained method of a run, as ``model.json`` holds them."""
    from ...reports.analysis.statistics import intervals
    from ...reports.analysis.summary import summarize

    summary = summarize(results)
    found = intervals(summary)
    ends = (found.low, found.high)
    rows = results.cells[results.cells["cell"] == cell.key]
    figures = [
        {"metric": m.name, "title": m.label, "value": value, "low": low, "high": high}
        for m in summary.metrics
        for value, low, high in [[_entry(each, cell.label, m.name) for each in (summary.scores, *ends)]]
        if value is not None
    ]
    dataset = results.run.dataset
    trained = without_home(cell.request.train_on) or dataset["name"]
    return {
        "method": cell.label,
        "parameters": MethodSpec(cell.name, cell.parameters).build().parameters.model_dump(mode="json"),
        "family": cell.family,
        "seed": cell.seed,
        "budget": cell.request.budget,
        "trained_on": trained,
        "training_data": {
            "name": trained,
            "key": cell.training_key,
            "fingerprint": "" if cell.request.train_on else dataset.get("fingerprint", ""),
            "licence": _licence(cell, dataset),
        },
        "scored_on": {
            "name": dataset["name"], "fingerprint": dataset.get("fingerprint", ""), "photos": summary.photos,
        },
        "protocol": results.run.protocol,
        "protocol_digest": results.run.protocol_digest,
        "figures": figures,
        "parameter_count": int(rows["parameter_count"].iloc[0])
        if len(rows) and rows["parameter_count"].notna().iloc[0]
        else None,
        "command": results.run.command,
        "huebench": __version__,
        "versions": results.run.versions,
    }  # fmt: skip


def _entry(table: pd.DataFrame, method: str, metric: str) -> float | None:
    """Return a value of a table with a row per method, or ``None`` if it has none."""
    values = table.reindex(index=[method], columns=[metric]).to_numpy(float)
    return None if np.isnan(values[0, 0]) else float(values[0, 0])


def _licence(cell: Cell, scored: dict[str, Any]) -> str:
    """Return the licence of the photos that a method was trained on."""
    from ...datasets.spec import dataset_info

    if not cell.request.train_on:
        return str(scored.get("licence", ""))
    return dataset_info(cell.request.train_on.partition(":")[0]).licence
