"""Which photos a gallery shows, and what stands beside each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .layout import number
from .summary import Summary
from .tables import MetricFacts, Results


@dataclass(frozen=True)
class Tile:
    """One picture: its label, its caption, and its file; without a file the caption says why."""

    label: str
    caption: str
    path: Path | None


@dataclass(frozen=True)
class GalleryPhoto:
    """A photo with everybody's answer.

    Attributes
    ----------
    rank
        ``best``, ``median``, ``worst`` or ``disputed``.
    photo
        Its id.
    metric, score
        What it was chosen by, and the mean of it over the real methods.
    apart
        Labels of the best and the worst of the real methods on it; empty where there are fewer than two.
    tiles
        The input, the truth, and the methods in the order of the tables.
    """

    rank: str
    photo: str
    metric: MetricFacts
    score: float
    apart: tuple[str, ...]
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Gallery:
    """The photos of a gallery, and what they were chosen from.

    Attributes
    ----------
    photos
        Each once; empty where no pictures were kept.
    kept
        How many photos' pictures were kept, of the run's ``of``.
    near_grey
        How many of the kept were left out of the choice.
    """

    photos: tuple[GalleryPhoto, ...] = ()
    kept: int = 0
    of: int = 0
    near_grey: int = 0

    @property
    def among(self) -> str:
        """What the photos were chosen from, in words.

        >>> Gallery(kept=64, of=119).among, Gallery(kept=12, of=12, near_grey=1).among
        ('the 64 of 119 photos whose pictures were kept', 'the photos (1 of them near-grey and left out)')
        """
        words = kept_of(self.kept, self.of) or "the photos"
        return f"{words} ({self.near_grey:,} of them near-grey and left out)" if self.near_grey else words


def kept_of(kept: int, photos: int) -> str:
    """Say of how many photos pictures were kept; nothing where they were of all."""
    return f"the {kept:,} of {photos:,} photos whose pictures were kept" if kept < photos else ""


def choose(results: Results, summary: Summary) -> Gallery:
    """Choose the best, the median, the worst and the most disputed of the photos with kept pictures.

    They are ranked by mean AuC over the real methods, that is, those that are neither baselines nor
    oracles; over the baselines where there are no others. The most disputed is the one of which the best
    and the worst answer of these methods lie farthest apart. Near-grey photos, whose truth and greyest
    answers look the same, are left out unless there are no others.
    """
    metric = next((metric for metric in summary.metrics if metric.name == "auc"), None)
    kept = results.images[results.images["picture"].notna() & results.images["truth_picture"].notna()]
    if metric is None or kept.empty:
        return Gallery()
    column = metric.columns[0]
    answers = kept[kept["method"].isin(_real(summary))].groupby(["photo", "method"])[column].mean()
    by_photo = answers.dropna().astype(float).groupby("photo")
    scores, dispute = by_photo.mean(), by_photo.max() - by_photo.min()
    candidates, grey = len(scores), _near_grey(results).reindex(scores.index)
    if not grey.all():
        scores, dispute = scores[~grey], dispute[~grey]
    ranked = scores.reset_index().sort_values([column, "photo"], ascending=[False, True])["photo"].to_list()
    places = {"best": 0, "median": len(ranked) // 2, "worst": len(ranked) - 1}
    chosen: dict[str, str] = {}
    for rank, place in places.items():
        if ranked and ranked[place] not in chosen.values():
            chosen[rank] = ranked[place]
    if len(ranked) > len(chosen):
        chosen["disputed"] = str(dispute.drop(list(chosen.values())).idxmax())
    photos = tuple(
        GalleryPhoto(
            rank,
            photo,
            metric,
            float(scores[photo]),
            _apart(answers[photo].dropna()),
            _tiles(results, summary, metric, photo),
        )
        for rank, photo in chosen.items()
    )
    return Gallery(photos, candidates, summary.photos, candidates - len(scores))


def _near_grey(results: Results) -> pd.Series[bool]:
    """Return whether each photo is known to be near-grey, by whichever cell knows it."""
    known = results.images.groupby("photo")["near_grey"].first()
    return known.fillna(value=False).astype(bool)


def _apart(answers: pd.Series[float]) -> tuple[str, ...]:
    return (str(answers.idxmax()), str(answers.idxmin())) if len(answers) > 1 else ()


def _real(summary: Summary) -> pd.Index[str]:
    rivals = summary.rows[~summary.rows["oracle"]]
    real = rivals[rivals["family"] != "baseline"]
    return real.index if len(real) else rivals.index


def _tiles(results: Results, summary: Summary, metric: MetricFacts, photo: str) -> tuple[Tile, ...]:
    images = results.images[results.images["photo"] == photo].sort_values("seed")
    rows = images.groupby("method").first().to_dict("index")
    known = images[images["truth_picture"].notna()].iloc[0]
    given = known["input_picture"]
    tiles = [
        Tile("input", "lightness", results.folder / given if pd.notna(given) else None),
        Tile("truth", "", results.folder / known["truth_picture"]),
    ]
    for label, status in summary.rows["status"].items():
        row = rows.get(label)
        if row is None:
            tiles.append(Tile(str(label), status, None))
        elif pd.isna(row["picture"]):
            reason = "not kept" if row["status"] == "ok" else str(row["status"])
            tiles.append(Tile(str(label), reason, None))
        else:
            caption = f"{metric.label} {number(float(row[metric.columns[0]]), 3)}"
            tiles.append(Tile(str(label), caption, results.folder / row["picture"]))
    return tuple(tiles)
