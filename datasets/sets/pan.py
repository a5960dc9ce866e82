"""``pan:DATASET``: clips made from still photos by a moving camera, with the exact motion of every pixel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ... import UserError
from ..base import RGB, SPLITS, Dataset, DatasetInfo, Entry, register_dataset
from ..spec import open_dataset

SIDE: Final = 128
"""Side of a frame in pixels."""

FRAMES: Final = 12
"""Frames of a clip."""

EVERY: Final = 4
"""One photo in this many becomes a clip, so that a run costs about three times what the photos would."""

ZOOM: Final = (0.62, 0.8)
"""The smallest and the largest side of the camera's view, as a share of the photo's shorter side."""

TURN: Final = np.radians(5)
"""The largest turn of the camera to either side."""

BLUR: Final = 1.0
"""Blur of the photo in pixels of `SIDE`: what the lens of a film camera does.

It leaves so little detail between the pixels that a frame can be made from its neighbour: the warp error of
the truth along the exact motion is below 1e-4.
"""


@dataclass(frozen=True)
class View:
    """Where a camera looks: the affine map from a frame's pixels to the photo's, both with (x, y) at corners.

    Attributes
    ----------
    turn
        float64 (2, 2).
    shift
        float64 (2,).
    """

    turn: NDArray[np.float64]
    shift: NDArray[np.float64]

    def to_photo(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points of the frame, (..., 2), into the photo."""
        mapped: NDArray[np.float64] = points @ self.turn.T + self.shift
        return mapped

    def to_frame(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points of the photo, (..., 2), into the frame."""
        mapped: NDArray[np.float64] = (points - self.shift) @ np.linalg.inv(self.turn).T
        return mapped


def camera(clip: str, frame: int, width: int, height: int) -> View:
    """Return the view of a frame of a clip of a photo of this size; the clip's name is the seed.

    The camera moves from one random view to another, shifting, turning and zooming, and slows at both ends.
    Every view lies within the photo.
    """
    seed = np.frombuffer(hashlib.sha256(clip.encode()).digest(), np.uint32)
    rng = np.random.default_rng(seed.tolist())
    shorter = min(width, height)
    reach = ZOOM[1] * shorter / 2 * (np.cos(TURN) + np.sin(TURN))
    room = np.maximum(np.array([width, height]) / 2 - reach, 0)
    low, high = [np.log(ZOOM[0]), -TURN, -1, -1], [np.log(ZOOM[1]), TURN, 1, 1]
    first, last = rng.uniform(low, high, (2, 4))
    passed = frame / (FRAMES - 1)
    zoom, turn, *place = first + (last - first) * passed**2 * (3 - 2 * passed)
    scale = np.exp(zoom) * shorter / SIDE
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array([width, height]) / 2 + room * np.array(place)
    return View(matrix, centre - matrix @ np.full(2, SIDE / 2))


@register_dataset
class Pan(Dataset):
    """Clips of one photo in `EVERY` of another dataset, in that photo's split.

    All frames of a clip are sampled from the same photo (bicubic), so that nothing moves but the camera, and
    nothing hides anything. They teach methods with memory, and they are the ground truth of the temporal
    metrics: `flow` is exact.
    """

    info: ClassVar = DatasetInfo(
        name="pan",
        argument="DATASET",
        summary="clips made from the photos of another dataset by a moving camera: pan:samples, "
        "pan:folder:PATH",
        source="the dataset that you name",
        licence="that of the photos",
        splits=f"one photo in {EVERY} becomes a clip of {FRAMES} frames, in the photo's split",
        size=SIDE,
        caveat="These clips are still photos under a moving camera. Nothing in them moves by itself, nothing "
        "is hidden, and the light never changes: real films are harder.",
        clips=True,
    )
    of_dataset: ClassVar = True

    def __init__(self, root: Path | None = None) -> None:
        if root is None:
            raise UserError("dataset 'pan' needs another one: write pan:samples or pan:folder:PATH")
        super().__init__(root)
        self.photos = open_dataset(str(root))
        if self.photos.info.clips:
            raise UserError(f"dataset 'pan' needs still photos, and '{root}' has clips: use it directly")
        self.made_from = (self.photos,)
        self._last: tuple[str, Image.Image] | None = None

    def entries(self) -> list[Entry]:
        """Return every frame, clip by clip."""
        return self._entries

    def facts(self) -> dict[str, Any]:
        """Return how the photos were split, and that clips follow them."""
        of_photos = self.photos.facts()
        return {**of_photos, "splits": f"{self.info.splits}; photos: {of_photos['splits']}"}

    def read(self, entry: Entry) -> RGB:
        """Return a frame, uint8 (128, 128, 3); raises `PhotoError` if its photo cannot be decoded."""
        photo = self._photo(entry.clip)
        view = camera(entry.clip, entry.frame, *photo.size)
        (a, b), (d, e) = view.turn
        c, f = view.shift
        frame = photo.transform(
            (SIDE, SIDE), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BICUBIC
        )
        entry.check(_digest(self._of_clip[entry.clip], entry.frame))
        return np.asarray(frame).copy()

    def flow(self, start: Entry, end: Entry) -> NDArray[np.float32]:
        """Return the exact motion between two frames of a clip, float32 (128, 128, 2)."""
        size = self._photo(start.clip).size
        one, other = (camera(entry.clip, entry.frame, *size) for entry in (start, end))
        rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
        points = np.stack([columns, rows], axis=-1)
        moved: NDArray[np.float32] = (other.to_frame(one.to_photo(points)) - points).astype(np.float32)
        return moved

    def _photo(self, clip: str) -> Image.Image:
        """Return a clip's photo with a shorter side of `SIDE`, blurred; the last one is kept."""
        if self._last is None or self._last[0] != clip:
            whole = Image.fromarray(self.photos.load(self._of_clip[clip]))
            scale = SIDE / min(whole.size)
            width, height = (max(SIDE, round(scale * side)) for side in whole.size)
            small = whole.resize((width, height), Image.Resampling.LANCZOS)
            self._last = clip, small.filter(ImageFilter.GaussianBlur(BLUR))
        return self._last[1]

    @cached_property
    def _of_clip(self) -> Mapping[str, Entry]:
        """The photo of every clip."""
        return {photo.id: photo for split in SPLITS for photo in self.photos.split(split)[::EVERY]}

    @cached_property
    def _entries(self) -> list[Entry]:
        return [
            Entry(
                f"{photo.id}/{frame:02}",
                photo.split,
                photo.category,
                photo.licence,
                _digest(photo, frame),
                photo.id,
                frame,
            )
            for photo in self._of_clip.values()
            for frame in range(FRAMES)
        ]


def _digest(photo: Entry, frame: int) -> str:
    """Return the digest of a frame: of its photo's content, and of the camera, whose seed is the id."""
    camera_ = f"{photo.id} {frame} {FRAMES} {SIDE} {ZOOM} {TURN} {BLUR}"
    return hashlib.sha256(f"{photo.sha256} {camera_}".encode()).hexdigest() if photo.sha256 else ""
