"""The unit of means, intervals and tests: the photo, or the clip for a set of clips."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..tables import FOR_ALL, IMAGE_COLUMNS, MetricFacts, Results

FEW_CLIPS = 10  #: With fewer clips, intervals and tests say next to nothing


def has_clips(results: Results) -> bool:
    """Return whether the photos of a run are frames of clips."""
    images = results.images
    return "clip" in images and bool(images["clip"].notna().any())


def by_clip(results: Results) -> Results:
    """Return a run of clips with one row per cell and clip instead of frame; others unchanged.

    A metric of photos becomes the mean over the clip's frames, a pooled one the ratio of its sums, and a
    metric of clips stays as it is. A clip is near-grey if all its frames are, and scored if a frame is. The
    numbers of photos expected of a cell become those of clips.
    """
    if not has_clips(results):
        return results
    images = results.images.copy()
    keys = ["cell", "clip"]
    groups = images.groupby(keys, sort=False, observed=True)
    measured = images.select_dtypes("number").columns  # other tables of frames hold texts too
    known = [column for column in measured if column not in IMAGE_COLUMNS]
    values = groups[known].mean().astype("float64")
    for metric in results.run.metrics:
        if metric.aggregate == "pooled" and set(metric.columns) <= set(known):
            values[list(metric.columns)] = _pooled(images, keys, metric)
    facts = groups[["method", "seed", "category"]].first()
    facts["status"] = groups["status"].agg(_status)
    facts["reason"] = groups["reason"].first()
    facts["near_grey"] = groups["near_grey"].agg(_all_known)
    clips = pd.concat([facts, values], axis="columns").reset_index().rename(columns={"clip": "photo"})
    table = clips.reindex(columns=[*(c for c in IMAGE_COLUMNS if c not in ("clip", "frame")), *known])
    return replace(results, images=table, cells=_cells(results, table))


def _pooled(images: pd.DataFrame, keys: list[str], metric: MetricFacts) -> pd.DataFrame:
    """Return a pooled metric of every clip: its value, its weight, and the sum of the weights' squares."""
    value, weight, squares = metric.columns
    parts = images[keys].assign(
        **{
            value: images[value].astype("float64") * images[weight].astype("float64"),
            weight: images[weight].astype("float64"),
            squares: images[squares].astype("float64"),
        }
    )
    sums = parts.groupby(keys, sort=False, observed=True)[[value, weight, squares]].sum(min_count=1)
    sums[value] /= sums[weight]
    return sums


def _status(statuses: pd.Series[Any]) -> str:
    """Return the status of a clip: that of its frames, ``ok`` if one is scored and all others cannot be."""
    found = set(statuses)
    if "ok" in found and found <= {"ok", *FOR_ALL}:
        return "ok"
    return next((status for status in FOR_ALL if status in found and found <= set(FOR_ALL)), "failed")


def _all_known(flags: pd.Series[Any]) -> Any:
    known = flags.dropna()
    return bool(known.all()) if len(known) else pd.NA


def _cells(results: Results, clips: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with the numbers of clips that they scored, and had to."""
    total = clips["photo"].nunique()
    scored = clips[clips["status"] == "ok"].groupby("cell").size()
    counts = results.cells["cell"].map(scored).fillna(0).astype("Int64")
    expected = pd.Series(np.full(len(results.cells), total), results.cells.index, dtype="Int64")
    return results.cells.assign(expected=expected, scored=counts)
