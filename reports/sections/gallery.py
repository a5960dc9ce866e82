"""The gallery: every method's answers, on a few telling photos first."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from ...wording import counted
from ..analysis.gallery import Chosen
from ..analysis.material import Material
from ..blocks import Block, Figure, Gallery, GalleryPhoto, Heading, Prose, Tile
from ..charts import style
from ..charts.contact_sheet import contact_sheet
from ..tables import MetricFacts
from ..text import number

ORDER = 30  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if no pictures were kept."""
    choice = material.gallery
    if not choice.photos:
        return []
    metric = choice.photos[0].metric
    told = (
        f"Photos drawn at random from {choice.among}: no metric of the run ranks single photos."
        if metric is None
        else f"The median, the best and the worst of {choice.among}, by mean {metric.label} over the real "
        "methods (no baselines, no oracles), and the one on which these methods differ most."
    )
    if left := len(_without_pictures(material)):
        told += f" It lacks {counted(left, 'method')} whose pictures were not kept."
    return [Heading("Gallery"), Prose(told), Gallery(tuple(photos_of(material)), choice.best)]


def photos_of(material: Material) -> list[GalleryPhoto]:
    """Return all photos with kept pictures, those with a rank first."""
    choice = material.gallery
    left_out = _without_pictures(material)
    return [_photo(material, photo, left_out) for photo in (*choice.photos, *choice.others)]


def _photo(material: Material, chosen: Chosen, left_out: set[str]) -> GalleryPhoto:
    given, answers = _tiles(material, chosen, left_out)
    apart = chosen.apart if chosen.rank == "disputed" else ()
    found = f"; {apart[0]} does best, {apart[1]} worst" if apart else ""
    sheet = Figure(
        f"gallery-{chosen.rank}",
        f"{chosen.rank.capitalize()} photo: input, truth and every method's answer",
        "",
        lambda: style.encode(contact_sheet([*given, *answers]), "jpg"),
        kind="jpg",
    )
    note = "Drawn at random." if chosen.rank else ""
    if chosen.metric is not None:
        note = f"Mean {chosen.metric.label} {number(chosen.score, 3)}{found}."
    return GalleryPhoto(chosen.photo, chosen.rank, note, given, answers, sheet if chosen.rank else None)


def _without_pictures(material: Material) -> set[str]:
    """Return the methods that have scores, but not one picture."""
    images = material.results.images
    kept = images[images["status"] == "ok"].groupby("method")["picture"].count()
    return {str(label) for label in kept.index[kept == 0]}


def _tiles(
    material: Material, photo: Chosen, left_out: set[str]
) -> tuple[tuple[Tile, Tile], tuple[Tile, ...]]:
    results, groups = material.results, material.summary.groups
    images = results.images[results.images["photo"] == photo.photo].sort_values("seed")
    rows = images.groupby("method").first().to_dict("index")
    known = images[images["truth_picture"].notna()].iloc[0]

    def path(picture: str | None) -> Path | None:
        return None if pd.isna(picture) else results.folder / str(picture)

    given = (
        Tile("input", "", "lightness", path(known["input_picture"])),
        Tile("truth", "truth", "", path(known["truth_picture"])),
    )
    answers = []
    for label, status in material.summary.rows["status"].items():
        if label in left_out:
            continue
        row = rows.get(label, {"picture": None, "status": status})
        kept = path(row["picture"])
        if kept is not None:
            caption = _value(photo.metric, row)
        else:
            caption = "not kept" if row["status"] == "ok" and label in rows else str(row["status"])
        answers.append(Tile(str(label), groups[str(label)], caption, kept))
    return given, tuple(answers)


def _value(metric: MetricFacts | None, row: dict[Hashable, Any]) -> str:
    """Return a metric with its value for one answer, as text."""
    value = row.get(metric.columns[0]) if metric else None
    return "" if metric is None or pd.isna(value) else f"{metric.label} {number(float(value), 3)}"
