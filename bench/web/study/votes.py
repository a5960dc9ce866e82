"""Favourites: which method's colours a visitor of ``bench demo`` liked best; kept beside the answers."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .... import UserError
from ....reports.analysis.study import open_database
from .answers import prepare


@dataclass(frozen=True)
class Vote:
    """A favourite.

    Attributes
    ----------
    visitor
        Random id of a visit; no personal data is stored.
    photo
        Digest of the photo; the photo itself is not stored.
    method
        The favourite's label.
    settings
        The settings that differ from the defaults.
    among
        Labels of all methods that were shown, the favourite too.
    """

    visitor: str
    photo: str
    method: str
    settings: str
    among: tuple[str, ...]


def keep_vote(path: Path, vote: Vote) -> None:
    """Store a vote in a study's database, in place of the visitor's earlier one about the photo.

    Raises `UserError` if the file is not such a database, or cannot be written.
    """
    given = datetime.now(UTC).isoformat(timespec="seconds")
    row = (vote.visitor, vote.photo, vote.method, vote.settings, json.dumps(vote.among), given)
    try:
        with closing(sqlite3.connect(path, timeout=30)) as database, database:
            prepare(database)
            database.execute("INSERT OR REPLACE INTO votes VALUES (?, ?, ?, ?, ?, ?)", row)
    except sqlite3.Error as error:
        raise UserError(f"'{path}' cannot hold votes: {error}") from error


def favourites(path: Path) -> dict[str, tuple[int, int]]:
    """Return how often each method was the favourite, and how often it was shown; the first the most often.

    Raises `UserError` if the database is damaged.
    """
    if not path.is_file():
        return {}
    try:
        with closing(open_database(path)) as database:
            known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'votes'").fetchone()
            rows = database.execute("SELECT method, among FROM votes").fetchall() if known else []
        chosen = Counter(str(method) for method, _ in rows)
        shown = Counter(str(label) for _, among in rows for label in json.loads(among))
    except (sqlite3.Error, ValueError) as error:
        raise UserError(f"'{path}' is not a readable database of a study ({error})") from error
    return {label: (chosen[label], count) for label, count in _most_chosen(chosen, shown)}


def _most_chosen(chosen: Counter[str], shown: Counter[str]) -> Sequence[tuple[str, int]]:
    return sorted(shown.items(), key=lambda item: (-chosen[item[0]] / item[1], item[0]))
