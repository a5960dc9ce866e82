"""The failures: runs of a method that failed, and photos without a score."""

import pandas as pd

from ..analysis.material import Material
from ..blocks import Block, Heading, PlainTable, Prose
from ..tables import FOR_ALL, Results

NAMED = 5  #: Number of unscored photos that are named; the rest are counted


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if nothing failed."""
    made: list[Block] = []
    if failed := failed_cells(material.results.cells):
        columns = ("method", "seed", "status", "phase", "reason", "log")
        made.append(PlainTable(columns, tuple(failed), "Runs of a method that failed"))
    if unread := material.run.dataset.get("unreadable training photos"):
        which = ", ".join(f"{photo} ({reason})" for photo, reason in [*unread["reasons"].items()][:NAMED])
        made.append(Prose(f"{unread['number']:,} photos of the training sample cannot be read: {which}."))
    if unscored := unscored_photos(material.results):
        headings = ("method", "status", "photos", "reason", "which")
        title = "Photos without a score"
        made += [Prose(f"{title}:"), PlainTable(headings, tuple(unscored), title)]
    return [Heading("Failures"), *made] if made else []


def failed_cells(cells: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return method, seed, status, phase, reason and log of every failed cell, by method and seed."""
    wrong = cells[cells["status"] != "ok"].sort_values(["method", "seed"])
    columns = wrong[["method", "seed", "status", "phase", "reason", "log"]].astype("string").fillna("")
    return [tuple(map(str, row)) for row in columns.itertuples(index=False)]


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
