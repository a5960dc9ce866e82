"""What each degradation of the input costs each method, against the same method on the same clean photos."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..tables import MetricFacts, Results
from .inference import benjamini_yekutieli
from .statistics import contributions, paired
from .summary import Summary
from .units import by_clip

COLUMNS = ("loss", "low", "high", "error", "freedom", "p", "p_adjusted")
"""Columns of the losses of a run in which nothing can be compared."""

INDEX = ("metric", "method", "degradation")  #: Names of the index of the losses


@dataclass(frozen=True)
class Robustness:
    """The losses of every method under every degradation."""

    degradations: tuple[str, ...]  #: In the order of the run
    metrics: tuple[MetricFacts, ...]  #: The metrics that are compared and have a direction
    #: Indexed by `INDEX`: the columns of `statistics.paired` for ``loss`` (there ``difference``), positive if
    #: the method is worse on degraded photos, with its 95% interval ``low``, ``high``; and ``p_adjusted``
    #: over the whole table (Benjamini and Yekutieli).
    losses: pd.DataFrame
    #: Method and degradation → why there is nothing to compare.
    missing: dict[tuple[str, str], str]
    pictures: pd.DataFrame  #: The rows of `Results.degraded` whose pictures were kept

    def table(self, metric: str, column: str) -> pd.DataFrame:
        """Return a column of the losses of one metric: one row per method, one column per degradation."""
        own = self.losses[column][self.losses.index.get_level_values("metric") == metric].droplevel("metric")
        methods = own.index.get_level_values("method").unique()
        table = own.unstack("degradation")  # noqa: PD010  # a Series has no pivot_table
        return table.reindex(index=methods, columns=list(self.degradations))


def robustness(results: Results, summary: Summary) -> Robustness | None:
    """Compare a run's degraded cells with its clean ones, photo by photo; ``None`` if it has none.

    The photos are those that a method scored both clean and degraded. Near-grey ones count. Several seeds are
    averaged photo by photo, and what other seeds would have changed counts in the intervals, as everywhere.
    """
    degraded = results.degraded
    if degraded.empty:
        return None
    names = tuple(map(str, degraded["degradation"].unique()))
    metrics = tuple(each for each in summary.compared if each.direction in ("higher", "lower"))
    labels = [str(label) for label in summary.rows.index]
    clean = by_clip(results).images
    tables = []
    for name in names:
        rows = degraded[(degraded["degradation"] == name) & degraded["photo"].notna()]
        under = by_clip(replace(results, images=rows)).images
        tables += [_losses(clean, under, metric, labels, name) for metric in metrics]
    tables = [table for table in tables if not table.empty]
    if tables:
        losses = pd.concat(tables)
        losses.index.names = list(INDEX)
        losses["p_adjusted"] = benjamini_yekutieli(losses["p"].to_numpy(float))
    else:
        metrics, losses = (), pd.DataFrame(columns=list(COLUMNS))
    without = degraded[degraded["photo"].isna()].drop_duplicates(["method", "degradation"])
    missing = {
        (str(row["method"]), str(row["degradation"])): f"{row['status']}: {row['reason']}"
        for row in without.to_dict("records")
    }
    kept = degraded[degraded[["picture", "truth_picture", "input_picture"]].notna().all(axis="columns")]
    return Robustness(names, metrics, losses, missing, kept)


def _losses(
    clean: pd.DataFrame, under: pd.DataFrame, metric: MetricFacts, labels: list[str], name: str
) -> pd.DataFrame:
    """Return a metric's losses under one degradation, for the methods that have both; empty without any."""
    before, after = (
        contributions(images.replace([np.inf, -np.inf], np.nan), metric) for images in (clean, under)
    )
    assert before is not None  # noqa: S101  # compared metrics have values per photo
    assert after is not None  # noqa: S101
    both = [label for label in labels if label in before.parts and label in after.parts]
    if not both:
        return pd.DataFrame()
    worse, better = (before, after) if metric.direction == "higher" else (after, before)
    found = paired(worse, better, {(label, name): (label, label) for label in both})
    found = found.rename(columns={"difference": "loss"})
    return pd.concat({metric.name: found})
