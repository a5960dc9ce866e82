"""The numbers of a report as CSV, unrounded, for whatever one reads numbers with."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .material import Material
from .statistics import Intervals
from .summary import Summary


def write_csv(material: Material, folder: Path) -> Path:
    """Write ``csv/*.csv`` and return the folder ``csv``.

    ``summary.csv`` has a row a method, with each metric's value, its interval (``_low``, ``_high``) and,
    for several seeds, its ``_spread``; ``categories.csv`` the same a method and category;
    ``comparisons.csv`` a row a metric and pair of methods; ``fool_rates.csv`` what people took for real,
    where they were asked; ``images.csv`` every photo's own values.
    """
    content, target = material.content, folder / "csv"
    target.mkdir(parents=True, exist_ok=True)
    summary = _with_intervals(content.summary, content.intervals).rename_axis("method")
    summary.to_csv(target / "summary.csv", lineterminator="\n")
    parts = {category: _with_intervals(*part) for category, part in content.categories.items()}
    if parts:
        by_category = pd.concat(parts, names=["category", "method"])
        by_category.to_csv(target / "categories.csv", lineterminator="\n")
    if content.evidence:
        pairs = {by.metric.name: by.comparisons for by in content.evidence}
        pd.concat(pairs, names=["metric"]).to_csv(target / "comparisons.csv", lineterminator="\n")
    if content.study:
        content.study.rates.to_csv(target / "fool_rates.csv", index_label="method", lineterminator="\n")
    material.results.images.drop(columns="cell").to_csv(
        target / "images.csv", index=False, lineterminator="\n"
    )
    return target


def _with_intervals(summary: Summary, intervals: Intervals) -> pd.DataFrame:
    ends = (intervals.low.add_suffix("_low"), intervals.high.add_suffix("_high"))
    return pd.concat([summary.table(), *ends], axis="columns")
