"""The photos of a gallery: the median, the best, the worst and the most disputed first, then all others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from ..tables import MetricFacts, Results
from ..text import kept_of
from .summary import Summary

DARK = 0.2  #: Mean brightness, as a share of white, below which a photo is dark

FLAT = 0.08  #: Standard deviation of brightness, as a share of white, below which a photo is flat


@dataclass(frozen=True)
class Chosen:
    """A photo of the gallery."""

    rank: str  #: ``median``, ``best``, ``worst`` or ``disputed``; empty for the others
    photo: str  #: The photo's id
    #: `metric`, `score`: The metric it was chosen by, and its mean over the real methods.
    metric: MetricFacts
    score: float
    #: Labels of the best and the worst of the real methods on it; empty if there are fewer than two.
    apart: tuple[str, ...]


@dataclass(frozen=True)
class ChosenPhotos:
    """The photos of a gallery, with the numbers of candidates."""

    photos: tuple[Chosen, ...] = ()  #: Those with a rank, each once; empty if no pictures were kept
    #: All other photos with kept pictures, the dull ones (near-grey, dark or flat) last.
    others: tuple[Chosen, ...] = ()
    #: `kept`, `of`: The number of photos whose pictures were kept, and of all photos.
    kept: int = 0
    of: int = 0
    dull: int = 0  #: Number of kept photos left out of the choice

    @property
    def among(self) -> str:
        """The candidates, as text.

        >>> ChosenPhotos(kept=64, of=119).among, ChosenPhotos(kept=12, of=12, dull=1).among
        ('the 64 of 119 photos whose pictures were kept', 'the photos (without 1 near-grey, dark or flat)')
        """
        words = kept_of(self.kept, self.of) or "the photos"
        return f"{words} (without {self.dull:,} near-grey, dark or flat)" if self.dull else words


def choose_photos(results: Results, summary: Summary) -> ChosenPhotos:
    """Choose the median, the best, the worst and the most disputed of the photos with kept pictures.

    They are ranked by the mean of the leading metric over the real methods, which are neither baselines nor
    oracles, or over the baselines if there are no others. The most disputed photo is the one with the largest
    gap between the best and the worst answer. Near-grey photos, whose truth and greyest answers look alike,
    and dark or flat ones, on which little can be seen, are left out unless there are no others.
    """
    metric = summary.lead
    kept = results.images[results.images["picture"].notna() & results.images["truth_picture"].notna()]
    if metric is None or kept.empty:
        return ChosenPhotos()
    column = metric.columns[0]
    answers = kept[kept["method"].isin(_real(summary))].groupby(["photo", "method"])[column].mean()
    by_photo = answers.dropna().astype(float).groupby("photo")
    scores, dispute = by_photo.mean(), by_photo.max() - by_photo.min()
    every, grey = scores, _near_grey(results).reindex(scores.index)
    dull = grey | _dark_or_flat(results, kept).reindex(scores.index)
    for left_out in (dull, grey):
        if not left_out.all():
            scores, dispute = scores[~left_out], dispute[~left_out]
            break
    ranked = scores.reset_index().sort_values([column, "photo"], ascending=[False, True])["photo"].to_list()
    places = {"median": len(ranked) // 2, "best": 0, "worst": len(ranked) - 1}
    chosen: dict[str, str] = {}
    for rank, place in places.items():
        if ranked and ranked[place] not in chosen.values():
            chosen[rank] = ranked[place]
    if len(ranked) > len(chosen):
        chosen["disputed"] = str(dispute.drop(list(chosen.values())).idxmax())
    others = sorted(set(every.index) - set(chosen.values()), key=lambda photo: (bool(dull[photo]), photo))

    def of(rank: str, photo: str) -> Chosen:
        return Chosen(rank, photo, metric, float(every[photo]), _apart(answers[photo].dropna()))

    return ChosenPhotos(
        tuple(of(rank, photo) for rank, photo in chosen.items()),
        tuple(of("", photo) for photo in others),
        len(every),
        summary.photos if summary.unit == "photo" else results.images["photo"].nunique(),
        len(every) - len(scores),
    )


def _near_grey(results: Results) -> pd.Series[bool]:
    """Return whether each photo is known to be near-grey from any cell."""
    known = results.images.groupby("photo")["near_grey"].first()
    return known.fillna(value=False).astype(bool)


def _dark_or_flat(results: Results, kept: pd.DataFrame) -> pd.Series[bool]:
    """Return whether each photo is dark or flat, from its kept truth."""
    paths = kept.groupby("photo")["truth_picture"].first()
    return paths.map(lambda path: _is_dark_or_flat(results.folder / path)).astype(bool)


def _is_dark_or_flat(path: Path) -> bool:
    if not path.is_file():
        return False
    with Image.open(path) as picture:
        brightness = np.asarray(picture.convert("L")) / 255
    return bool(brightness.mean() < DARK or brightness.std() < FLAT)


def _apart(answers: pd.Series[float]) -> tuple[str, ...]:
    return (str(answers.idxmax()), str(answers.idxmin())) if len(answers) > 1 else ()


def _real(summary: Summary) -> pd.Index[str]:
    rivals = summary.rows[~summary.rows["oracle"]]
    real = rivals[rivals["family"] != "baseline"]
    return real.index if len(real) else rivals.index
