"""Chooses reference photos for each target without using the target's colour.

A reference is never the target itself, a photo with the same content, or a near-duplicate as defined in
`huebench.datasets.audit`, here for the lightness at the protocol's size.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ... import UserError
from ...datasets.audit import NEAR, perceptual_hash
from ...datasets.base import RGB, Entry
from ...methods.base import Lightness
from ...methods.resize import resize_plane
from .choices import REFERENCE_CHOICE, check_choice

THUMBNAIL = 8
BINS = 32
NEIGHBOURS = 4


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

    def choose(self, choice: str, target: Entry, lightness: Lightness, seed: int) -> list[Entry]:
        """Return a target's references: one, or several that `as_one` makes one picture of.

        Parameters
        ----------
        choice
            A name in `huebench.bench.protocol.choices.REFERENCE_CHOICE`.
        target, lightness
            The target, and its lightness as methods see it, float32 (H, W).
        seed
            Seed of random choices.

        Returns
        -------
        list of Entry
            Empty only for ``category``, if no photo of the target's category may be its reference.

        Raises
        ------
        UserError
            If the choice is unknown, or no photo may be the target's reference.
        """
        check_choice("reference_choice", choice)
        return REFERENCE_CHOICE[choice].apply(self, target, lightness, seed)

    def similar(self, target: Entry, lightness: Lightness) -> Entry:
        """Return the photo nearest to a target's lightness; the first one in case of ties.

        Raises
        ------
        UserError
            If no photo may be the target's reference.
        """
        return self.neighbours(target, lightness)[0]

    def neighbours(self, target: Entry, lightness: Lightness) -> list[Entry]:
        """Return the `NEIGHBOURS` photos nearest to a target's lightness, or all if there are fewer.

        The nearest one comes first, and the first one in case of ties.

        Raises
        ------
        UserError
            If no photo may be the target's reference.
        """
        distances = np.square(self.descriptors - describe(lightness)).sum(axis=1, dtype=np.float64)
        others = self._others(target, lightness)
        nearest = np.where(others, distances, np.inf).argsort(kind="stable")
        return [self.entries[place] for place in nearest[: min(NEIGHBOURS, int(others.sum()))]]

    def random(self, target: Entry, lightness: Lightness, seed: int) -> Entry:
        """Return a random photo, seeded by the target's id, so that order and batches do not matter.

        Raises
        ------
        UserError
            If no photo may be the target's reference.
        """
        return self._drawn(self._others(target, lightness), target, seed)

    def of_category(self, target: Entry, lightness: Lightness, seed: int) -> list[Entry]:
        """Return the first photo of the target's category that is drawn as `random` draws.

        The list is empty if the target has no category, or no photo of its category may be its reference.

        Raises
        ------
        UserError
            If no photo at all may be the target's reference.
        """
        alike = [bool(target.category) and entry.category == target.category for entry in self.entries]
        others = self._others(target, lightness) & np.array(alike)
        return [self._drawn(others, target, seed)] if others.any() else []

    def _drawn(self, allowed: NDArray[np.bool_], target: Entry, seed: int) -> Entry:
        digest = hashlib.sha256(target.id.encode()).digest()[:8]
        rng = np.random.default_rng([seed, int.from_bytes(digest, "little")])
        while not allowed[drawn := int(rng.integers(len(self.entries)))]:
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


def as_one(photos: Sequence[RGB]) -> RGB:
    """Return several photos as one of their shape, so that a method that takes one reference takes them all.

    A single photo is returned as it is. Of several, the first four fill the quarters, row by row, each
    reduced by averaging areas; if there are fewer, they repeat.

    Parameters
    ----------
    photos
        uint8, all (H, W, 3).
    """
    if len(photos) == 1:
        return photos[0]
    made = np.empty_like(photos[0])
    middle, centre = made.shape[0] // 2, made.shape[1] // 2
    quarters = product((np.s_[:middle], np.s_[middle:]), (np.s_[:centre], np.s_[centre:]))
    for (rows, columns), photo in zip(quarters, cycle(photos), strict=False):
        height, width, _ = made[rows, columns].shape
        smaller = Image.fromarray(photo).resize((width, height), Image.Resampling.BOX)
        made[rows, columns] = np.asarray(smaller)
    return made
