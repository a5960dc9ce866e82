"""Rules that assign photos to train, validation and test: the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from .base import Split

TENTHS = (8, 1, 1)
"""80 / 10 / 10."""


def shares(count: int, weights: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return how many of ``count`` photos each split gets in proportion to its weight.

    Validation and test are rounded, with at least one photo each if there are three; train gets the rest.

    Examples
    --------
    >>> shares(300, (8, 1, 1))
    (240, 30, 30)
    >>> shares(4, (8, 1, 1))
    (2, 1, 1)
    """
    least = 1 if count >= len(weights) else 0
    validation, test = (max(least, round(count * weight / sum(weights))) for weight in weights[1:])
    return count - validation - test, validation, test


def by_digest(digests: Mapping[str, str], counts: tuple[int, int, int]) -> dict[str, Split]:
    """Split photos in the order of their content digests.

    The first photos are train, the next validation, the rest test. Photos of the same digest go where the
    first of them goes, so exact duplicates are never in two splits; a split may thus be a few photos larger
    than asked, and the next one smaller. Photos without a digest do not count as duplicates: each is placed
    by the SHA-256 of its id.

    Parameters
    ----------
    digests
        Digest by id; ``""`` for a photo that cannot be read.
    counts
        How many photos train, validation and test get.

    Examples
    --------
    >>> by_digest({"x": "c", "y": "a", "z": "b", "copy of y": "a"}, (1, 1, 2))
    {'copy of y': 'train', 'y': 'train', 'z': 'test', 'x': 'test'}
    """
    train, validation, _ = counts
    contents = {key: digest or _of_name(key) for key, digest in digests.items()}
    splits: dict[str, Split] = {}
    split: Split = "train"
    before = ""
    for key in sorted(sorted(contents), key=contents.__getitem__):
        if contents[key] != before:
            placed, before = len(splits), contents[key]
            split = "train" if placed < train else "validation" if placed < train + validation else "test"
        splits[key] = split
    return splits


def with_validation(train: Mapping[str, str]) -> dict[str, Split]:
    """Split photos of train: the last tenth by digest, 1,000 at most, becomes validation; see `by_digest`."""
    held_out = min(1_000, len(train) // 10)
    return by_digest(train, (len(train) - held_out, held_out, 0))


def by_name(names: list[str], counts: tuple[int, int, int]) -> dict[str, Split]:
    """Split photos in the order of the SHA-256 of their names, for sets whose photos may be missing."""
    return by_digest({name: _of_name(name) for name in names}, counts)


def _of_name(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
