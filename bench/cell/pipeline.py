"""The path of a photo: read, hide, colorize, restore, score.

The pipeline knows a protocol, a method (as a `Colorizer`) and references, but no cells, splits or folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...datasets.base import RGB, Entry, PhotoError
from ...datasets.photos import Photo, PhotoSet
from ...methods.base import Chroma, Lightness
from ...methods.hints import Hints
from ..metrics import Scorer
from ..protocol.protocol import Protocol
from ..protocol.references import ReferencePool, as_one
from .colorizer import Colorizer, MethodInput

LEFT_OUT = "near-grey: the protocol scores no such photo"
"""The reason of photos that the protocol leaves out."""

WITHOUT_REFERENCE = "no training photo of its category may be its reference"
"""The reason of photos that lack a reference."""


@dataclass(frozen=True)
class Prediction:
    """A colorized photo.

    Attributes
    ----------
    rgb
        The pixels that are scored, uint8 (H, W, 3).
    seconds
        The photo's share of its batch's time in `Method.colorize`.
    reference
        Id of the reference photo, ids of several separated by a comma and a space, or ``None``.
    """

    rgb: RGB
    seconds: float
    reference: str | None


@dataclass(frozen=True)
class Outcome:
    """A photo at the end of the pipeline.

    Attributes
    ----------
    entry
        The photo.
    status
        ``ok``, ``undecodable``, or ``left out`` by the protocol because the truth is near-grey or because no
        reference photo can be had.
    problem
        Why it was not scored, in which case nothing else is known; otherwise ``""``.
    truth
        The picture that the prediction is compared with, uint8 (H, W, 3).
    lightness
        The photo's lightness, float32 (H, W).
    chroma
        The hidden chroma, float32 (H, W, 2).
    seen
        The method's only input, float32 (H, W): the lightness, or that degraded.
    prediction
        The method's answer.
    near_grey
        Whether the truth has almost no chroma.
    scores
        Columns of the photo-level metrics.
    features
        Rows kept for set-level metrics: metric → array.
    """

    entry: Entry
    status: Literal["ok", "undecodable", "left out"] = "ok"
    problem: str = ""
    truth: RGB | None = None
    lightness: Lightness | None = None
    chroma: Chroma | None = None
    seen: Lightness | None = None
    prediction: Prediction | None = None
    near_grey: bool = False
    scores: dict[str, Any] = field(default_factory=dict)
    features: dict[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True)
class References:
    """Chooses and reads the reference photos for each target.

    Attributes
    ----------
    kind
        How references are chosen: ``none``, or a name in
        `huebench.bench.protocol.choices.REFERENCE_CHOICE`.
    pool
        The training photos to choose from.
    photos
        Reads the photos' pixels.
    seed
        Seed of the random choice.
    """

    kind: str
    pool: ReferencePool
    photos: PhotoSet
    seed: int

    @property
    def may_lack(self) -> bool:
        """Whether a photo may have no reference; such a photo is left out."""
        return self.kind == "category"

    def choose(self, entries: Sequence[Entry], lightness: Lightness) -> list[list[Entry]]:
        """Return the references of each target; none depends on a target's colour.

        The list is empty if no target needs any.
        """
        if self.kind == "none":
            return []
        pairs = zip(entries, lightness, strict=True)
        return [self.pool.choose(self.kind, entry, plane, self.seed) for entry, plane in pairs]

    def read(self, chosen: Sequence[Sequence[Entry]]) -> RGB | None:
        """Return a picture of the references of each target, uint8 (N, H, W, 3); ``None`` without any."""
        if not chosen:
            return None
        return np.stack([as_one([self.photos.read(entry) for entry in each]) for each in chosen])


@dataclass(frozen=True)
class Pipeline:
    """Takes photos from their files to their scores, one batch at a time.

    Attributes
    ----------
    protocol
        Hides colour and restores it.
    photos
        Reads the photos.
    scorer
        The metrics.
    colorizer
        The method; ``None`` if every prediction is already kept.
    references
        Chooses reference photos; ``None`` if every prediction is already kept.
    sees_truth
        Whether the method sees the whole hidden chroma.
    key_frame_every
        Frames from one key frame to the next, whose chroma an exemplar method sees; 0: it sees none.
    temporal
        Whether the method carries state from frame to frame, so that photos are given to it one at a time.
    hints
        Number of colour hints that the method is given for each photo.
    enter
        Called with each step as it begins, ``colorize`` or ``score``, so that a failure names its step.
    """

    protocol: Protocol
    photos: PhotoSet
    scorer: Scorer
    colorizer: Colorizer | None = None
    references: References | None = None
    sees_truth: bool = False
    key_frame_every: int = 0
    temporal: bool = False
    hints: int = 0
    enter: Callable[[str], None] = lambda step: None  # noqa: ARG005

    def run(
        self,
        entries: Sequence[Entry],
        kept: Mapping[str, Prediction] | None = None,
        *,
        starts: bool = True,
    ) -> list[Outcome]:
        """Return an outcome for each photo, in order, including those that are not scored.

        Parameters
        ----------
        entries
            The batch: photos, or frames of one clip that follow one another.
        kept
            Predictions to score, by photo; ``None`` to colorize.
        starts
            Whether no frame of this clip was colorized before.
        """
        photos, outcomes = self._read(entries)
        if photos:
            pixels = np.stack([photo.rgb for photo in photos])
            lightness, chroma = self.protocol.hide(pixels)
            seen = self.protocol.degraded(lightness, pixels, [photo.entry.id for photo in photos])
            truths = self.protocol.truth_of(pixels)
            self.enter("colorize")
            if kept is None:
                predictions = self.colorize(photos, lightness, chroma, seen, starts=starts)
            else:
                predictions = [self._kept(kept, photo.entry.id) for photo in photos]
            self.enter("score")
            for i, photo in enumerate(photos):
                prediction = predictions[i]
                if prediction is None:
                    outcomes[photo.entry.id] = Outcome(photo.entry, "left out", WITHOUT_REFERENCE)
                    continue
                scores = self.scorer.score(truths[i], prediction.rgb)
                outcomes[photo.entry.id] = Outcome(
                    photo.entry,
                    truth=truths[i],
                    lightness=lightness[i],
                    chroma=chroma[i],
                    seen=seen[i],
                    prediction=prediction,
                    near_grey=self.protocol.is_near_grey(chroma[i]),
                    scores=scores.columns,
                    features=scores.features,
                )
        return [outcomes[entry.id] for entry in entries]

    def colorize(
        self,
        photos: Sequence[Photo],
        lightness: Lightness,
        chroma: Chroma,
        seen: Lightness,
        *,
        starts: bool = True,
    ) -> list[Prediction | None]:
        """Return the predictions for a batch: what the method makes of ``seen`` joins ``lightness``.

        A photo without a reference has none. See `run`.
        """
        if self.temporal and not photos[0].entry.clip and len(photos) > 1:
            singles = zip(photos, lightness, chroma, seen, strict=True)
            return [self.colorize([one], *(each[None] for each in planes))[0] for one, *planes in singles]
        assert self.colorizer is not None  # noqa: S101  # without it, every prediction is kept
        assert self.references is not None  # noqa: S101
        chosen = self.references.choose([photo.entry for photo in photos], seen)
        if not all(chosen):
            having = [i for i, each in enumerate(chosen) if each]
            some = ([photos[i] for i in having], lightness[having], chroma[having], seen[having])
            made = iter(self.colorize(*some, starts=starts) if having else ())
            return [next(made) if each else None for each in chosen]
        given = MethodInput(
            seen,
            self.references.read(chosen),
            self._seen(photos, chroma),
            starts,
            self._hints(photos, lightness, chroma),
        )
        answer = self.colorizer(given)
        names: list[str | None] = [", ".join(entry.id for entry in each) for each in chosen]
        names = names or [None] * len(photos)
        restored, share = self.protocol.restore(lightness, answer.chroma), answer.seconds / len(photos)
        return [Prediction(rgb, share, name) for rgb, name in zip(restored, names, strict=True)]

    def _kept(self, kept: Mapping[str, Prediction], photo: str) -> Prediction | None:
        """Return a kept prediction; ``None`` only for a photo that may have been without a reference."""
        lacking = self.references is not None and self.references.may_lack
        return kept.get(photo) if lacking else kept[photo]

    def _seen(self, photos: Sequence[Photo], chroma: Chroma) -> Chroma | None:
        """Return the chroma that the method sees: all for oracles, that of key frames for exemplars."""
        if self.sees_truth:
            return chroma
        if not self.key_frame_every:
            return None
        key = np.array([photo.entry.frame % self.key_frame_every == 0 for photo in photos])
        return np.where(key[:, None, None, None], chroma, np.float32(np.nan))

    def _hints(self, photos: Sequence[Photo], lightness: Lightness, chroma: Chroma) -> Hints | None:
        """Return the photos' colour hints; ``None`` if the method is given none."""
        if not self.hints:
            return None
        return self.protocol.hint([photo.entry.id for photo in photos], lightness, chroma, self.hints)

    def warm_up(self) -> float:
        """Colorize one photo and return the seconds, so that compilation and loading are not timed later."""
        for photo in self.photos:
            lightness, chroma = self.protocol.hide(photo.rgb[None])
            prediction = self.colorize([photo], lightness, chroma, lightness)[0]
            if prediction is not None:
                return prediction.seconds
        return 0.0

    def _read(self, entries: Sequence[Entry]) -> tuple[list[Photo], dict[str, Outcome]]:
        """Return the photos to score, and the outcomes of all others."""
        photos, outcomes = [], {}
        for entry in entries:
            try:
                photo = Photo(entry, self.photos.read(entry))
            except PhotoError as error:
                outcomes[entry.id] = Outcome(entry, "undecodable", str(error))
                continue
            if self.protocol.leaves_out(photo.rgb):
                outcomes[entry.id] = Outcome(entry, "left out", LEFT_OUT, near_grey=True)
            else:
                photos.append(photo)
        return photos, outcomes


def mean_auc(protocol: Protocol, colorizer: Colorizer, photos: Iterable[Photo]) -> float:
    """Return a method's mean AuC over some photos, one at a time; answers `Context.validate`."""
    scorer = Scorer(("auc",))
    scores = []
    for photo in photos:
        lightness, _ = protocol.hide(photo.rgb[None])
        restored = protocol.restore(lightness, colorizer(MethodInput(lightness)).chroma)
        scores.append(scorer.score(protocol.truth_of(photo.rgb), restored[0]).columns["auc"])
    return float(np.mean(scores))
