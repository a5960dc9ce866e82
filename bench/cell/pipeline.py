"""The way of a photo: read, hide, colorize, restore, score.

One straight line that knows a protocol, a method and references, and nothing of cells, splits or folders.
The method is behind a `Colorizer`: arrays in, arrays out, so that it can live in this process or another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from ...datasets.base import RGB, Entry, PhotoError
from ...datasets.color.conversion import near_grey
from ...datasets.photos import Photo, PhotoSet
from ...methods.base import Chroma, Context, Lightness, Method
from ..metrics import Scorer
from ..protocol.protocol import Protocol
from ..protocol.references import ReferencePool


@dataclass(frozen=True)
class Given:
    """All that a method is given of a batch of photos.

    Attributes
    ----------
    lightness
        float32 (N, H, W), 0…100.
    references
        A colour photo for each target, uint8 (N, H, W, 3), or ``None``.
    true_chroma
        For oracles, the hidden chroma, float32 (N, H, W, 2); else ``None``.
    """

    lightness: Lightness
    references: RGB | None = None
    true_chroma: Chroma | None = None


@dataclass(frozen=True)
class Answer:
    """The chroma of a batch, float32 (N, H, W, 2), and the ``seconds`` that the method's own call took."""

    chroma: Chroma
    seconds: float


class Colorizer(Interface):
    """The door between the pipeline and a method, wherever the method is."""

    def __call__(self, given: Given) -> Answer:
        """Return the chroma of a batch."""


@dataclass(frozen=True)
class InProcess:
    """A fitted method in this process.

    Attributes
    ----------
    method
        Fitted.
    context
        Seed, device, budget and threads.
    """

    method: Method
    context: Context

    def __call__(self, given: Given) -> Answer:
        """Return the method's answer if it keeps the contract; see `checked_chroma`."""
        context = replace(self.context, references=given.references, true_chroma=given.true_chroma)
        lightness = given.lightness.copy()
        start = time.perf_counter()
        chroma = self.method.colorize(lightness, context)
        seconds = time.perf_counter() - start
        return Answer(checked_chroma(chroma, given.lightness), seconds)


@dataclass(frozen=True)
class Prediction:
    """A photo as a method colorized it.

    Attributes
    ----------
    rgb
        The photo as it is scored, uint8 (H, W, 3).
    seconds
        The photo's share of its batch's time in `Method.colorize`.
    reference
        Id of the reference photo, or ``None``.
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
    problem
        Reason why it could not be decoded, and then nothing else is known; else ``""``.
    truth
        The photo, uint8 (H, W, 3).
    lightness
        Its lightness, all that the method saw, float32 (H, W).
    prediction
        The method's answer.
    near_grey
        Whether the truth has next to no chroma.
    scores
        Columns of the photo-level metrics.
    features
        Rows kept for set-level metrics: metric → array.
    """

    entry: Entry
    problem: str = ""
    truth: RGB | None = None
    lightness: Lightness | None = None
    prediction: Prediction | None = None
    near_grey: bool = False
    scores: dict[str, Any] = field(default_factory=dict)
    features: dict[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True)
class References:
    """The reference photo of each target.

    Attributes
    ----------
    kind
        How references are chosen: ``none``, ``similar`` in lightness, or ``random``.
    pool
        The training photos to choose from.
    photos
        Reads their pixels.
    seed
        Of the random choice.
    """

    kind: Literal["none", "similar", "random"]
    pool: ReferencePool
    photos: PhotoSet
    seed: int

    def choose(self, entries: Sequence[Entry], lightness: Lightness) -> list[Entry]:
        """Return a reference for each target; no reference depends on a target's colour."""
        match self.kind:
            case "similar":
                return [self.pool.similar(*each) for each in zip(entries, lightness, strict=True)]
            case "random":
                pairs = zip(entries, lightness, strict=True)
                return [self.pool.random(entry, plane, self.seed) for entry, plane in pairs]
            case "none":
                return []

    def read(self, chosen: Sequence[Entry]) -> RGB | None:
        """Return the pixels of some references, uint8 (N, H, W, 3); ``None`` for none."""
        return np.stack([self.photos.read(entry) for entry in chosen]) if chosen else None


def colorize(
    protocol: Protocol,
    colorizer: Colorizer,
    lightness: Lightness,
    references: RGB | None = None,
    true_chroma: Chroma | None = None,
) -> tuple[RGB, float]:
    """Colorize photos from their lightness, and restore them.

    Parameters
    ----------
    protocol
        Restores the photos.
    colorizer
        The method.
    lightness, references, true_chroma
        See `Given`.

    Returns
    -------
    photos
        uint8 (N, H, W, 3).
    seconds
        Time of the method's own call.
    """
    answer = colorizer(Given(lightness, references, true_chroma))
    return protocol.restore(lightness, answer.chroma), answer.seconds


@dataclass(frozen=True)
class Pipeline:
    """Takes a split's photos from their files to their scores, a batch at a time.

    Attributes
    ----------
    protocol
        Hides colour and restores it.
    photos
        Reads the photos.
    scorer
        The metrics.
    colorizer
        The method; ``None`` where every prediction is kept already.
    references
        Chooses reference photos; ``None`` where every prediction is kept already.
    oracle
        Whether the method is shown the hidden chroma.
    enter
        Told the step that begins, ``colorize`` or ``score``, so that a failure knows where it happened.
    """

    protocol: Protocol
    photos: PhotoSet
    scorer: Scorer
    colorizer: Colorizer | None = None
    references: References | None = None
    oracle: bool = False
    enter: Callable[[str], None] = lambda step: None  # noqa: ARG005

    def run(self, entries: Sequence[Entry], kept: Mapping[str, Prediction] | None = None) -> list[Outcome]:
        """Return an outcome for each photo, in order; one that cannot be decoded is an outcome as well.

        Parameters
        ----------
        entries
            The batch.
        kept
            Predictions by photo that are scored as they are; ``None`` colorizes.
        """
        photos, problems = self._read(entries)
        outcomes = {entry.id: Outcome(entry, problem) for entry, problem in problems}
        if photos:
            lightness, chroma = self.protocol.hide(np.stack([photo.rgb for photo in photos]))
            self.enter("colorize")
            if kept is None:
                predictions = self.colorize(photos, lightness, chroma)
            else:
                predictions = [kept[photo.entry.id] for photo in photos]
            self.enter("score")
            for i, photo in enumerate(photos):
                scores = self.scorer.score(photo.rgb, predictions[i].rgb)
                outcomes[photo.entry.id] = Outcome(
                    photo.entry,
                    truth=photo.rgb,
                    lightness=lightness[i],
                    prediction=predictions[i],
                    near_grey=near_grey(chroma[i], self.protocol.near_grey_threshold),
                    scores=scores.columns,
                    features=scores.features,
                )
        return [outcomes[entry.id] for entry in entries]

    def colorize(self, photos: Sequence[Photo], lightness: Lightness, chroma: Chroma) -> list[Prediction]:
        """Return the predictions of a batch; the hidden chroma reaches oracles alone."""
        assert self.colorizer is not None  # noqa: S101  # without it, every prediction is kept
        assert self.references is not None  # noqa: S101
        chosen = self.references.choose([photo.entry for photo in photos], lightness)
        restored, seconds = colorize(
            self.protocol,
            self.colorizer,
            lightness,
            self.references.read(chosen),
            chroma if self.oracle else None,
        )
        names = [entry.id for entry in chosen] if chosen else [None] * len(photos)
        share = seconds / len(photos)
        return [Prediction(rgb, share, name) for rgb, name in zip(restored, names, strict=True)]

    def warm_up(self) -> float:
        """Colorize one photo, and return the seconds: compilation and loading are not a method's speed."""
        for photo in self.photos:
            lightness, chroma = self.protocol.hide(photo.rgb[None])
            return self.colorize([photo], lightness, chroma)[0].seconds
        return 0.0

    def _read(self, entries: Sequence[Entry]) -> tuple[list[Photo], list[tuple[Entry, str]]]:
        photos, problems = [], []
        for entry in entries:
            try:
                photos.append(Photo(entry, self.photos.read(entry)))
            except PhotoError as error:
                problems.append((entry, str(error)))
        return photos, problems


def checked_chroma(chroma: NDArray[Any], lightness: Lightness) -> Chroma:
    """Return a method's answer if it keeps the contract.

    Raises
    ------
    TypeError, ValueError
        If it is not an array, or its shape, dtype or values are not as `Method.colorize` promises.
    """
    expected = (*lightness.shape, 2)
    if not isinstance(chroma, np.ndarray):
        raise TypeError(f"colorize returned {type(chroma).__name__}; it must return a NumPy array")
    if chroma.shape != expected:
        raise ValueError(f"colorize returned shape {chroma.shape}; it must be {expected}")
    if chroma.dtype != np.float32:
        raise TypeError(f"colorize returned {chroma.dtype}; it must be float32")
    if not np.isfinite(chroma).all():
        raise ValueError(f"colorize returned {np.count_nonzero(~np.isfinite(chroma))} values not finite")
    return chroma


def mean_auc(protocol: Protocol, colorizer: Colorizer, photos: Iterable[Photo]) -> float:
    """Return the mean AuC of a method on some photos, one at a time; answers `Context.validate`."""
    scorer = Scorer(("auc",))
    scores = []
    for photo in photos:
        lightness, _ = protocol.hide(photo.rgb[None])
        restored, _ = colorize(protocol, colorizer, lightness)
        scores.append(scorer.score(photo.rgb, restored[0]).columns["auc"])
    return float(np.mean(scores))
