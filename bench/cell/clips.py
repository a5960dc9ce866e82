"""Scores clips: the motion from frame to frame, and the metrics' state, carried from shard to shard."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...datasets.base import Entry
from ...datasets.photos import PhotoSet
from ...files import atomic
from ...methods.base import Lightness
from ...methods.kernels.flow import Flow, visible
from ...methods.motion import estimate
from ...methods.resize import resize_chroma
from ..metrics import ClipScorer, FrameStep, Motion
from ..protocol.protocol import Protocol
from .pipeline import Outcome


@dataclass(frozen=True)
class Motions:
    """The motion between frames: exact where the dataset knows it, else estimated once and kept.

    Attributes
    ----------
    photos
        The frames.
    protocol
        States how motion is estimated.
    folder
        Where estimates are kept.
    """

    photos: PhotoSet
    protocol: Protocol
    folder: Path

    def between(self, before: tuple[Entry, Lightness], after: tuple[Entry, Lightness]) -> Motion:
        """Return the motion from a frame to a later one, from their entries and lightness, (H, W)."""
        forward, backward = self._one_way(before, after), self._one_way(after, before)
        return Motion(forward, visible(forward, backward))

    def _one_way(self, start: tuple[Entry, Lightness], end: tuple[Entry, Lightness]) -> Flow:
        exact = self.photos.dataset.flow(start[0], end[0])
        if exact is not None:
            return _scaled(exact, start[1].shape)
        path = self.folder / f"{self._key(start[0], end[0])}.npy"
        try:
            kept = np.load(path, allow_pickle=False)
        except (OSError, EOFError, ValueError):  # not kept yet, or damaged
            # Half precision, 1/128 pixel or better at usual speeds, whether kept or not.
            kept = estimate(start[1], end[1]).astype(np.float16)
            with atomic(path, durable=False) as partial, partial.open("wb") as out:
                np.save(out, kept)
        found: Flow = kept.astype(np.float32)
        return found

    def _key(self, start: Entry, end: Entry) -> str:
        """Return the name of an estimate: of both frames, as they are read, and of the estimator."""
        parts = (start.sha256, end.sha256, start.id, end.id, self.photos.prepare_key, self.protocol.flow)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@dataclass
class ClipTrack:
    """The frames of a clip on their way to its metrics; only the last one is kept.

    Attributes
    ----------
    scorer
        The metrics of clips.
    motions
        The motion between frames.
    """

    scorer: ClipScorer
    motions: Motions
    _last: Outcome | None = field(default=None, init=False)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Take the next frames; one that was not scored leaves a gap, over which nothing is compared."""
        for outcome in outcomes:
            if outcome.prediction is None:
                self._last = None
                continue
            self.scorer.add(self._step(outcome))
            self._last = outcome

    def end(self) -> dict[str, float]:
        """Return the values of the clip's metrics by column, and begin the next clip."""
        self._last = None
        return self.scorer.end()

    def _step(self, now: Outcome) -> FrameStep:
        assert now.truth is not None  # noqa: S101  # it was scored
        assert now.prediction is not None  # noqa: S101
        assert now.lightness is not None  # noqa: S101
        last = self._last
        if last is None or last.prediction is None or last.lightness is None:
            return FrameStep(now.truth, now.prediction.rgb)
        motion = None
        if self.scorer.needs_motion and now.entry.frame == last.entry.frame + 1:
            motion = self.motions.between((last.entry, last.lightness), (now.entry, now.lightness))
        return FrameStep(now.truth, now.prediction.rgb, last.truth, last.prediction.rgb, motion)


def _scaled(flow: Flow, shape: tuple[int, ...]) -> Flow:
    """Return the flow of frames that were resized to another shape."""
    height, width, _ = flow.shape
    if (height, width) == tuple(shape):
        return flow
    scaled: Flow = resize_chroma(flow, (shape[0], shape[1])) * np.array(
        [shape[1] / width, shape[0] / height], np.float32
    )
    return scaled
