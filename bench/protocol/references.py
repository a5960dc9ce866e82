"""Chooses a reference photo for each target without using the target's colour.

A reference is never the target itself, a photo with the same content, or a near-duplicate as defined in
`huebench.datasets.audit`, here for the lightness at the protocol's size.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import UserError
from ...datasets.audit import NEAR, perceptual_hash
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


def look(lightness: Lightness) -> int:
    """Return the 64-bit perceptual hash of one lightness plane, float32 (H, W), 0…100."""
    return perceptual_hash(np.rint(lightness * np.float32(2.55)).astype(np.uint8))


@dataclass(frozen=True)
class ReferencePool:
    """The training photos among which references are chosen.

    Attributes
    ----------
    entries
        The photos.
    descriptors
        Their `describe`, float32 (N, 96).
    looks
        Their `look`, uint64 (N,).
    """

    entries: list[Entry]
    descriptors: NDArray[np.float32]
    looks: NDArray[np.uint64]

    def similar(self, target: Entry, lightness: Lightness) -> Entry:
        """Return the photo nearest to a target's lightness; the first one in case of ties.

        Raises
        ------
        UserError
            If no photo may be the target's reference.
        """
        distances = np.square(self.descriptors - describe(lightness)).sum(axis=1, dtype=np.float64)
        return self.entries[int(np.where(self._others(target, lightness), distances, np.inf).argmin())]

    def random(self, target: Entry, lightness: Lightness, seed: int) -> Entry:
        """Return a random photo, seeded by the target's id, so that order and batches do not matter.

        Raises
        ------
        UserError
            If no photo may be the target's reference.
        """
        digest = hashlib.sha256(target.id.encode()).digest()[:8]
        rng = np.random.default_rng([seed, int.from_bytes(digest, "little")])
        others = self._others(target, lightness)
        while not others[drawn := int(rng.integers(len(self.entries)))]:
            pass
        return self.entries[drawn]

    def _others(self, target: Entry, lightness: Lightness) -> NDArray[np.bool_]:
        """Return a mask of the photos that may be a target's reference.

        If all look like the target, as uniform planes do, different content is enough.
        """
        names = {target.id, target.sha256 or target.id}
        different = np.array([names.isdisjoint((entry.id, entry.sha256)) for entry in self.entries])
        far = different & (np.bitwise_count(self.looks ^ np.uint64(look(lightness))) > NEAR)
        others: NDArray[np.bool_] = far if far.any() else different
        if not others.any():
            raise UserError(f"photo '{target.id}' has no reference: no other photo is in the training sample")
        return others
