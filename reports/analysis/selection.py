"""The part of a run that a report shows: chosen methods under chosen names, columns, decimals and title."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ... import UserError
from ..tables import Results
from .hints import base_label, is_hinted

WITHOUT_WEIGHTS = "weights not found: bench weights get"
"""Start of the reason for a skipped method whose published weights are not on the machine."""

_ITEM = re.compile(r'\s*(?:([^=\[\],]+)=)?([^\[\],=]+(?:\[(?:"(?:[^"]|"")*"|[^"\]])*\])?)\s*(?:,|$)')
"""A method of `parse_methods`: its new name, if any, and its label."""


@dataclass(frozen=True)
class Selection:
    """What a report shows; by default all of it, under its own names."""

    methods: str = ""  #: As `parse_methods` reads it; empty for all
    columns: tuple[str, ...] = ()  #: Names of metrics and facts in the headline table; empty for its own
    precision: int | None = None  #: Decimals of metrics in tables; ``None``: by their size
    title: str = ""  #: Title of the report; empty for its own

    def of(self, results: Results) -> Results:
        """Return a run with the chosen methods only, under their chosen names.

        Raises `UserError` if a method is not in the run or has two new names, or if two share a name.
        """
        if not self.methods:
            return results
        hinted = results.cells[is_hinted(results.cells)]
        known = results.cells.drop(hinted.index)[["method", "name", "family"]].drop_duplicates()
        names: dict[str, str] = {}
        for wanted, name in parse_methods(self.methods):
            found = known[(known[["method", "name", "family"]] == wanted).any(axis="columns")]["method"]
            exact = [label for label in found if label == wanted] or list(found)
            if not exact:
                raise UserError(
                    f"this run has no method '{wanted}'; it has {', '.join(sorted(known['method']))}"
                )
            if name and len(exact) > 1:
                raise UserError(f"'{wanted}' stands for {len(exact)} methods: '{name}' can name only one")
            given = [names[label] for label in exact if names.get(label, label) != label]
            if name and given and given != [name]:
                raise UserError(f"'{wanted}' has two new names, '{given[0]}' and '{name}': leave one out")
            # A family after a member with a new name must not take that name away.
            names |= {label: name or names.get(label, label) for label in exact}
        if len(set(names.values())) < len(names):
            raise UserError(f"two methods of '{self.methods}' would have the same name")
        for label, hints in zip(hinted["method"], hinted["hints"], strict=True):
            if (base := base_label(str(label), int(hints))) in names:
                names[str(label)] = f"{names[base]}@{hints}"
        return only(results, names)


def only(results: Results, names: Mapping[str, str]) -> Results:
    """Return a run with some methods only: ``names`` holds the new label of each."""

    def shown(table: pd.DataFrame) -> pd.DataFrame:
        kept = table[table["method"].isin(list(names))].reset_index(drop=True)
        return kept.assign(method=kept["method"].map(dict(names)).astype("string"))

    tables: dict[str, Any] = {name: shown(table) for name, table in results.tables.items()}
    return replace(results, **tables)


def weightless(cells: pd.DataFrame) -> list[str]:
    """Return the methods that were skipped because their published weights are missing."""
    reasons = cells["reason"].astype("string").fillna("")
    lacking = (cells["status"] == "skipped") & reasons.str.startswith(WITHOUT_WEIGHTS)
    return sorted(set(cells.loc[lacking, "method"]))


ALL = Selection()  #: Shows everything


def parse_methods(text: str) -> list[tuple[str, str]]:
    """Return the methods of a list and their new names, or ``""``.

    Raises `UserError` if the list cannot be read.

    >>> parse_methods("deep, Ours=external[file=a.onnx,size=64]")
    [('deep', ''), ('external[file=a.onnx,size=64]', 'Ours')]
    """
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _ITEM.match(text, position)
        if match is None:
            raise UserError(
                f"cannot read the methods '{text[position:]}'; write labels, names or families, separated by "
                "commas, each with a new name if you like: gray,deep,Ours=pixel-knn[neighbours=3]"
            )
        found.append((match[2].strip(), (match[1] or "").strip()))
        position = match.end()
    return found
