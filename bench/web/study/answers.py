"""The database of a study: participants, trials and answers."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from .... import UserError
from .trials import Pair, Side, Trial

TABLES = """
CREATE TABLE IF NOT EXISTS participants (
    id TEXT PRIMARY KEY,        -- random; no personal data is stored
    exposure REAL NOT NULL,     -- seconds for which each photo is shown
    started TEXT NOT NULL       -- ISO 8601, UTC
);
CREATE TABLE IF NOT EXISTS trials (
    participant TEXT NOT NULL REFERENCES participants (id),
    number INTEGER NOT NULL,    -- from 1, practice first
    practice INTEGER NOT NULL,
    cell TEXT NOT NULL,
    method TEXT NOT NULL,
    photo TEXT NOT NULL,
    colorized TEXT NOT NULL,    -- paths inside the run folder
    real TEXT NOT NULL,         -- of a duel, the other method's picture
    real_side TEXT NOT NULL CHECK (real_side IN ('left', 'right')),
    answer TEXT CHECK (answer IN ('left', 'right')),  -- the side taken for real
    seconds REAL,               -- from the end of the exposure to the answer
    shown REAL,                 -- the longer of the two exposures, as the page measured it
    other TEXT NOT NULL DEFAULT '',       -- of a duel, the method of `real`
    other_cell TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (participant, number)
);
-- Favourites of the visitors of bench demo.
CREATE TABLE IF NOT EXISTS votes (
    visitor TEXT NOT NULL,      -- random; no personal data is stored
    photo TEXT NOT NULL,        -- digest of the visitor's own photo, which is not stored
    method TEXT NOT NULL,       -- the favourite
    settings TEXT NOT NULL,
    among TEXT NOT NULL,        -- all methods that were shown, JSON
    given TEXT NOT NULL,        -- ISO 8601, UTC
    PRIMARY KEY (visitor, photo)
);
"""

VIEWS = """
DROP VIEW IF EXISTS answers;
DROP VIEW IF EXISTS preferences;
-- Answers that count: no practice, and no exposure over 1.5 times as long as intended, such as in a
-- background tab.
CREATE VIEW answers AS
    SELECT participant, cell, method, photo, exposure, answer <> real_side AS fooled
    FROM trials JOIN participants ON id = participant
    WHERE NOT practice AND answer IS NOT NULL AND shown <= 1.5 * exposure AND other = '';
-- Choices between two methods that count: whether `method` was chosen rather than `other`.
CREATE VIEW preferences AS
    SELECT participant, photo, cell, method, other_cell, other, answer <> real_side AS chosen
    FROM trials JOIN participants ON id = participant
    WHERE NOT practice AND answer IS NOT NULL AND shown <= 1.5 * exposure AND other <> '';
"""

ADDED = ("other", "other_cell")
"""Columns of trials that databases from before duels lack."""


def prepare(database: sqlite3.Connection) -> None:
    """Create what a study's database lacks."""
    database.executescript(TABLES)
    known = {row[1] for row in database.execute("PRAGMA table_info(trials)")}
    for column in ADDED:
        if column not in known:
            database.execute(f"ALTER TABLE trials ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    views = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
    if views < {"answers", "preferences"}:
        database.executescript(VIEWS)


class Answers:
    """Participants, their trials and their answers, in a SQLite file that allows concurrent writers.

    Parameters
    ----------
    path
        The file; created if missing.
    exposure
        Seconds for which each photo is shown.

    Raises
    ------
    UserError
        If the file is not such a database, cannot be written, or holds answers for another exposure.
    """

    def __init__(self, path: Path, exposure: float) -> None:
        self.exposure = exposure
        self._path = path
        try:
            with self._database() as database:
                database.execute("PRAGMA journal_mode = WAL")  # readers and a writer do not block each other
                prepare(database)
                before = {row[0] for row in database.execute("SELECT exposure FROM participants")}
        except sqlite3.Error as error:
            raise UserError(f"'{path}' cannot hold the answers of a study: {error}") from error
        if before - {exposure}:
            raise UserError(
                f"'{path}' holds answers for an exposure of {before.pop():g} s, which cannot be mixed with "
                f"{exposure:g} s: keep --exposure as it was, or move the file away"
            )

    def add(self, participant: str, trials: Sequence[Trial]) -> None:
        """Store a new participant's trials."""
        with self._database() as database:
            started = datetime.now(UTC).isoformat(timespec="seconds")
            database.execute(
                "INSERT INTO participants VALUES (?, ?, ?)", (participant, self.exposure, started)
            )
            rows = [
                (participant, trial.number, trial.practice, trial.pair.cell, trial.pair.method,
                 trial.pair.photo, trial.pair.colorized, trial.pair.real, trial.real_side,
                 trial.pair.other, trial.pair.other_cell)
                for trial in trials
            ]  # fmt: skip
            database.executemany(
                "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?, ?)", rows
            )

    def trials(self, participant: str) -> list[Trial]:
        """Return a participant's trials in order; none for an unknown participant."""
        with self._database() as database:
            rows = database.execute(
                "SELECT number, practice, real_side, "
                "cell, method, photo, colorized, real, other, other_cell "
                "FROM trials WHERE participant = ? ORDER BY number",
                (participant,),
            ).fetchall()
        return [Trial(row[0], bool(row[1]), Pair(*row[3:]), row[2]) for row in rows]

    def given(self, participant: str) -> list[Side]:
        """Return a participant's answers so far, in the order of the trials."""
        with self._database() as database:
            rows = database.execute(
                "SELECT answer FROM trials WHERE participant = ? AND answer IS NOT NULL ORDER BY number",
                (participant,),
            ).fetchall()
        return [row[0] for row in rows]

    def keep(self, participant: str, number: int, answer: Side, seconds: float, shown: float) -> bool:
        """Store an answer if the trial is the next one; return whether it was: each is answered once."""
        with self._database() as database:
            changed = database.execute(
                "UPDATE trials SET answer = ?, seconds = ?, shown = ? WHERE participant = ? AND number = "
                "(SELECT min(number) FROM trials WHERE participant = ? AND answer IS NULL) AND number = ?",
                (answer, seconds, shown, participant, participant, number),
            )
            return changed.rowcount == 1

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for one transaction."""
        with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
            yield database
