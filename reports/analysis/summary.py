"""From a run's tables to one row per method: means over scored photos, coverage, spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ..tables import FOR_ALL, MetricFacts, Results
from ..text import decimals_for
from .units import by_clip, has_clips

GROUPS = ("baseline", "classical", "deep", "published", "hinted", "exemplar")
"""The families in the order of every table; oracles follow, and the truth comes last."""

HELPED = ("hinted", "exemplar")  #: The families that are given some of the true colour

COSTS = ("images_per_second", "parameter_count", "fit_seconds", "peak_memory_mb", "model_mb")
"""Columns of ``cells`` that say what a method costs; a method's is the mean over its seeds."""

MOST_CATEGORIES = 24  #: Categories of a report, at most

LEAD = "auc"  #: The leading metric of charts and gallery: unlike PSNR, it does not favour the dullest answer


@dataclass(frozen=True)
class Summary:
    """The results of a run's methods on all or some of its photos.

    The three tables share their index, the methods' labels: baselines, classical and deep methods by
    name, then the oracles. The order is not a ranking, because no single metric ranks methods.
    """

    #: The metrics of the columns; those that cannot be computed for these photos are left out.
    metrics: tuple[MetricFacts, ...]
    #: ``name``, ``family``, ``oracle``, ``seeds`` (how many), ``status``; photos ``expected``, ``scored`` and
    #: ``undecodable`` (or left out by the protocol), all seeds together, and ``coverage`` (scored /
    #: expected); and the method's cost, `COSTS`, missing where unknown.
    rows: pd.DataFrame
    #: One column per metric: the aggregate over scored photos, averaged over the seeds that scored any.
    scores: pd.DataFrame
    spread: pd.DataFrame  #: The same shape: standard deviation over seeds, missing for a single seed
    truth: pd.Series[float]  #: The truth's own value of every metric, missing where it has none
    photos: int  #: Number of photos
    #: The rows of `Results.images` for these photos, with the columns of `metrics`, ``cell``, ``method``,
    #: ``photo`` and ``status`` at least; of clips, one row per clip, from `units.by_clip`.
    images: pd.DataFrame
    unit: Literal["photo", "clip"] = "photo"  #: What is counted, averaged and tested
    precision: int | None = None  #: Decimals of metrics in tables; ``None``: by their size

    @property
    def lead(self) -> MetricFacts | None:
        """The metric of charts and gallery, or ``None`` if it was not computed."""
        return next((metric for metric in self.metrics if metric.name == LEAD), None)

    @property
    def compared(self) -> list[MetricFacts]:
        """The metrics by which methods are compared, the leading one first."""
        return sorted((metric for metric in self.metrics if metric.compared), key=lambda m: m.name != LEAD)

    @property
    def groups(self) -> dict[str, str]:
        """Label → ``oracle``, or the method's family; hinted and exemplar methods do not compete either."""
        rows = zip(self.rows.index, self.rows["family"], self.rows["oracle"], strict=True)
        return {
            str(label): "oracle" if oracle and family not in HELPED else str(family)
            for label, family, oracle in rows
        }

    @property
    def complete(self) -> bool:
        """Whether every method succeeded and scored every photo."""
        return bool(
            (self.rows["status"] == "ok").all() and (self.rows["scored"] == self.rows["expected"]).all()
        )

    def decimals(self, metric: MetricFacts) -> int:
        """Return the number of decimals to show for a metric."""
        if self.precision is not None:
            return self.precision
        values = [*self.scores[metric.name], self.truth[metric.name]]
        return decimals_for(max((abs(value) for value in values if np.isfinite(value)), default=0))

    def contenders(self) -> pd.Index[str]:
        """Return the labels of methods that may be called best: no oracles, every decodable photo scored."""
        missing = self.rows["expected"] - self.rows["undecodable"] - self.rows["scored"]
        return self.rows.index[~self.rows["oracle"] & (missing <= 0) & (self.rows["scored"] > 0)]

    def badness(self, metric: MetricFacts) -> pd.Series[float]:
        """Return every contender's distance from the best possible value: the smallest is the best.

        It is empty for a metric without a direction, or with an unknown target.
        """
        values = self.scores.loc[self.contenders(), metric.name].dropna()
        if metric.direction == "lower":
            return values
        if metric.direction == "higher":
            return -values
        if metric.direction == "target":
            return (values - self.truth[metric.name]).abs().dropna()
        return values.iloc[:0]

    def table(self) -> pd.DataFrame:
        """Return rows, scores and spread side by side, as in the CSV report."""
        spread = self.spread.dropna(axis="columns", how="all").add_suffix("_spread")
        return pd.concat([self.rows, self.scores, spread], axis="columns")


def summarize(results: Results, *, near_grey: bool = True, category: str | None = None) -> Summary:
    """Aggregate a run to one row per method, over some of its photos.

    Parameters
    ----------
    results
        The run. A method that scored none of the photos stays as a row without values.
    near_grey
        Whether photos known to be near-grey count; if unknown, they always count.
    category
        Count only the photos of this category.
    """
    unit: Literal["photo", "clip"] = "clip" if has_clips(results) else "photo"
    results = by_clip(results)
    # Known from any cell.
    photos = results.images.groupby("photo", sort=True)[["near_grey", "category"]].first()
    keep = pd.Series(data=True, index=photos.index)
    if not near_grey:
        keep &= ~photos["near_grey"].fillna(value=False).astype(bool)
    if category is not None:
        keep &= photos["category"] == category
    whole = bool(keep.all()) and category is None
    metrics = tuple(
        metric
        for metric in results.run.metrics
        if not metric.unavailable and (whole or metric.aggregate != "stored")
    )
    # In a large run, copies of all columns, or of the rows of all cells at once, take most of the memory.
    needed = {"cell", "method", "photo", "status"}.union(*(metric.columns for metric in metrics))
    columns = [name for name in results.images if name in needed]
    counted = results.images
    if not whole:
        counted = counted.loc[counted["photo"].isin(keep.index[keep]), columns]
    scored = counted.loc[counted["status"] == "ok", columns]
    places = scored.groupby("cell").indices
    cells = _ordered(results.cells)
    total = int(cells["expected"].max()) if cells["expected"].notna().any() else len(photos)
    expected = int(keep.sum()) if category is not None else total - int((~keep).sum())
    values = pd.DataFrame(
        [_values(metrics, cell, scored.iloc[places.get(cell["cell"], [])]) for _, cell in cells.iterrows()],
        index=cells["method"],
        columns=[metric.name for metric in metrics],
        dtype=float,
    )
    counts = counted.groupby(["cell", "status"]).size()
    for statuses, column in ((("ok",), "scored"), (FOR_ALL, "undecodable")):
        cells[column] = [
            sum(int(counts.get((cell, status), 0)) for status in statuses) for cell in cells["cell"]
        ]
    grouped = values.groupby(level=0, sort=False)
    return Summary(
        metrics=metrics,
        rows=_rows(cells.assign(expected=expected)),
        scores=grouped.mean(),
        spread=grouped.std(),
        truth=_truth(scored, metrics),
        photos=expected,
        images=counted,
        unit=unit,
    )


def categories(results: Results) -> list[str]:
    """Return the photos' categories, sorted; empty if there are fewer than two.

    Of more than `MOST_CATEGORIES`, those with the most photos: ImageNet's thousand would take minutes, and
    hundreds of tables.
    """
    photos = count_by_category(results)
    names = sorted(sorted(photos, key=lambda name: (-photos[name], name))[:MOST_CATEGORIES], key=str.casefold)
    return names if len(names) > 1 else []


def count_by_category(results: Results) -> dict[str, int]:
    """Return the number of photos of every category."""
    own = results.images.drop_duplicates("photo")["category"].dropna().astype(str)
    return {str(name): int(count) for name, count in own[own != ""].value_counts().items()}


def _ordered(cells: pd.DataFrame) -> pd.DataFrame:
    group = cells["family"].map({name: number for number, name in enumerate(GROUPS)}).fillna(len(GROUPS))
    keys = pd.DataFrame({"oracle": cells["oracle"], "group": group, "method": cells["method"]})
    return cells.loc[keys.assign(seed=cells["seed"]).sort_values(["oracle", "group", "method", "seed"]).index]


def _values(metrics: Sequence[MetricFacts], cell: pd.Series[float], photos: pd.DataFrame) -> list[float]:
    """Return a cell's value of every metric."""
    return [_value(metric, cell, photos) for metric in metrics]


def _value(metric: MetricFacts, cell: pd.Series[float], photos: pd.DataFrame) -> float:
    """Return a cell's value of a metric; NaN if it scored no photo."""
    if metric.aggregate == "stored":
        value = cell.get(metric.name)
        return np.nan if pd.isna(value) else float(value)
    if photos.empty:
        return np.nan
    # One missing value makes the mean missing: means over fewer photos are not comparable.
    columns = photos.reindex(columns=list(metric.columns)).to_numpy(float, na_value=np.nan)
    if metric.aggregate == "mean":
        return float(columns[:, 0].mean())
    if metric.aggregate == "pooled":
        return float((columns[:, 0] * columns[:, 1]).sum() / columns[:, 1].sum())
    if metric.aggregate == "mean_gap":
        return float(abs(columns[:, 0].mean() - columns[:, 1].mean()))
    return float(abs(columns[:, 0] - columns[:, 1]).mean())


def _truth(scored: pd.DataFrame, metrics: tuple[MetricFacts, ...]) -> pd.Series[float]:
    """Return the truth's own mean over the photos that any method scored."""
    names = {m.name: m.columns[1] for m in metrics if m.aggregate == "mean" and len(m.columns) == 2}
    values = scored.reindex(columns=["photo", *names.values()]).groupby("photo").first().astype(float)
    own = values.mean(skipna=False)  # as for methods
    return pd.Series({m.name: own.get(names.get(m.name, ""), np.nan) for m in metrics}, dtype=float)


def _rows(cells: pd.DataFrame) -> pd.DataFrame:
    grouped = cells.groupby("method", sort=False)
    rows = grouped[["name", "family", "oracle"]].first()
    rows["seeds"] = grouped.size()
    rows["status"] = grouped["status"].agg(_status)
    for name in ("expected", "scored", "undecodable"):
        rows[name] = grouped[name].sum().astype(int)
    rows["coverage"] = rows["scored"] / rows["expected"].where(rows["expected"] > 0)
    for name in COSTS:  # older runs lack some
        rows[name] = grouped[name].mean().astype(float) if name in cells else np.nan
    return rows


def _status(statuses: pd.Series[str]) -> str:
    """Return ``ok`` if every seed is ok, else the failures and how many seeds they hit."""
    wrong = statuses[statuses != "ok"]
    if wrong.empty:
        return "ok"
    names = ", ".join(sorted(set(wrong)))
    return names if len(statuses) == 1 else f"{names} ({len(wrong)} of {len(statuses)} seeds)"
