"""The fool rate of a run's human study: how often people mistake a colorized photo for the real one."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ... import UserError
from ..tables import Results
from ..text import counted
from .inference import estimates, within
from .summary import Summary

DATABASE = "study.sqlite"  #: The file in a run folder in which ``bench study`` stores the answers

LARGEST, PATIENCE = 1 << 20, 30.0
"""Size limit of a value in bytes, and time limit for reading a study in seconds."""

ENOUGH = 10  #: From this many participants on, the unit is the participant, with fewer the answer


@dataclass(frozen=True)
class Study:
    """A human study of a run."""

    rates: pd.DataFrame  #: From `fool_rates`
    #: `participants`, `answers`: The number of each, without practice.
    participants: int
    answers: int
    exposure: float  #: Seconds for which every photo was shown


def read_study(results: Results, summary: Summary) -> Study | None:
    """Return the human study of a run, or ``None`` if there are no answers.

    Answers about cells that are no longer part of the run, because the method, photos or seed have changed,
    do not count.
    """
    answers = read_answers(results)
    if answers.empty:
        return None
    rates = fool_rates(answers).reindex(
        [label for label in summary.rows.index if label in set(answers["method"])]
    )
    return Study(
        rates,
        answers["participant"].nunique(),
        len(answers),
        float(answers["exposure"].iloc[0]),
    )


def read_answers(results: Results) -> pd.DataFrame:
    """Return one row per answer: ``participant``, ``cell``, ``method``, ``photo``, ``exposure``, ``fooled``.

    Raises `UserError` if the database is damaged.
    """
    path = results.folder / DATABASE
    columns = ["participant", "cell", "method", "photo", "exposure", "fooled"]
    if not path.is_file():
        return pd.DataFrame(columns=columns)
    try:
        with closing(open_database(path)) as database:
            rows = database.execute(f"SELECT {', '.join(columns)} FROM answers").fetchall()  # noqa: S608  # ours
    except sqlite3.Error as error:
        raise UserError(damaged(path, error)) from error
    answers = pd.DataFrame(rows, columns=columns)
    kept = answers[answers["cell"].isin(results.cells["cell"])]
    return kept.sort_values(["participant", "photo"], ignore_index=True)


def damaged(path: Path, error: Exception) -> str:
    """Say that a study's database cannot be read, and what to do."""
    return (
        f"'{path}' is not a readable database of a study ({error}): restore a backup, "
        "or move the file away to write a report without the study"
    )


def copy_answers(source: Path, target: Path) -> None:
    """Copy the answers of a run folder to another folder; without any, do nothing.

    Raises `UserError` if the copy would replace answers that the run lacks, or one of the two databases is
    damaged.
    """
    path, copied = source / DATABASE, target / DATABASE
    if not path.is_file() or path.resolve() == copied.resolve():
        return
    given = "SELECT participant, photo FROM answers"
    try:
        with closing(open_database(path)) as answers:
            if copied.is_file():
                with closing(open_database(copied)) as before:
                    lost = set(before.execute(given)) - set(answers.execute(given))
                if lost:
                    raise UserError(
                        f"'{copied}' holds {counted(len(lost), 'answer')} that '{path}' lacks: move it away, "
                        "or choose another folder"
                    )
            with closing(sqlite3.connect(copied)) as copy:
                answers.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # the copy takes no answers: one file is enough
    except sqlite3.Error as error:
        raise UserError(f"cannot copy the answers of a study from '{path}' to '{copied}': {error}") from error


def fool_rates(answers: pd.DataFrame) -> pd.DataFrame:
    """Return each method's fool rate with Student's interval, from `read_answers`.

    There is one row per method: ``fool_rate``, the share of its answers that took the colorized photo for the
    real one (0…1; 0.5: indistinguishable from the truth); the ends ``low`` and ``high`` of its interval,
    NaN where all answers agree; ``answers`` and ``participants``.

    See `share` for the interval.
    """
    rows = {str(method): share(theirs, "fooled") for method, theirs in answers.groupby("method")}
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["fool_rate", "low", "high", "answers", "participants"]
    ).astype({"answers": int, "participants": int})


def open_database(path: Path) -> sqlite3.Connection:
    """Open an existing database for reading, without trusting it: its view is code and may be hostile."""
    # Without a write-ahead log there is no writer, and a reader need not create one.
    log = path.with_name(f"{path.name}-wal")
    mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    database = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)
    database.execute("PRAGMA trusted_schema = OFF")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
    until = time.monotonic() + PATIENCE
    database.set_progress_handler(lambda: time.monotonic() > until, 100_000)
    return database


def share(answers: pd.DataFrame, column: str) -> tuple[float, float, float, int, int]:
    """Return a column's mean, the ends of its interval, and how many answers and people there are.

    The values are 0…1. A person's answers are correlated, so the unit is the person once there are
    `ENOUGH` of them. They need not have answered equally often: the share is a ratio of two sums, and the
    interval uses its linearization (Cochran 1977, Sampling Techniques, 6.3). It is NaN where all answers
    agree.
    """
    people = answers["participant"].nunique()
    unit = answers["participant"] if people >= ENOUGH else answers.index
    sums = answers[column].groupby(unit).agg(["sum", "count"])
    rate = float(answers[column].mean())
    linear = rate + (sums["sum"] - rate * sums["count"]) / sums["count"].mean()
    ends = estimates(linear.to_numpy(float)[:, None]).interval()
    low, high = (float(end[0]) for end in within(*ends, np.array([rate]), (0, 1)))
    if rate in (0, 1):
        low = high = np.nan  # all answers agree, which says nothing about other people
    return rate, low, high, len(answers), people
