"""The reference photo of each target, chosen without a look at the target's colour."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...datasets.base import Entry
from ...methods.base import Lightness
from ...methods.resize import resize_plane

THUMBNAIL = 8
BINS = 32


def describe(lightness: Lightness) -> NDArray[np.float32]:
    """Return a cheap global descriptor of one lightness plane.

    Parameters
    ----------
    lightness
        float32 (H, W), 0…100.

    Returns
    -------
    numpy.ndarray
        float32 (32 + 64,): the lightness histogram as shares, and an 8×8 thumbnail in units of 1/100
        divided by 8, so that both halves weigh about the same.
    """
    histogram = np.histogram(lightness, BINS, (0, 100))[0] / lightness.size
    thumbnail = resize_plane(np.ascontiguousarray(lightness), (THUMBNAIL, THUMBNAIL)) / (100 * THUMBNAIL)
    return np.concatenate([histogram, thumbnail.ravel()]).astype(np.float32)


@dataclass(frozen=True)
class ReferencePool:
    """The training photos among which references are chosen.

    Attributes
    ----------
    entries
        The photos.
    descriptors
        Their `describe`, float32 (N, 96).
    """

    entries: list[Entry]
    descriptors: NDArray[np.float32]

    def similar(self, lightness: Lightness) -> Entry:
        """Return the photo nearest to a target's lightness; the first of equals."""
        distances = np.square(self.descriptors - describe(lightness)).sum(axis=1, dtype=np.float64)
        return self.entries[int(distances.argmin())]

    def random(self, target: Entry, seed: int) -> Entry:
        """Return a photo drawn for a target by its id, so that order and batches do not matter."""
        digest = hashlib.sha256(target.id.encode()).digest()[:8]
        rng = np.random.default_rng([seed, int.from_bytes(digest, "little")])
        return self.entries[int(rng.integers(len(self.entries)))]
