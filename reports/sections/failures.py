"""The failures: runs of a method that failed, and photos without a score."""

from __future__ import annotations

import pandas as pd

from ..analysis.material import Material
from ..analysis.selection import weightless
from ..blocks import Block, Code, Heading, PlainTable, Prose, Text
from ..tables import FOR_ALL, Results
from ..text import counted

ORDER = 190  #: Place in the report

NAMED = 5  #: Number of unscored photos that are named; the rest are counted


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if nothing failed."""
    made: list[Block] = []
    if failed := failed_cells(material.with_hints.cells):
        columns = ("method", "seed", "status", "phase", "reason", "log")
        made.append(PlainTable(columns, tuple(failed), "Runs of a method that failed"))
    if material.weightless:
        made.append(Prose(weightless_in_words(material.weightless)))
    if unread := material.run.dataset.get("unreadable training photos"):
        which = ", ".join(f"{photo} ({reason})" for photo, reason in [*unread["reasons"].items()][:NAMED])
        made.append(
            Prose(f"{counted(unread['number'], 'photo')} of the training sample cannot be read: {which}.")
        )
    if unscored := unscored_photos(material.with_hints):
        headings = ("method", "status", "photos", "reason", "which")
        title = "Photos without a score"
        made += [Prose(f"{title}:"), PlainTable(headings, tuple(unscored), title)]
    return [Heading("Failures"), *made] if made else []


def failed_cells(cells: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return method, seed, status, phase, reason and log of every failed cell, by method and seed.

    Methods without their weights are left out; see `weightless`.
    """
    told = cells["method"].isin(weightless(cells))
    wrong = cells[(cells["status"] != "ok") & ~told].sort_values(["method", "seed"])
    columns = wrong[["method", "seed", "status", "phase", "reason", "log"]].astype("string").fillna("")
    return [tuple(map(str, row)) for row in columns.itertuples(index=False)]


def weightless_in_words(names: list[str]) -> Text:
    """Return a line about the methods that were skipped because their weights are missing."""
    which = f"{len(names)} methods were" if len(names) > 1 else f"{names[0]} was"
    their = "their" if len(names) > 1 else "its"
    listed = Code("bench weights list")
    return (f"{which} skipped: {their} weights are missing; ", listed, " shows how to get them")


def unscored_photos(results: Results) -> list[tuple[str, ...]]:
    """Return method, status, count, reason and photos, one row per reason.

    A photo that could not be decoded, or that the protocol leaves out, is listed once for all methods.
    """
    wrong = results.images[results.images["status"] != "ok"]
    groups: dict[tuple[str, str, str], set[str]] = {}
    for row in wrong[["method", "status", "reason", "photo"]].itertuples(index=False):
        method, status, reason, photo = ("" if pd.isna(value) else str(value) for value in row)
        groups.setdefault(("all" if status in FOR_ALL else method, status, reason), set()).add(photo)
    return [
        (method, status, f"{len(photos):,}", reason, _which(sorted(photos)))
        for (method, status, reason), photos in sorted(groups.items())
    ]


def _which(photos: list[str]) -> str:
    named = ", ".join(photos[:NAMED])
    rest = len(photos) - NAMED
    return named if rest <= 0 else f"{named} and {rest:,} more (all are in images.parquet)"
