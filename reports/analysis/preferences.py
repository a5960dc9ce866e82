"""Preferences between methods: which of two colorizations of one photo people take for the more real one."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import scipy  # its parts load on first use

from ... import UserError
from ..tables import Results
from .inference import LEVEL, Floats
from .statistics import per_photo
from .study import DATABASE, ENOUGH, damaged, open_database, share
from .summary import Summary

COLUMNS = ("participant", "photo", "cell", "method", "other_cell", "other", "chosen")

ROUNDS = 100  #: The most rounds of Newton's method; it needs about six


@dataclass(frozen=True)
class Preferences:
    """The choices of a study between methods, and what they say."""

    scores: pd.DataFrame  #: From `bradley_terry`
    metrics: pd.DataFrame  #: From `agreement`
    participants: int
    choices: int


def read_preferences(results: Results, summary: Summary) -> Preferences | None:
    """Return the preferences of a run's study, or ``None`` if there are none."""
    choices = read_choices(results)
    known = set(map(str, summary.rows.index))
    choices = choices[choices["method"].isin(known) & choices["other"].isin(known)]
    if choices.empty:
        return None
    return Preferences(
        bradley_terry(choices),
        agreement(choices, differences(summary)),
        choices["participant"].nunique(),
        len(choices),
    )


def read_choices(results: Results) -> pd.DataFrame:
    """Return one row per choice, with `COLUMNS`: ``chosen`` is 1 if ``method`` was preferred to ``other``.

    Choices about cells that are no longer part of the run do not count.

    Raises `UserError` if the database is damaged.
    """
    path, columns = results.folder / DATABASE, list(COLUMNS)
    if not path.is_file():
        return pd.DataFrame(columns=columns)
    try:
        with closing(open_database(path)) as database:
            known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'preferences'").fetchone()
            query = f"SELECT {', '.join(columns)} FROM preferences"  # noqa: S608  # ours
            rows = database.execute(query).fetchall() if known else []
    except sqlite3.Error as error:
        raise UserError(damaged(path, error)) from error
    choices = pd.DataFrame(rows, columns=columns)
    cells = set(results.cells["cell"])
    kept = choices[choices["cell"].isin(cells) & choices["other_cell"].isin(cells)]
    return kept.sort_values(["participant", "photo"], ignore_index=True)


def bradley_terry(choices: pd.DataFrame) -> pd.DataFrame:
    """Return every method's Bradley–Terry score with its interval, the best first.

    There is one row per method: ``score``, the log-odds of being preferred to an average method, with mean 0;
    the ends ``low`` and ``high`` of its 95% interval, NaN from a single unit; ``wins`` and ``choices``.

    The model is P(i is preferred to j) = 1 / (1 + exp(s_j − s_i)) (Bradley and Terry 1952,
    doi:10.2307/2334029). So that a method that always wins has a finite score, each has half a win and half a
    loss against an average method. The errors are robust to the likeness of one person's choices: the unit is
    the participant once there are `ENOUGH` of them, with fewer the choice (Liang and Zeger 1986,
    doi:10.1093/biomet/73.1.13).
    """
    labels = sorted({*choices["method"], *choices["other"]})
    place = {label: number for number, label in enumerate(labels)}
    first, second = (choices[column].map(place).to_numpy(int) for column in ("method", "other"))
    sides = np.zeros((len(choices), len(labels)))
    sides[np.arange(len(choices)), first] = 1
    sides[np.arange(len(choices)), second] -= 1
    chosen = choices["chosen"].to_numpy(float)
    design, wanted = np.vstack([sides, np.eye(len(labels))]), np.append(chosen, np.full(len(labels), 0.5))
    scores = np.zeros(len(labels))
    for _ in range(ROUNDS):
        likely = scipy.special.expit(design @ scores)
        curvature = (design * (likely * (1 - likely))[:, None]).T @ design
        step = np.linalg.solve(curvature, design.T @ (wanted - likely))
        scores = scores + step
        if np.abs(step).max() < 1e-10:
            break
    reach = _reach(choices, sides * (chosen - scipy.special.expit(sides @ scores))[:, None], curvature)
    scores = scores - scores.mean()
    wins = np.bincount(first, chosen, len(labels)) + np.bincount(second, 1 - chosen, len(labels))
    shown = np.bincount(np.append(first, second), minlength=len(labels))
    table = {"score": scores, "low": scores - reach, "high": scores + reach, "wins": wins, "choices": shown}
    made = pd.DataFrame(table, index=pd.Index(labels, name="method"))
    return made.astype({"wins": int, "choices": int}).sort_values("score", ascending=False)


def differences(summary: Summary) -> dict[str, pd.DataFrame]:
    """Return by how much each method is better by each metric with a direction: photo × method → value."""
    found = {}
    for metric in summary.metrics:
        values = per_photo(summary.images, metric)
        if values is not None and metric.direction in ("higher", "lower"):
            found[metric.name] = values.astype(float) * (1 if metric.direction == "higher" else -1)
    return found


def agreement(choices: pd.DataFrame, values: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how well each metric agrees with people's choices, the best first.

    There is one row per metric: ``agreement``, the share of choices for the method that the metric prefers
    (ties count half; 0.5 is chance), with the ends ``low`` and ``high`` of Student's interval as for fool
    rates; and ``correlation``, Spearman's, of the metric's difference with the choice, with the ends
    ``correlation_low`` and ``correlation_high`` by Fisher's transformation, as if choices were independent.
    """
    rows = {}
    sign = 2 * choices["chosen"].to_numpy(float) - 1
    for name, table in values.items():
        gaps = np.array([
            _value(table, photo, one) - _value(table, photo, other)
            for photo, one, other in choices[["photo", "method", "other"]].itertuples(index=False)
        ])  # fmt: skip
        known = np.isfinite(gaps)
        if known.sum() < 2:
            continue
        agrees = (np.sign(gaps[known]) * sign[known] + 1) / 2
        rate, low, high, count, _ = share(choices[known].assign(agrees=agrees), "agrees")
        rows[name] = (rate, low, high, *_correlation(gaps[known], sign[known]), count)
    columns = [
        "agreement", "low", "high", "correlation", "correlation_low", "correlation_high", "choices",
    ]  # fmt: skip
    made = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("metric")
    return made.sort_values("agreement", ascending=False, kind="stable")


def disputes(summary: Summary, labels: list[str]) -> pd.DataFrame:
    """Return how much metrics disagree about pairs of methods: ``photo``, ``a``, ``b``, ``dispute``.

    A metric's difference is divided by its standard deviation over all pairs. The dispute is the smaller of
    the largest difference for ``a`` and the largest for ``b``: 0 where all metrics prefer the same method.
    """
    tables = [table[labels] for table in differences(summary).values() if set(labels) <= set(table)]
    rows = []
    for a, b in combinations(labels, 2):
        gaps = pd.DataFrame({number: table[a] - table[b] for number, table in enumerate(tables)})
        rows.append(gaps.assign(a=a, b=b).set_index(["a", "b"], append=True))
    if not tables or not rows:
        return pd.DataFrame(columns=["photo", "a", "b", "dispute"])
    every = pd.concat(rows).replace([np.inf, -np.inf], np.nan)
    scaled = every / np.sqrt((every**2).mean())
    dispute = np.minimum(scaled.max(axis="columns"), -scaled.min(axis="columns")).clip(lower=0).fillna(0)
    made: pd.DataFrame = dispute.rename("dispute").rename_axis(["photo", "a", "b"]).reset_index()
    return made


def _reach(choices: pd.DataFrame, gradients: Floats, curvature: Floats) -> Floats:
    """Return half the widths of the intervals of centred scores."""
    people = choices["participant"].nunique()
    unit = choices["participant"].to_numpy() if people >= ENOUGH else np.arange(len(choices))
    sums = pd.DataFrame(gradients).groupby(unit).sum().to_numpy(float)
    units, methods = sums.shape
    if units < 2:
        return np.full(methods, np.nan)
    inverse = np.linalg.inv(curvature)
    centre = np.eye(methods) - 1 / methods
    spread = centre @ inverse @ (sums.T @ sums) @ inverse @ centre * units / (units - 1)
    reach: Floats = scipy.stats.t.ppf((1 + LEVEL) / 2, units - 1) * np.sqrt(np.diag(spread))
    return reach


def _value(table: pd.DataFrame, photo: str, label: str) -> float:
    return float(table[label].get(photo, np.nan)) if label in table else np.nan


def _correlation(gaps: Floats, sign: Floats) -> tuple[float, float, float]:
    """Return Spearman's correlation and the ends of its interval; NaN where one side is constant."""
    if len(gaps) < 4 or not np.ptp(gaps) or not np.ptp(sign):
        return np.nan, np.nan, np.nan
    value = float(scipy.stats.spearmanr(gaps, sign).statistic)
    reach = scipy.stats.norm.ppf((1 + LEVEL) / 2) / np.sqrt(len(gaps) - 3)
    middle = np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    return value, float(np.tanh(middle - reach)), float(np.tanh(middle + reach))
