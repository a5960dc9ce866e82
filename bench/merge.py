"""``bench merge``: joins runs of the same photos under one protocol into one run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from .. import UserError
from ..reports.analysis.joining import check_joinable, chosen_rows, join, joined_table
from ..reports.pictures import COLUMNS
from ..reports.report import STAMPED, write_report
from ..reports.tables import TABLES, Results, read_results, write_results
from .plan.cell import Cell
from .run import run_folder


def merge(runs: Sequence[Results], out: Path, command: str) -> tuple[Results, Path, dict[str, list[str]]]:
    """Join runs into a new run folder, and write its report.

    `huebench.reports.analysis.joining.chosen_rows` says what becomes of a method that several runs have.

    Parameters
    ----------
    runs
        Two or more runs, as `read_results` returns them. Committed baselines have no models, so the new run
        lacks these too.
    out
        The new run folder.
    command
        The command for the report.

    Returns
    -------
    results, report
        The new run, and the path of its page.
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
        check_joinable(runs[0], other, "merged")
    if (out / "run.json").exists():
        raise UserError(f"--out '{out}' is a run folder already: choose a new one")
    rows = chosen_rows(runs)
    with run_folder(out, otherwise="choose another --out"):
        tables = [joined_table(runs, rows, name) for name in TABLES]
        cells = pd.concat([table[["cell", "method", "run"]] for table in tables]).drop_duplicates("cell")
        for place, run in enumerate(runs):
            for table in tables:
                _copy_pictures(run, table[table["run"] == place], out)
            _copy_cells(run, cells[cells["run"] == place], out)
        write_results(replace(join(runs, rows, command), folder=out), out)
        results = read_results(out)
        write_report(results, out)
    twice = rows[rows["label"] != rows["method"]].groupby("method", sort=False)["label"]
    return (
        results,
        out / STAMPED["html"],
        {str(method): list(dict.fromkeys(labels)) for method, labels in twice},
    )


def _copy_pictures(run: Results, table: pd.DataFrame, out: Path) -> None:
    """Copy the pictures that a run keeps of some rows of a table."""
    for path in pd.unique(table.reindex(columns=list(COLUMNS)).to_numpy().ravel()):
        if isinstance(path, str):  # `read_results` keeps only paths inside the run
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.folder / path, out / path)


def _copy_cells(run: Results, cells: pd.DataFrame, out: Path) -> None:
    """Copy what a run keeps of some cells, under their new names; committed tables have nothing to copy."""
    if not (run.folder / "cells").is_dir():
        return
    for key, label in cells[["cell", "method"]].itertuples(index=False):
        cell = Cell.read(run.folder, str(key))
        given = [cell.folder, cell.model_folder, cell.prediction_folder, cell.training_sample]
        given += [planned.folder for planned in (cell.scored_as_planned, cell.learned_as_planned) if planned]
        given += [Cell.read(run.folder, cell.rescored).folder] if cell.rescored else []
        for source in given:
            _copy_tree(source, out / source.relative_to(cell.run_folder))
        if label != cell.label:
            Cell.read(out, cell.key).model_copy(update={"label": label}).write()


def _copy_tree(source: Path, target: Path) -> None:
    """Copy a file or a folder; links are left out, as they may lead out of the run folder."""
    if source.is_symlink() or not source.exists():
        return
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=_links)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(folder, name).is_symlink()]
