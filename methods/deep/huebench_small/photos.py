"""The training photos: training splits of several datasets, without photos that look like test photos."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain, count
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from .... import UserError
from ....datasets.audit import NEAR, audit, near_pairs
from ....datasets.base import RGB, Dataset, DatasetInfo, Entry
from ....datasets.digests import cache_folder
from ....datasets.photos import PhotoSet
from ....datasets.spec import absolute, open_dataset

SIDE = 256  #: Side in pixels of the stored photos

PREFIX = 16  #: Hex digits of a SHA-256 that are shipped: enough to tell millions of photos apart

DIGESTS = "training_photos.npy"


class SeveralSets(Dataset):
    """Several datasets as one; the id of a photo starts with the name of its dataset.

    The second dataset of a name has the id ``NAME-2/…``, and so on.

    Parameters
    ----------
    specs
        Datasets as ``NAME:PATH``, for `open_dataset`.

    Raises
    ------
    UserError
        If a dataset cannot be opened, or is named twice.
    """

    info: ClassVar = DatasetInfo(
        name="several",
        summary="several datasets as one",
        source="see the datasets",
        licence="see the datasets",
        splits="as in the datasets",
    )

    def __init__(self, specs: Sequence[str]) -> None:
        super().__init__()
        self._sets = {name: open_dataset(spec) for name, spec in _by_name(specs).items()}
        self._own: dict[str, tuple[Dataset, Entry]] = {
            f"{name}/{entry.id}": (dataset, entry)
            for name, dataset in self._sets.items()
            for entry in dataset.entries()
        }

    def entries(self) -> list[Entry]:
        """Return all photos, dataset by dataset."""
        return [
            Entry(key, entry.split, entry.category, entry.licence, entry.sha256)
            for key, (_, entry) in self._own.items()
        ]

    def read(self, entry: Entry) -> RGB:
        """Decode one photo; raises `PhotoError` with the reason."""
        dataset, own = self._own[entry.id]
        return dataset.read(own)

    def usable(self) -> list[Entry]:
        """Return the photos to train on.

        They are the training splits without photos that cannot be decoded, near-grey photos, and photos
        that look like a photo of another split of any of the datasets: their perceptual hashes differ in at
        most `NEAR` of 64 bits.
        """
        facts = [(name, one) for name, dataset in self._sets.items() for one in audit(dataset).photos]
        decoded = [(f"{name}/{one.id}", one) for name, one in facts if not one.problem]
        train = [(key, one) for key, one in decoded if one.split == "train" and not one.near_grey]
        hidden = np.array([one.perceptual for _, one in decoded if one.split != "train"], np.uint64)
        hashes = np.array([one.perceptual for _, one in train], np.uint64)
        alike = {first for first, _, _ in near_pairs(hashes, hidden, NEAR)}
        kept = {key for i, (key, _) in enumerate(train) if i not in alike}
        digests = {entry.sha256 for entry in self.entries() if entry.split != "train"}
        return [entry for entry in self.entries() if entry.id in kept and entry.sha256 not in digests]


def _by_name(specs: Sequence[str]) -> dict[str, str]:
    """Return datasets by their names; the second of a name gets a 2, and so on."""
    named: dict[str, str] = {}
    for spec in specs:
        if absolute(spec) in map(absolute, named.values()):
            raise UserError(f"dataset '{spec}' is named twice: leave one out")
        name = spec.partition(":")[0]
        numbered = (f"{name}-{number}" for number in count(2))
        named[next(each for each in chain([name], numbered) if each not in named)] = spec
    return named


def draw_entries(dataset: Dataset, split: str, count: int) -> list[Entry]:
    """Return at most ``count`` photos of a split, always the same ones, in order."""
    entries = [entry for entry in dataset.entries() if entry.split == split]
    chosen = np.random.default_rng(0).permutation(len(entries))[:count]
    return [entries[i] for i in np.sort(chosen)]


def photo_set(dataset: Dataset, entries: Sequence[Entry]) -> PhotoSet:
    """Return photos squashed to `SIDE`² as the protocol does it, for `PhotoSet.packed`."""
    return PhotoSet(dataset, entries, _squash, f"Lanczos {SIDE}", cache_folder() / "packed")


def write_digests(entries: Sequence[Entry], path: Path) -> None:
    """Write the start of each photo's SHA-256, `PREFIX` hex digits as a uint64, in ascending order."""
    np.save(path, np.unique(np.array([_start(entry.sha256) for entry in entries], np.uint64)))


@cache
def read_digests(path: Path) -> frozenset[int]:
    """Read what `write_digests` wrote."""
    return frozenset(np.load(path, allow_pickle=False).tolist())


def is_among(sha256: str, digests: frozenset[int]) -> bool:
    """Return whether the photo with this SHA-256 is among the digests; a photo without one is not."""
    return bool(sha256) and _start(sha256) in digests


def _start(sha256: str) -> int:
    return int(sha256[:PREFIX], 16)


def _squash(rgb: RGB) -> RGB:
    if rgb.shape[:2] == (SIDE, SIDE):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.LANCZOS))
