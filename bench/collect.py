"""Makes a run's tables from the files that its cells wrote."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from ..reports.pictures import only_whole
from ..reports.tables import (
    ACCURACY_COLUMNS,
    CELL_COLUMNS,
    CURVE_COLUMNS,
    DEGRADED_COLUMNS,
    EXAMPLE_COLUMNS,
    IMAGE_COLUMNS,
    MetricFacts,
    Results,
    RunFacts,
    typed,
)
from ..reports.text import decimals_for, number
from .metrics import Scorer, get_metric
from .plan.cell import Cell

FIRST = 2
"""Number of metrics whose values a run shows when a method ends."""


def collect(
    cells: Sequence[Cell], statuses: dict[str, dict[str, Any]], run: RunFacts, *, expected: int, folder: Path
) -> Results:
    """Return the tables of the given cells.

    Parameters
    ----------
    cells
        The cells, in the tables' order: degraded ones, and those with other references, with their own ones.
    statuses
        Filled by `huebench.bench.executors.runner.run_cells`; a cell that it lacks was not finished.
    run
        Facts about the run.
    expected
        Number of photos that each cell had to score.
    folder
        The run folder; pictures that are missing from it or damaged are left out.
    """
    rows, images, curves = [], [], []
    accuracy, degraded, examples = [pd.DataFrame()], [pd.DataFrame()], [pd.DataFrame()]
    compared = {cell.label for cell in cells if cell.example}
    for cell in cells:
        status = statuses.get(cell.key, {"status": "skipped", "reason": "the run ended before it"})
        photos = _photos(cell, status)
        if cell.degradation:
            degraded.append(_apart(cell, status, photos).assign(degradation=cell.degradation))
            continue
        if cell.label in compared:
            examples.append(_apart(cell, status, photos).assign(choice=cell.example or cell.reference))
        if cell.example:
            continue
        rows.append(_cell_row(cell, status, photos, expected))
        accuracy += [curve.assign(**_identity(cell)) for curve in _accuracy_curves(cell, photos)]
        measured = photos.drop(columns=["seconds", *_curve_columns(cell)], errors="ignore")
        images.append(measured.assign(**_identity(cell)))
        curves += [{**epoch, **_identity(cell)} for epoch in status.get("curves", ())]
    return Results(
        run,
        cells=typed(pd.DataFrame(rows), CELL_COLUMNS),
        images=only_whole(typed(pd.concat(images, ignore_index=True), IMAGE_COLUMNS), folder),
        curves=typed(pd.DataFrame(curves), CURVE_COLUMNS),
        accuracy_curves=typed(pd.concat(accuracy), ACCURACY_COLUMNS),
        degraded=only_whole(typed(pd.concat(degraded, ignore_index=True), DEGRADED_COLUMNS), folder),
        examples=only_whole(typed(pd.concat(examples, ignore_index=True), EXAMPLE_COLUMNS), folder),
        folder=folder,
    )


def _apart(cell: Cell, status: dict[str, Any], photos: pd.DataFrame) -> pd.DataFrame:
    """Return a cell's rows for a table of its own: one per photo, or one that says why there are none."""
    if photos.empty:
        reason = without_home(status.get("reason", ""))
        photos = pd.DataFrame([{"status": status["status"], "reason": reason}])
    measured = photos.drop(columns=["seconds", *_curve_columns(cell)], errors="ignore")
    return measured.assign(**_identity(cell), protocol=cell.protocol.digest)


def _photos(cell: Cell, status: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of a cell's photos; none if the cell did not succeed."""
    if status["status"] != "ok":
        return pd.DataFrame()
    shards = [parquet.ParquetFile(cell.folder / name).read() for name in status["shards"]]
    # A shard without any decoded photo lacks columns that others have.
    photos: pd.DataFrame = pa.concat_tables(shards, promote_options="permissive").to_pandas()
    return photos


def first_scores(cell: Cell, status: dict[str, Any]) -> dict[str, str]:
    """Return what a cell scored by its first `FIRST` metrics: label → mean over photos or clips, as text.

    They are metrics of the report's first table whose differences it tests. As there, near-grey photos are
    left out unless there are no others, and a clip counts once.
    """
    photos = _photos(cell, status)
    clips = "clip" in photos and photos["clip"].notna().any()
    unit = photos["clip"] if clips else photos.index.to_series()
    if "near_grey" in photos:
        grey = photos["near_grey"].eq(other=True).groupby(unit).transform("all")
        photos = photos if (colored := photos[~grey]).empty else colored
    scores: dict[str, str] = {}
    for metric in map(get_metric, cell.protocol.metrics):
        column = next(iter(metric.measured), "")
        if metric.headline and metric.compared and column in photos:
            scored = photos[photos[column].notna()]
            values = scored[column].astype(float)
            if len(scored):
                if metric.weight_column:
                    value = float(np.average(values, weights=scored[metric.weight_column].astype(float)))
                else:
                    value = float(values.groupby(unit).mean().mean())
                scores[metric.label] = number(value, decimals_for(abs(value)))
    return dict(list(scores.items())[:FIRST])


def metric_facts(names: Iterable[str]) -> tuple[MetricFacts, ...]:
    """Return the metrics' facts that the report needs, in order."""
    names = tuple(names)
    unavailable = Scorer(names).unavailable
    shared = [field.name for field in fields(MetricFacts) if field.name != "unavailable"]
    return tuple(
        MetricFacts(
            **{field: getattr(get_metric(name), field) for field in shared},
            unavailable=unavailable.get(name, ""),
        )
        for name in names
    )


def without_home(text: str) -> str:
    """Return a text with the user's home folder as ``~``: a report should not reveal user names."""
    home = re.escape(str(Path("~").expanduser()))
    return re.sub(rf"{home}(?![\w.-])", "~", text)


def _identity(cell: Cell) -> dict[str, Any]:
    return {"cell": cell.key, "method": cell.label, "seed": cell.seed}


def _curve_columns(cell: Cell) -> dict[str, str]:
    """Return the columns of the cell's table that hold curves: column → metric."""
    return {column: name for name in cell.protocol.metrics for column in get_metric(name).curve_columns}


def _accuracy_curves(cell: Cell, photos: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the mean of every curve over photos, weighted if its metric is pooled, one row per threshold."""
    curves = []
    for column, name in _curve_columns(cell).items():
        if column in photos:
            scored = photos[photos[column].notna()]
            weights = scored[weight] if (weight := get_metric(name).weight_column) else None
            accuracy = np.average(np.array(scored[column].to_list(), dtype=float), axis=0, weights=weights)
            thresholds = np.arange(len(accuracy))
            curves.append(pd.DataFrame({"metric": name, "threshold": thresholds, "accuracy": accuracy}))
    return curves


def _cell_row(cell: Cell, status: dict[str, Any], photos: pd.DataFrame, expected: int) -> dict[str, Any]:
    scored = int((photos["status"] == "ok").sum()) if len(photos) else 0
    seconds = float(photos["seconds"].sum()) if scored else None
    known = {name: value for name, value in status.items() if name in CELL_COLUMNS}
    known |= {name: without_home(known[name]) for name in ("reason", "traceback") if name in known}
    log = f"cells/{cell.folder.name}/log.txt"
    return {
        **_identity(cell),
        "name": cell.name,
        "code": cell.code or None,
        "family": "hinted" if cell.hints else cell.family,
        "hints": cell.hints,
        "oracle": cell.oracle,
        "parameters": json.dumps(cell.parameters),
        "log": log if (cell.run_folder / log).is_file() else None,  # a skipped cell has none
        "expected": expected,
        "scored": scored,
        "colorize_seconds": seconds,
        "images_per_second": scored / seconds if seconds else None,
        "device": cell.request.device,
        "threads": cell.threads,
        "protocol": cell.protocol.digest,
        **known,
        **status.get("set_metrics", {}),
    }
