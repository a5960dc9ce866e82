"""Joins runs of the same photos under one protocol into one table of methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ... import UserError
from ..tables import TABLES, MetricFacts, Results, RunFacts, typed
from ..text import in_words
from .comparison import check_same, differences
from .hints import base_label, is_hinted

SAME_TRAINING = ("train_on", "budget")
"""Options that a table's methods must share, besides protocol and photos: what they learned from."""

AGAIN = ["method", "seed"]
"""Columns of ``cells`` that name a row of results: a run holds each pair once."""


def check_joinable(one: Results, other: Results, purpose: str) -> None:
    """Refuse runs whose methods do not belong in one table.

    Raises `UserError`, naming the fields that differ with both values, if the protocol, the photos or what
    methods learned from differs; ``purpose`` is what the runs cannot be, such as ``merged``.
    """
    check_same(one, other, purpose)
    learned = [
        {**{name: run.options.get(name) or "" for name in SAME_TRAINING}, "learned from": _learned(run)}
        for run in (one.run, other.run)
    ]
    if apart := differences(*learned):
        raise UserError(
            f"'{one.folder}' and '{other.folder}' cannot be {purpose}, because their methods were trained "
            f"differently ({', '.join(apart)}): run both with the same options"
        )


def chosen_rows(runs: Sequence[Results]) -> pd.DataFrame:
    """Return the rows of ``cells`` that the joined table gets.

    A result that several runs share, with the same key, is there once. If a method failed in one run and
    succeeded in another, only the success is. Results of one method and seed with different keys, or with
    different code, are all there, each under the method's name followed by the run's in brackets; the number
    of hints stays at the end: ``levin (anna)@20``.

    Parameters
    ----------
    runs
        Runs that `check_joinable` accepts.

    Returns
    -------
    pandas.DataFrame
        ``cell``, ``method``, ``seed``, ``hints``, ``status`` and ``code`` as in the runs; ``run``, the place
        of the row's run in the list; and ``label``, the method's name in the joined table.
    """
    columns = ["cell", "method", "seed", "hints", "status", "code"]
    rows = pd.concat(
        [run.cells.reindex(columns=columns).assign(run=place) for place, run in enumerate(runs)],
        ignore_index=True,
    )
    ok = rows["status"] == "ok"
    succeeded = pd.MultiIndex.from_frame(rows.loc[ok, AGAIN])
    failed = rows[~ok & ~pd.MultiIndex.from_frame(rows[AGAIN]).isin(succeeded)]
    rows = pd.concat([rows[ok].drop_duplicates("cell"), failed.drop_duplicates(AGAIN)]).sort_index()
    own = rows["method"].astype(str)
    counts = rows["hints"].where(is_hinted(rows), 0).astype(int)
    base = pd.Series([base_label(*each) for each in zip(own, counts, strict=True)], rows.index, dtype=str)
    again = set(base[rows.duplicated(AGAIN)])
    codes = rows.groupby(base)["code"].nunique()
    apart = base.isin(again | set(codes.index[codes > 1]))
    names = rows["run"].map(dict(enumerate(run_names(runs))))
    hints = [label.removeprefix(method) for label, method in zip(own, base, strict=True)]
    rows["label"] = own.where(~apart, base + " (" + names + ")" + hints)
    if rows.duplicated(["label", "seed"]).any():
        raise UserError("these runs hold a method several times under one name: merge two of them first")
    return rows


def join(runs: Sequence[Results], rows: pd.DataFrame, command: str) -> Results:
    """Return one run of several: the tables of some rows, from `chosen_rows`, and the facts of all runs.

    A fact that differs between the runs is a text with every value. ``command`` is the command of the new
    run; those of the runs are in its options, under ``merged``.
    """
    tables: dict[str, Any] = {name: joined_table(runs, rows, name).drop(columns="run") for name in TABLES}
    return Results(_facts(runs, rows, command), **tables)


def joined_table(runs: Sequence[Results], rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return one table of all runs, with the methods' names in the joined run.

    Parameters
    ----------
    runs
        The runs.
    rows
        Their `chosen_rows`: what belongs to other rows of ``cells`` is left out.
    name
        The table, from `huebench.reports.tables.TABLES`.

    Returns
    -------
    pandas.DataFrame
        The table's columns, and ``run``, the place of the row's run in the list. Of a result that several
        runs hold with the same key, the rows are those of the first run in which it succeeded, or else of
        the first run.
    """
    parts = []
    for place, run in enumerate(runs):
        table = run.tables[name]
        labels = _labels(run, table, rows[rows["run"] == place], rows.set_index("cell")["label"])
        part = typed(table.assign(method=table["cell"].map(labels)), TABLES[name])
        parts.append(part[part["method"].notna()].assign(run=place))
    joined = pd.concat(parts, ignore_index=True)
    good = joined[joined["status"] == "ok"] if "status" in joined else joined
    first = pd.concat([good, joined]).drop_duplicates("cell").set_index("cell")["run"]
    return joined[joined["run"] == joined["cell"].map(first)].reset_index(drop=True)


def run_names(runs: Sequence[Results]) -> list[str]:
    """Return a name for each run: its folder's, its parent folder's too, or a number."""
    folders = [run.folder.resolve() for run in runs]
    short, long = [path.name for path in folders], [f"{path.parent.name}/{path.name}" for path in folders]
    numbers = [f"run {number}" for number in range(1, len(runs) + 1)]
    return next(names for names in (short, long, numbers) if len(set(names)) == len(runs))


def _learned(run: RunFacts) -> str:
    return str(run.dataset.get("learned from", {}).get("fingerprint", ""))


def _labels(
    run: Results, table: pd.DataFrame, chosen: pd.DataFrame, labels: pd.Series[str]
) -> dict[str, str | None]:
    """Return the names in the joined run of the cells in a run's table; none for those that are left out.

    A cell that is not in ``cells``, such as that of a degradation, has the name of its method and seed, or,
    with a seed that only it has, of its method.
    """
    kept = (run.cells["status"] == "ok") | run.cells["cell"].isin(chosen["cell"])
    named = run.cells.assign(label=run.cells["cell"].map(labels).where(kept))
    by_seed = named.set_index(AGAIN)["label"].to_dict()
    by_method = named[kept].drop_duplicates("method").set_index("method")["label"].to_dict()
    own = table.drop_duplicates("cell")[["cell", *AGAIN]].itertuples(index=False)
    return {cell: by_seed.get((method, seed), by_method.get(method)) for cell, method, seed in own}


def _facts(runs: Sequence[Results], rows: pd.DataFrame, command: str) -> RunFacts:
    facts = [run.run for run in runs]
    seeds = sorted({seed for each in facts for seed in each.options.get("seeds", ())})
    merged = {name: each.command for name, each in zip(run_names(runs), facts, strict=True)}
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
