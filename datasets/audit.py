"""Audit of a dataset, every photo decoded once: statistics, failures, duplicates and near-grey photos."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..files import write_text
from .base import RGB, SPLITS, Dataset, Entry, PhotoError, Split
from .decode import decoder_digest
from .digests import cache_folder

NEAR: Final = 4
"""Largest Hamming distance of the 64-bit perceptual hashes of near-duplicates."""

_BLOCK_PIXELS: Final = 2**20


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about one photo, known once it is decoded.

    Attributes
    ----------
    id, split, category
        As in its `Entry`.
    width, height
        In pixels, upright.
    chroma
        Mean of √(a*² + b*²) over its pixels.
    near_grey
        Whether |a*| and |b*| are at most 5 in every pixel.
    pixels
        SHA-256 hex digest of size and pixels: equal for exact duplicates in any file format.
    perceptual
        64-bit perceptual hash (imagehash's ``phash``).
    problem
        Reason why it cannot be decoded, or ``""``; with a reason the other fields are zero or empty.
    """

    id: str
    split: Split
    category: str
    width: int = 0
    height: int = 0
    chroma: float = 0.0
    near_grey: bool = False
    pixels: str = ""
    perceptual: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two photos of different splits that look alike, and the Hamming `distance` of their hashes."""

    first: Facts
    second: Facts
    distance: int


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """Statistics of one split.

    Attributes
    ----------
    split
        Its name.
    photos
        Number of photos, including `undecodable` ones.
    undecodable
        Number of photos that cannot be decoded.
    categories
        Number of photos by category, in the order of the categories.
    near_grey
        Number of near-grey photos.
    chroma
        Mean of the photos' mean chroma; NaN if none is decodable.
    smallest, largest
        Width and height of the photos with the fewest and the most pixels.
    """

    split: Split
    photos: int
    undecodable: int
    categories: dict[str, int]
    near_grey: int
    chroma: float
    smallest: tuple[int, int]
    largest: tuple[int, int]


@dataclass(frozen=True)
class Audit:
    """The facts of all photos of a dataset, in the order of its entries."""

    photos: list[Facts]

    @property
    def undecodable(self) -> list[Facts]:
        """Photos that cannot be decoded; `Facts.problem` says why."""
        return [facts for facts in self.photos if facts.problem]

    @property
    def near_grey(self) -> list[Facts]:
        """Photos without colour."""
        return [facts for facts in self.photos if facts.near_grey]

    def splits(self) -> list[SplitFacts]:
        """Return the statistics of every split."""
        return [_statistics(name, [facts for facts in self.photos if facts.split == name]) for name in SPLITS]

    def duplicates(self) -> list[list[Facts]]:
        """Return groups of photos with equal pixels, in any split."""
        groups: dict[str, list[Facts]] = defaultdict(list)
        for facts in self.photos:
            if not facts.problem:
                groups[facts.pixels].append(facts)
        return [group for group in groups.values() if len(group) > 1]

    def near_duplicates(self, distance: int = NEAR) -> list[NearDuplicate]:
        """Return pairs of photos in different splits that look alike but are not equal, the closest first.

        Parameters
        ----------
        distance
            Largest Hamming distance of their perceptual hashes.
        """
        found = []
        for first, second in (("train", "test"), ("validation", "test"), ("train", "validation")):
            left, right = self._decoded(first), self._decoded(second)
            for i, j, bits in near_pairs(_hashes(left), _hashes(right), distance):
                if left[i].pixels != right[j].pixels:
                    found.append(NearDuplicate(left[i], right[j], bits))
        return sorted(found, key=lambda pair: pair.distance)

    def _decoded(self, split: str) -> list[Facts]:
        return [facts for facts in self.photos if facts.split == split and not facts.problem]


def audit(dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> Audit:
    """Decode every photo of a dataset and return the findings; a second call reads them from the cache.

    Parameters
    ----------
    dataset
        The dataset; only one photo is in memory at a time.
    progress
        Called with the number of photos done and the number of all photos.
    """
    path = _cache_path(dataset)
    known = _load(path)
    if known is not None:
        return known
    entries = dataset.entries()
    photos = []
    for entry in entries:
        photos.append(facts(dataset, entry))
        if progress:
            progress(len(photos), len(entries))
    found = Audit(photos)
    with suppress(OSError):  # a cache that cannot be written only costs time
        write_text(path, json.dumps([asdict(one) for one in found.photos]))
    return found


def cached_audit(dataset: Dataset) -> Audit | None:
    """Return a dataset's audit from the cache, or ``None`` if there is none or it is out of date."""
    return _load(_cache_path(dataset))


def facts(dataset: Dataset, entry: Entry) -> Facts:
    """Decode one photo and return the facts about it."""
    try:
        rgb = dataset.load(entry)
    except PhotoError as error:
        return Facts(entry.id, entry.split, entry.category, problem=str(error))
    chroma, grey = _colour(rgb)
    height, width = rgb.shape[:2]
    pixels = hashlib.sha256(f"{width} {height} ".encode() + np.ascontiguousarray(rgb).tobytes())
    look = perceptual_hash(rgb)
    return Facts(entry.id, entry.split, entry.category, width, height, chroma, grey, pixels.hexdigest(), look)


def perceptual_hash(photo: NDArray[np.uint8]) -> int:
    """Return the 64-bit perceptual hash (imagehash's ``phash``) of a photo, uint8 (H, W, 3) or (H, W)."""
    from imagehash import phash

    bits = np.packbits(phash(Image.fromarray(photo)).hash)
    return int.from_bytes(bits.tobytes(), "big")


def near_pairs(first: np.ndarray, second: np.ndarray, distance: int) -> Iterator[tuple[int, int, int]]:
    """Yield every pair of 64-bit hashes that differ in few bits.

    Parameters
    ----------
    first, second
        uint64, shapes (N,) and (M,).
    distance
        Largest number of bits.

    Yields
    ------
    tuple
        Index into ``first``, index into ``second``, number of bits.

    Examples
    --------
    >>> list(near_pairs(np.uint64([0, 255]), np.uint64([7]), 4))
    [(0, 0, 3)]
    """
    block = max(1, _BLOCK_PIXELS // max(1, len(second)))
    for start in range(0, len(first), block):
        bits = np.bitwise_count(first[start : start + block, None] ^ second)
        for i, j in np.argwhere(bits <= distance):
            yield start + int(i), int(j), int(bits[i, j])


def _hashes(photos: list[Facts]) -> np.ndarray:
    return np.array([facts.perceptual for facts in photos], np.uint64)


def _colour(rgb: RGB) -> tuple[float, bool]:
    """Return the mean chroma and whether a photo is near-grey, in blocks of rows to bound the memory."""
    from .color import near_grey, rgb_to_lab

    rows = max(1, _BLOCK_PIXELS // rgb.shape[1])
    total, grey = 0.0, True
    for top in range(0, len(rgb), rows):
        _, ab = rgb_to_lab(np.ascontiguousarray(rgb[top : top + rows]))
        total += float(np.hypot(ab[..., 0], ab[..., 1]).sum(dtype=np.float64))
        grey = grey and near_grey(ab)
    return total / (rgb.shape[0] * rgb.shape[1]), grey


def _statistics(split: Split, photos: list[Facts]) -> SplitFacts:
    decoded = [facts for facts in photos if not facts.problem]
    categories: dict[str, int] = defaultdict(int)
    for one in sorted(photos, key=lambda facts: facts.category):
        categories[one.category] += 1
    sizes = sorted(((facts.width, facts.height) for facts in decoded), key=lambda size: size[0] * size[1])
    return SplitFacts(
        split=split,
        photos=len(photos),
        undecodable=len(photos) - len(decoded),
        categories=dict(categories),
        near_grey=sum(facts.near_grey for facts in decoded),
        chroma=float(np.mean([facts.chroma for facts in decoded])) if decoded else float("nan"),
        smallest=sizes[0] if sizes else (0, 0),
        largest=sizes[-1] if sizes else (0, 0),
    )


def _cache_path(dataset: Dataset) -> Path:
    decoder = decoder_digest(type(dataset), Path(__file__))
    key = hashlib.sha256(f"{dataset.fingerprint()} {decoder}".encode()).hexdigest()
    return cache_folder() / "audits" / f"{key[:24]}.json"


def _load(path: Path) -> Audit | None:
    """Read a cached audit, or return ``None`` if it is missing or damaged."""
    try:
        return Audit([Facts(**one) for one in json.loads(path.read_text())])
    except (OSError, ValueError, TypeError):
        return None
