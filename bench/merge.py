"""``bench merge``: joins runs of the same photos under one protocol into one run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from .. import UserError
from ..reports.analysis.comparison import check_same, differences
from ..reports.pictures import COLUMNS
from ..reports.report import write_report
from ..reports.tables import TABLES, MetricFacts, Results, RunFacts, read_results, typed, write_results
from ..reports.text import in_words
from .plan.cell import Cell
from .run import run_folder

SAME_TRAINING = ("train_on", "budget")
"""Options that a table's methods must share, besides protocol and photos: what they learned from."""

AGAIN = ["method", "seed"]
"""Columns of ``cells`` that name a row of results: a run holds each pair once."""


def merge(runs: Sequence[Results], out: Path, command: str) -> tuple[Results, Path, dict[str, list[str]]]:
    """Join runs into a new run folder, and write its report.

    A result that several runs share, with the same key, is taken once. If a method failed in one run and
    succeeded in another, only the success is taken. Results of one method that differ in their code,
    libraries or machine are all kept, each under the method's name followed by the run's in brackets.

    Parameters
    ----------
    runs
        Two or more runs, as `read_results` returns them. Committed baselines have no models, so neither
        has their part of the new run.
    out
        The new run folder.
    command
        The command for the report.

    Returns
    -------
    results, report
        The new run, and the path of its report.
    renamed
        Method → its names in the new run, for methods that are kept several times.

    Raises
    ------
    UserError
        If the runs differ in protocol, photos or training, or ``out`` is a run folder already.
    """
    if len(runs) < 2:
        raise UserError("a merge needs two runs or more")
    for other in runs[1:]:
        check_mergeable(runs[0], other)
    if (out / "run.json").exists():
        raise UserError(f"--out '{out}' is a run folder already: choose a new one")
    rows = _chosen(runs)
    with run_folder(out, otherwise="choose another --out"):
        for place, chosen in rows.groupby("run"):
            _copy(runs[int(str(place))], chosen, out)
        tables = {name: _joined_table(runs, rows, name) for name in TABLES}
        write_results(Results(_facts(runs, rows, command), **tables, folder=out), out)
        results = read_results(out)
        report = write_report(results, out)
    twice = rows[rows["label"] != rows["method"]].groupby("method", sort=False)["label"]
    return results, report, {str(method): list(dict.fromkeys(labels)) for method, labels in twice}


def check_mergeable(one: Results, other: Results) -> None:
    """Refuse runs whose methods do not belong in one table.

    Raises `UserError`, naming the fields that differ with both values, if the protocol, the photos or what
    methods learned from differs.
    """
    check_same(one, other, "merged")
    learned = [
        {**{name: run.options.get(name) or "" for name in SAME_TRAINING}, "learned from": _learned(run)}
        for run in (one.run, other.run)
    ]
    if apart := differences(*learned):
        raise UserError(
            f"'{one.folder}' and '{other.folder}' cannot be merged, because their methods were trained "
            f"differently ({', '.join(apart)}): run both with the same options"
        )


def _learned(run: RunFacts) -> str:
    return str(run.dataset.get("learned from", {}).get("fingerprint", ""))


def _chosen(runs: Sequence[Results]) -> pd.DataFrame:
    """Return the rows of ``cells`` that the new run gets, with their ``run``'s place and their new ``label``."""
    columns = ["cell", "method", "seed", "status", "code"]
    rows = pd.concat(
        [run.cells.reindex(columns=columns).assign(run=place) for place, run in enumerate(runs)],
        ignore_index=True,
    )
    ok = rows["status"] == "ok"
    succeeded = pd.MultiIndex.from_frame(rows.loc[ok, AGAIN])
    failed = rows[~ok & ~pd.MultiIndex.from_frame(rows[AGAIN]).isin(succeeded)]
    rows = pd.concat([rows[ok].drop_duplicates("cell"), failed.drop_duplicates(AGAIN)]).sort_index()
    again = set(rows.loc[rows.duplicated(AGAIN), "method"])
    codes = rows.groupby("method")["code"].nunique()
    apart = rows["method"].isin(again | set(codes.index[codes > 1]))
    names = rows["run"].map(dict(enumerate(_names(runs))))
    own = rows["method"].astype(str)
    rows["label"] = own.where(~apart, own + " (" + names + ")")
    if rows.duplicated(["label", "seed"]).any():
        raise UserError("these runs hold a method several times under one name: merge two of them first")
    return rows


def _names(runs: Sequence[Results]) -> list[str]:
    """Return a name for each run: its folder's, its parent folder's too, or a number."""
    folders = [run.folder.resolve() for run in runs]
    short, long = [path.name for path in folders], [f"{path.parent.name}/{path.name}" for path in folders]
    numbers = [f"run {number}" for number in range(1, len(runs) + 1)]
    return next(names for names in (short, long, numbers) if len(set(names)) == len(runs))


def _joined_table(runs: Sequence[Results], rows: pd.DataFrame, name: str) -> pd.DataFrame:
    parts = []
    for place, run in enumerate(runs):
        labels = rows[rows["run"] == place].set_index("cell")["label"]
        table: pd.DataFrame = getattr(run, name)
        part = table[table["cell"].isin(labels.index)]
        parts.append(typed(part.assign(method=part["cell"].map(labels)), TABLES[name]))
    return pd.concat(parts, ignore_index=True)


def _facts(runs: Sequence[Results], rows: pd.DataFrame, command: str) -> RunFacts:
    facts = [run.run for run in runs]
    seeds = sorted({seed for each in facts for seed in each.options.get("seeds", ())})
    merged = [f"{name}: {each.command}" for name, each in zip(_names(runs), facts, strict=True)]
    trained_on: dict[str, Any] = {}
    for place, each in enumerate(facts):
        labels = rows[rows["run"] == place].drop_duplicates("method").set_index("method")["label"]
        known = each.dataset.get("shipped weights trained on", {})
        trained_on |= {labels[method]: count for method, count in known.items() if method in labels.index}
    return replace(
        facts[0],
        command=command,
        started=min(each.started for each in facts),
        seconds=round(sum(each.seconds for each in facts), 1),
        dataset={**facts[0].dataset, "shipped weights trained on": trained_on},
        metrics=_metrics(facts),
        versions=_in_one([each.versions for each in facts]),
        machine=_in_one([each.machine for each in facts]),
        options={**_in_one([each.options for each in facts]), "seeds": seeds, "merged": merged},
    )


def _metrics(facts: Sequence[RunFacts]) -> tuple[MetricFacts, ...]:
    """Return the metrics of all runs; one that a single run could compute counts as available."""
    known: dict[str, MetricFacts] = {}
    for metric in (metric for each in facts for metric in each.metrics):
        if metric.name not in known or (known[metric.name].unavailable and not metric.unavailable):
            known[metric.name] = metric
    return tuple(known.values())


def _in_one(facts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return facts of several runs as one; a fact that differs is a text with every value."""
    made = {}
    for key in dict.fromkeys(key for each in facts for key in each):
        values = [each[key] for each in facts if key in each]
        same = all(value == values[0] for value in values)
        made[key] = values[0] if same else " / ".join(dict.fromkeys(map(in_words, values)))
    return made


def _copy(run: Results, rows: pd.DataFrame, out: Path) -> None:
    """Copy what a run keeps of some cells; committed tables have nothing to copy."""
    chosen = run.images[run.images["cell"].isin(rows["cell"])].reindex(columns=list(COLUMNS))
    for path in pd.unique(chosen.to_numpy().ravel()):
        if isinstance(path, str):  # `read_results` keeps only paths inside the run
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.folder / path, out / path)
    for key, label in rows[["cell", "label"]].itertuples(index=False):
        if not (run.folder / "cells").is_dir():
            return
        cell = Cell.read(run.folder, str(key))
        given = [cell.folder, cell.model_folder, cell.prediction_folder, cell.training_sample]
        given += [run.folder / "shared" / name for name in (cell.dataset_key, cell.training_key) if name]
        given += [run.folder / "cells" / cell.rescored] if cell.rescored else []
        for source in given:
            _copy_tree(source, out / source.relative_to(cell.run_folder))
        if label != cell.label:
            Cell.read(out, cell.key).model_copy(update={"label": label}).write()


def _copy_tree(source: Path, target: Path) -> None:
    """Copy a file or a folder; links are left out, as they may lead out of the run folder."""
    if source.is_symlink() or not source.exists():
        return
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=_links)


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(folder, name).is_symlink()]
