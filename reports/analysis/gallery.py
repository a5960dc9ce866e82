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

DRAWN = ("first", "second", "third", "fourth")  #: Ranks of photos that are drawn, for want of a metric

FLAT = 0.08  #: Standard deviation of brightness, as a share of white, below which a photo is flat


@dataclass(frozen=True)
class Chosen:
    """A photo of the gallery."""

    rank: str  #: ``median``, ``best``, ``worst`` or ``disputed``, or of `DRAWN`; empty for the others
    photo: str  #: The photo's id
    #: `metric`, `score`: The metric it was chosen by, if any, and its mean over the real methods.
    metric: MetricFacts | None
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
    best: str = ""  #: Label of the real method that does best on the kept photos; empty if there is none

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

    They are ranked by the mean of the leading metric, or else of the first other one of single photos, over
    the real methods, which are neither baselines nor oracles, or over the baselines if there are no others.
    The most disputed photo is the one with the largest gap between the best and the worst answer. Where no
    metric ranks photos, four are drawn with seed 0. Near-grey photos, whose truth and greyest answers look
    alike, and dark or flat ones, on which little can be seen, are left out unless there are no others.
    """
    kept = results.images[results.images["picture"].notna() & results.images["truth_picture"].notna()]
    if kept.empty:
        return ChosenPhotos()
    metric = _metric(summary, kept)
    answers = _answers(kept[kept["method"].isin(_real(summary))], metric)
    every = answers.groupby("photo").mean()
    shown, grey = every.index, _near_grey(results).reindex(every.index)
    dull = grey | _dark_or_flat(results, kept).reindex(every.index)
    for left_out in (dull, grey):
        if not left_out.all():
            shown = every.index[~left_out]
            break
    better = -answers if metric is not None and metric.direction == "lower" else answers
    chosen = _drawn(shown) if metric is None else _ranked(better, shown)
    others = sorted(set(every.index) - set(chosen.values()), key=lambda photo: (bool(dull[photo]), photo))

    by_photo = better.unstack("photo")  # noqa: PD010  # a Series has no pivot_table

    def of(rank: str, photo: str) -> Chosen:
        apart = _apart(by_photo[photo].dropna()) if metric else ()
        return Chosen(rank, photo, metric, float(every[photo]), apart)

    return ChosenPhotos(
        tuple(of(rank, photo) for rank, photo in chosen.items()),
        tuple(of("", photo) for photo in others),
        len(every),
        summary.photos if summary.unit == "photo" else results.images["photo"].nunique(),
        len(every) - len(shown),
        "" if better.empty else str(better.groupby("method").mean().idxmax()),
    )


def _metric(summary: Summary, kept: pd.DataFrame) -> MetricFacts | None:
    """Return the metric to choose by: the leading one, or the first with a better and a worse per photo."""
    for metric in (*summary.compared, *summary.metrics):
        ranks = metric.aggregate in ("mean", "pooled") and metric.direction in ("higher", "lower")
        column = metric.columns[0] if metric.columns else ""
        if ranks and not metric.of_clips and column in kept and kept[column].notna().any():
            return metric
    return None


def _answers(kept: pd.DataFrame, metric: MetricFacts | None) -> pd.Series[float]:
    """Return the metric's value of every photo and method, 0 if there is no metric; seeds are averaged."""
    values = pd.Series(0.0, kept.index) if metric is None else kept[metric.columns[0]]
    return values.groupby([kept["photo"], kept["method"]]).mean().dropna().astype(float)


def _ranked(answers: pd.Series[float], shown: pd.Index[str]) -> dict[str, str]:
    """Return rank → photo, each photo once; more is better."""
    by_photo = answers.groupby("photo")
    scores = by_photo.mean()[shown].rename("score")
    ranked = scores.reset_index().sort_values(["score", "photo"], ascending=[False, True])["photo"].to_list()
    places = {"median": len(ranked) // 2, "best": 0, "worst": len(ranked) - 1}
    chosen: dict[str, str] = {}
    for rank, place in places.items():
        if ranked and ranked[place] not in chosen.values():
            chosen[rank] = ranked[place]
    if len(ranked) > len(chosen):
        dispute = (by_photo.max() - by_photo.min())[shown]
        chosen["disputed"] = str(dispute.drop(list(chosen.values())).idxmax())
    return chosen


def _drawn(shown: pd.Index[str]) -> dict[str, str]:
    """Return rank → photo, drawn with seed 0 whatever the order of the table."""
    order = np.random.default_rng(0).permutation(len(shown))[: len(DRAWN)]
    return {rank: str(sorted(shown)[place]) for rank, place in zip(DRAWN, order, strict=False)}


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
