"""The photos of a gallery: the best, the median, the worst and the most disputed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..tables import MetricFacts, Results
from ..text import kept_of
from .summary import Summary


@dataclass(frozen=True)
class Chosen:
    """A photo of the gallery."""

    rank: str  #: ``best``, ``median``, ``worst`` or ``disputed``
    photo: str  #: The photo's id
    #: `metric`, `score`: The metric it was chosen by, and its mean over the real methods.
    metric: MetricFacts
    score: float
    #: Labels of the best and the worst of the real methods on it; empty if there are fewer than two.
    apart: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """The photos of a gallery, with the numbers of candidates."""

    photos: tuple[Chosen, ...] = ()  #: Each once; empty if no pictures were kept
    #: `kept`, `of`: The number of photos whose pictures were kept, and of all photos.
    kept: int = 0
    of: int = 0
    near_grey: int = 0  #: Number of kept photos left out of the choice

    @property
    def among(self) -> str:
        """The candidates, as text.

        >>> Choice(kept=64, of=119).among, Choice(kept=12, of=12, near_grey=1).among
        ('the 64 of 119 photos whose pictures were kept', 'the photos (1 of them near-grey and left out)')
        """
        words = kept_of(self.kept, self.of) or "the photos"
        return f"{words} ({self.near_grey:,} of them near-grey and left out)" if self.near_grey else words


def choose_photos(results: Results, summary: Summary) -> Choice:
    """Choose the best, the median, the worst and the most disputed of the photos with kept pictures.

    They are ranked by the mean of the leading metric over the real methods, which are neither baselines nor
    oracles, or over the baselines if there are no others. The most disputed photo is the one with the largest
    gap between the best and the worst answer. Near-grey photos, whose truth and greyest answers look alike,
    are left out unless there are no others.
    """
    metric = summary.lead
    kept = results.images[results.images["picture"].notna() & results.images["truth_picture"].notna()]
    if metric is None or kept.empty:
        return Choice()
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
        Chosen(rank, photo, metric, float(scores[photo]), _apart(answers[photo].dropna()))
        for rank, photo in chosen.items()
    )
    of = summary.photos if summary.unit == "photo" else results.images["photo"].nunique()
    return Choice(photos, candidates, of, candidates - len(scores))


def _near_grey(results: Results) -> pd.Series[bool]:
    """Return whether each photo is known to be near-grey from any cell."""
    known = results.images.groupby("photo")["near_grey"].first()
    return known.fillna(value=False).astype(bool)


def _apart(answers: pd.Series[float]) -> tuple[str, ...]:
    return (str(answers.idxmax()), str(answers.idxmin())) if len(answers) > 1 else ()


def _real(summary: Summary) -> pd.Index[str]:
    rivals = summary.rows[~summary.rows["oracle"]]
    real = rivals[rivals["family"] != "baseline"]
    return real.index if len(real) else rivals.index
