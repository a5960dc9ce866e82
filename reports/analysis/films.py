"""A clip whose pictures were kept: its frames, the truth's and every method's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ...datasets.color.conversion import rgb_to_lab
from ..tables import Results
from .summary import Summary


@dataclass(frozen=True)
class KeptClip:
    """A clip of which every method's pictures were kept, from its first frame on.

    Attributes
    ----------
    clip
        Its name.
    frames
        The numbers of its frames, ascending.
    pictures
        ``input``, ``truth`` and every method's label → the pictures of these frames.
    """

    clip: str
    frames: tuple[int, ...]
    pictures: dict[str, tuple[Path, ...]]

    def picture(self, label: str, place: int) -> NDArray[np.uint8]:
        """Return a frame's picture, uint8 (H, W, 3), by its place in `frames`."""
        with Image.open(self.pictures[label][place]) as picture:
            return np.asarray(picture.convert("RGB"))

    @cached_property
    def drift(self) -> pd.DataFrame:
        """Distance of the mean ab of every frame (rows) from the first's; truth and methods (columns)."""
        labels = [label for label in self.pictures if label != "input"]
        return pd.DataFrame({label: self._drift(label) for label in labels}, index=list(self.frames))

    def slices(self) -> dict[str, NDArray[np.uint8]]:
        """Return the middle column of every frame, side by side, uint8 (H, frames, 3), by label."""
        made = {}
        for label in self.pictures:
            columns = []
            for place in range(len(self.frames)):
                picture = self.picture(label, place)
                columns.append(picture[:, picture.shape[1] // 2])
            made[label] = np.stack(columns, axis=1)
        return made

    def _drift(self, label: str) -> NDArray[np.float64]:
        places = range(len(self.frames))
        means = np.array([rgb_to_lab(self.picture(label, place))[1].mean(axis=(0, 1)) for place in places])
        drift: NDArray[np.float64] = np.linalg.norm(means - means[0], axis=-1)
        return drift


def kept_clips(results: Results, summary: Summary) -> list[KeptClip]:
    """Return the clips that were kept, those with the most colour first.

    Their colour is the truth's colorfulness, or, if it is unknown, the number of kept pictures.
    Methods without kept pictures are left out, and so are clips of which no frame was kept for every method.
    """
    images = results.images
    if summary.unit != "clip":
        return []
    whole = images["picture"].notna() & images["truth_picture"].notna() & images["input_picture"].notna()
    kept = images[whole].sort_values(["seed", "frame"]).drop_duplicates(["method", "photo"])
    if kept.empty:
        return []
    colour = "colorfulness_truth"
    strength = kept.groupby("clip")[colour].mean() if colour in kept else kept.groupby("clip").size()
    order = strength.astype(float).sort_values(ascending=False, kind="stable").index
    found = (_kept_clip(results, summary, str(clip), kept[kept["clip"] == clip]) for clip in order)
    return [clip for clip in found if clip.frames]


def _kept_clip(results: Results, summary: Summary, clip: str, own: pd.DataFrame) -> KeptClip:
    """Return a clip with the frames that were kept of all methods, from its rows."""
    labels = [str(label) for label in summary.rows.index if label in set(own["method"])]
    counts = own.groupby("photo")["method"].nunique()
    frames = own[own["photo"].isin(counts.index[counts == len(labels)])]

    def paths(rows: pd.DataFrame, column: str) -> tuple[Path, ...]:
        return tuple(results.folder / str(path) for path in rows.sort_values("frame")[column])

    once = frames[frames["method"] == labels[0]] if labels else frames
    pictures = {"input": paths(once, "input_picture"), "truth": paths(once, "truth_picture")}
    pictures |= {label: paths(frames[frames["method"] == label], "picture") for label in labels}
    return KeptClip(clip, tuple(int(number) for number in sorted(once["frame"])), pictures)
