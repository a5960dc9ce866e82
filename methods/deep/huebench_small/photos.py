"""The training photos: training splits of several datasets, without photos that look like test photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ....datasets.audit import NEAR, audit, near_pairs
from ....datasets.base import RGB, Dataset, DatasetInfo, Entry, open_dataset
from ....datasets.digests import cache_folder
from ....datasets.photos import PhotoSet

SIDE = 256  #: Side in pixels of the stored photos

PREFIX = 8  #: Bytes of a SHA-256 that are shipped: enough to tell a hundred thousand photos apart

DIGESTS = "training_photos.npy"


class SeveralSets(Dataset):
    """Several datasets as one; the id of a photo starts with the name of its dataset.

    Parameters
    ----------
    specs
        Datasets as ``NAME:PATH``, for `open_dataset`.
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
        self._sets = {spec.partition(":")[0]: open_dataset(spec) for spec in specs}
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


def photo_set(dataset: Dataset, entries: Sequence[Entry]) -> PhotoSet:
    """Return photos squashed to `SIDE`² as the protocol does it, for `PhotoSet.packed`."""
    return PhotoSet(dataset, entries, _squash, f"Lanczos {SIDE}", cache_folder() / "packed")


def write_digests(entries: Sequence[Entry], path: Path) -> None:
    """Write the first `PREFIX` bytes of each photo's SHA-256, sorted, as big-endian uint64."""
    np.save(path, np.unique(_prefixes([entry.sha256 for entry in entries])))


def trained_on(digests: Mapping[str, str], path: Path) -> list[str]:
    """Return the ids whose SHA-256 is among the shipped digests, in order."""
    shipped = np.load(path, allow_pickle=False)
    found = np.isin(_prefixes(list(digests.values())), shipped)
    return [key for key, hit in zip(digests, found, strict=True) if hit]


def _prefixes(digests: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([int(digest[: 2 * PREFIX], 16) if digest else 0 for digest in digests], np.uint64)


def _squash(rgb: RGB) -> RGB:
    if rgb.shape[:2] == (SIDE, SIDE):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.LANCZOS))
