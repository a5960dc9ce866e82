"""The result tables of a run: schema, reading and writing.

A run folder holds ``run.json`` and tidy Parquet tables. ``images`` has one row per cell and photo, ``cells``
one per cell, ``curves`` one per cell, epoch and split, and ``accuracy_curves`` one per cell, metric and
threshold. ``degraded``, which only some runs have, is like ``images``, but the methods saw degraded photos.
``examples``, which only some runs have, too, has the methods that colour by a reference photo, with every
choice of it.
``run.json`` describes every metric and holds the digests of the tables.
"""

import hashlib
import io
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from .. import UserError
from ..files import atomic, file_digest, sync_folder, write_json
from .pictures import only_whole

SCHEMA_VERSION = 6

DIGESTS_SINCE = 3  #: The schema from which on ``run.json`` holds the digests of the tables

POOLED_SINCE = 4  #: The schema from which on `auc_rebalanced` pools the pixels of all photos

PER_PHOTO = {"auc_rebalanced": "auc_rebalanced_per_photo"}
"""Metrics that were averaged over photos before `POOLED_SINCE`: their name then → their name now."""

STAGED = ".next-"  #: Prefix of a table to which ``run.json`` may already refer, but which is not renamed yet

_SCHEMA_1_FLAGS = {
    "headline": {
        "psnr", "ssim", "colorfulness", "delta_colorfulness", "accuracy@5", "accuracy@10", "auc",
        "auc_rebalanced", "delta_e2000",
    },
    "compared": {"psnr", "auc", "auc_rebalanced"},
}  # fmt: skip
"""Headline and compared metrics for runs whose ``run.json`` does not state them yet."""

CELL_COLUMNS: dict[str, str] = {
    "cell": "string",  # key of the cell
    "method": "string",  # label: the name given to the row, or the method as typed, name[key=value]
    "name": "string",  # registered name
    "code": "string",  # digest of the method's code and of the libraries that only it needs
    "family": "string",  # baseline | classical | deep | published | hinted (by hints) | exemplar
    "oracle": "bool",  # sees the truth, so never a competitor
    "parameters": "string",  # JSON, all parameters
    "seed": "Int64",
    "hints": "Int64",  # number of colour hints for each photo; missing in runs from before there were hints
    "status": "string",  # ok | failed | timeout | out-of-memory | skipped
    "phase": "string",  # import | fit | colorize | score, where it failed
    "reason": "string",  # one line
    "traceback": "string",
    "log": "string",  # path of the kept output, inside the run folder
    "expected": "Int64",  # test photos of the split
    "scored": "Int64",  # number of scored photos
    "train_photos": "Int64",
    "fit_seconds": "Float64",
    "colorize_seconds": "Float64",  # only the method's own calls, without warm-up
    "images_per_second": "Float64",
    "warm_up_seconds": "Float64",
    "peak_memory_mb": "Float64",
    "parameter_count": "Int64",
    "model_mb": "Float64",  # MiB on disk: what it learned, and the files that it reads
    "device": "string",
    "threads": "Int64",
    "notes": "string",  # JSON: facts about the method, e.g. which weights were used
    "protocol": "string",  # digest
}
"""Column → dtype of ``cells.parquet``; a set-level metric adds a Float64 column of its own name."""

IMAGE_COLUMNS: dict[str, str] = {
    "cell": "string",
    "method": "string",
    "seed": "Int64",
    "photo": "string",
    "category": "string",
    "clip": "string",  # the clip that it is a frame of, or missing for a photo
    "frame": "Int64",  # its number in the clip, from 0
    "status": "string",  # ok | undecodable | left out (by the protocol) | failed
    "reason": "string",
    "near_grey": "boolean",  # no |a*| or |b*| of the truth above 5
    "reference": "string",  # id of the reference photo, where one was used
    "picture": "string",  # path of the kept prediction (PNG) inside the run folder, or missing
    "truth_picture": "string",  # the same for the truth
    "input_picture": "string",  # the same for the grey input
}
"""Column → dtype of ``images.parquet``; every photo-level metric adds a Float64 column.

So does every metric of clips: the row of a clip's last frame holds the clip's value.
"""

FOR_ALL = ("undecodable", "left out")
"""The statuses that a photo has for every method alike: no method is to blame."""

CURVE_COLUMNS: dict[str, str] = {
    "cell": "string",
    "method": "string",
    "seed": "Int64",
    "epoch": "Int64",
    "split": "string",
    "loss": "Float64",
    "accuracy": "Float64",
}
"""Column → dtype of ``curves.parquet``."""

ACCURACY_COLUMNS: dict[str, str] = {
    "cell": "string",
    "method": "string",
    "seed": "Int64",
    "metric": "string",  # the metric that is the curve's area: auc | auc_rebalanced
    "threshold": "Int64",  # distance in ab
    "accuracy": "Float64",  # share of pixels within it, mean over photos
}
"""Column → dtype of ``accuracy_curves.parquet``."""


DEGRADED_COLUMNS: dict[str, str] = {
    **IMAGE_COLUMNS,  # a cell that scored nothing has one row, without a photo
    "degradation": "string",  # as in --degrade: grain:0.5
    "protocol": "string",  # digest
}
"""Column → dtype of ``degraded.parquet``; further columns as in ``images.parquet``."""


EXAMPLE_COLUMNS: dict[str, str] = {
    **IMAGE_COLUMNS,  # a cell that scored nothing has one row, without a photo
    "choice": "string",  # how the reference was chosen, as in --references: random
    "protocol": "string",  # digest
}
"""Column → dtype of ``examples.parquet``; further columns as in ``images.parquet``."""


TABLES = {
    "cells": CELL_COLUMNS,
    "images": IMAGE_COLUMNS,
    "curves": CURVE_COLUMNS,
    "accuracy_curves": ACCURACY_COLUMNS,
    "degraded": DEGRADED_COLUMNS,
    "examples": EXAMPLE_COLUMNS,
}
"""Name of every table → its columns."""

OPTIONAL = ("degraded", "examples")
"""Tables that are not written if they have no rows."""


@dataclass(frozen=True)
class MetricFacts:
    """The facts of a metric that a report needs; those without a comment are as registered."""

    name: str
    label: str
    unit: str
    #: ``target`` is near the truth's own value.
    direction: Literal["higher", "lower", "target", "none"]
    description: str
    source: str
    #: How the table's value is computed: ``mean`` of one column of ``images``; ``mean_gap``, the
    #: absolute difference of two columns' means; ``mean_absolute_difference`` of two columns; ``pooled``, the
    #: mean of one column weighted by another; ``stored`` in ``cells`` under the metric's name.
    aggregate: Literal["mean", "mean_gap", "mean_absolute_difference", "pooled", "stored"]
    #: The columns that it is computed from. A ``mean`` may name a second one with the truth's own value; a
    #: ``target`` metric needs it. ``pooled`` names the value, the photo's weight (the sum of its pixels'),
    #: and the sum of their squares.
    columns: tuple[str, ...]
    unavailable: str = ""  #: Why it was not computed, or ``""``
    headline: bool = False  #: Whether it is in the report's first table
    compared: bool = False  #: Whether the report tests differences from the best method in it
    of_clips: bool = False  #: Whether it is of a clip, not of a photo
    #: Its smallest and its largest possible value; ``None`` for an infinite one, and in older runs.
    bounds: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class RunFacts:
    """``run.json``: the facts about a run."""

    command: str  #: The exact command line
    #: `started`, `seconds`: ISO 8601 time in UTC, and the duration.
    started: str
    seconds: float
    #: ``name``, ``summary``, ``root``, ``fingerprint``, ``licence``, ``source``, ``splits`` (the rule),
    #: ``caveat`` and ``photos`` (split → number).
    dataset: dict[str, Any]
    #: `protocol`, `protocol_digest`: The frozen protocol's fields, and the digest that is in every row.
    protocol: dict[str, Any]
    protocol_digest: str
    metrics: tuple[MetricFacts, ...]  #: In the order of the tables
    versions: dict[str, str]  #: Library → version
    machine: dict[str, str]  #: Processor, cores, memory, accelerator, system
    #: ``seeds``, ``budget``, ``device``, ``jobs``, ``limit``, ``split``, and the name of the ``protocol``.
    options: dict[str, Any]
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Results:
    """A finished run: its facts and its tables."""

    run: RunFacts
    cells: pd.DataFrame  #: One row per method and seed: status, seconds, memory
    images: pd.DataFrame  #: One row per method, seed and photo, with every photo-level metric
    curves: pd.DataFrame  #: One row per epoch and split of every training
    #: One row per method, metric and threshold.
    accuracy_curves: pd.DataFrame = field(default_factory=lambda: typed(pd.DataFrame(), ACCURACY_COLUMNS))
    #: One row per method, seed, degradation and photo, with every photo-level metric.
    degraded: pd.DataFrame = field(default_factory=lambda: typed(pd.DataFrame(), DEGRADED_COLUMNS))
    #: One row per method with references, seed, choice of these and photo, with every photo-level metric.
    examples: pd.DataFrame = field(default_factory=lambda: typed(pd.DataFrame(), EXAMPLE_COLUMNS))
    folder: Path = field(default_factory=Path)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by its name, in the order of `TABLES`."""
        return {name: getattr(self, name) for name in TABLES}


def typed(table: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """Return ``table`` with the schema's columns first and typed; further columns become Float64."""
    table = table.reindex(columns=[*columns, *(c for c in table.columns if c not in columns)])
    extra = {c: "Float64" for c in table.columns if c not in columns}
    return table.astype(columns | extra).reset_index(drop=True)


def write_results(results: Results, folder: Path) -> None:
    """Write a run's facts and tables, all or none, even if interrupted.

    The tables are staged first. Writing ``run.json``, with their digests, commits them. Then the tables are
    renamed; until then, they are read from their staged files.
    """
    _name_staged(folder)  # left by a killed writer
    digests = {}
    for name, table in results.tables.items():
        if name in OPTIONAL and table.empty:
            continue
        staged = folder / f"{STAGED}{name}.parquet"
        with atomic(staged) as partial:
            typed(table, TABLES[name]).to_parquet(partial, index=False)
        digests[name] = file_digest(staged)
    write_json(folder / "run.json", {**asdict(results.run), "tables": digests})
    _name_staged(folder)
    for name in OPTIONAL:
        if name not in digests:
            (folder / f"{name}.parquet").unlink(missing_ok=True)  # of an earlier run into this folder


def _name_staged(folder: Path) -> None:
    """Rename the staged tables to which ``run.json`` refers."""
    try:
        digests = json.loads((folder / "run.json").read_text(encoding="utf-8"))["tables"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # a new folder, or one written by an older version
    for name in TABLES:
        staged = folder / f"{STAGED}{name}.parquet"
        if staged.is_file() and file_digest(staged) == digests.get(name):
            staged.replace(folder / f"{name}.parquet")
    sync_folder(folder)


def facts_file(folder: Path) -> Path:
    """Return the path of a run folder's ``run.json``; raises `UserError` if it is not a run folder."""
    path = folder / "run.json"
    if not path.is_file():
        why = "it has no run.json" if folder.exists() else "it does not exist"
        raise UserError(f"'{folder}' is not a run folder: {why}")
    return path


def read_results(folder: Path) -> Results:
    """Read a run folder; missing pictures, as in a committed baseline, and damaged ones are left out.

    Raises `UserError` if it is not a run folder, a newer version wrote it, or one of its files is missing,
    damaged, or does not belong to the others.
    """
    path = facts_file(folder)
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        version = facts["schema_version"]
        if version > SCHEMA_VERSION:
            raise UserError(
                f"'{path}' has schema {version}, but this huebench reads up to {SCHEMA_VERSION}: "
                "use the huebench that wrote it, or a newer one"
            )
        stored = facts.pop("tables", {})
        known = [name for name in TABLES if name in stored or name not in OPTIONAL]
        digests = {name: stored[name] for name in known} if version >= DIGESTS_SINCE else {}
        facts["metrics"] = tuple(
            metric for each in facts["metrics"] for metric in _metric_facts(each, version)
        )
        facts["schema_version"] = SCHEMA_VERSION
        run = RunFacts(**facts)
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _damaged(path, error) from error
    tables = {
        name: _read_table(folder, name, digests.get(name))
        for name in known
        # Before schema 3 some runs had none.
        if digests or name != "accuracy_curves" or (folder / f"{name}.parquet").exists()
    }
    if version < POOLED_SINCE and "accuracy_curves" in tables:
        tables["accuracy_curves"] = tables["accuracy_curves"].replace({"metric": PER_PHOTO})
    if tables["cells"].empty:
        raise _damaged(folder / "cells.parquet", ValueError("it has no rows"))
    whole: dict[str, Any] = {name: only_whole(table, folder) for name, table in tables.items()}
    return Results(run, **whole, folder=folder)


def _read_table(folder: Path, name: str, digest: str | None) -> pd.DataFrame:
    """Return a run's table, renamed or staged: the one that matches the digest, if given."""
    path = folder / f"{name}.parquet"
    problem: Exception = ValueError("it does not match run.json")
    # A writer may rename a staged table between the first two attempts.
    for place in (path, folder / f"{STAGED}{path.name}", path) if digest else (path,):
        try:
            content = place.read_bytes()
            if digest in (None, hashlib.sha256(content).hexdigest()):
                return pd.read_parquet(io.BytesIO(content))
        except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
            problem = problem if place != path else error
    raise _damaged(path, problem) from problem


def _metric_facts(stored: dict[str, Any], version: int) -> list[MetricFacts]:
    """Return a stored metric; if its name meant another one then, that one, and why it is missing itself."""
    if version == 1:
        stored |= {flag: stored["name"] in names for flag, names in _SCHEMA_1_FLAGS.items()}
    pairs = {"columns": tuple(stored["columns"]), "bounds": tuple(stored.get("bounds") or (None, None))}
    facts = MetricFacts(**{**stored, **pairs})
    if version >= POOLED_SINCE or facts.name not in PER_PHOTO:
        return [facts]
    missing = "not measured: this run is older than its pooled definition"
    renamed = replace(
        facts, name=PER_PHOTO[facts.name], label=f"{facts.label}/photo", headline=False, compared=False
    )
    return [replace(facts, unavailable=missing), renamed]


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(f"'{path}' is missing or damaged; run the benchmark again: {error}")
