"""Photos of a split, prepared for methods and the protocol: decoded one at a time, at one size."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import numpy as np
from PIL import Image

from ..files import PARTIAL, atomic, seal, unseal
from .base import RGB, Dataset, Entry, PhotoError, fingerprint
from .decode import decoder_digest
from .guards import use_pillow_defaults

ABANDONED: Final = 86_400
"""Seconds without a write after which an unfinished packed copy counts as abandoned."""


@dataclass(frozen=True)
class Photo:
    """A decoded photo: its `entry` and its pixels, sRGB uint8 (H, W, 3)."""

    entry: Entry
    rgb: RGB


@dataclass
class PhotoSet:
    """A sequence of photos, decoded on demand and resized to the protocol's size.

    Iteration skips photos that cannot be decoded and records each in `failures`. Memory does not grow with
    the number of photos.

    Parameters
    ----------
    dataset
        The dataset that reads the photos.
    entries
        The photos, in order.
    prepare
        Function that resizes a decoded photo to the protocol's size.
    prepare_key
        Text that changes when `prepare` does; part of the key of packed copies.
    cache
        Folder for packed copies.
    progress
        Called with the number of photos done, their total and the activity while a copy is packed.

    Attributes
    ----------
    failures
        Reason by id of each photo that could not be decoded so far; shared by a set and its samples.
    """

    dataset: Dataset
    entries: Sequence[Entry]
    prepare: Callable[[RGB], RGB]
    prepare_key: str
    cache: Path
    progress: Callable[[int, int, str], None] = lambda done, total, what: None  # noqa: ARG005
    failures: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Photo]:
        for entry in self.entries:
            try:
                yield Photo(entry, self.read(entry))
            except PhotoError as error:
                self.failures[entry.id] = str(error)

    def read(self, entry: Entry) -> RGB:
        """Decode one photo at the protocol's size; raises `PhotoError` with the reason."""
        use_pillow_defaults()
        return self.prepare(self.dataset.load(entry))

    def sample(self, count: int, rng: np.random.Generator) -> Self:
        """Return at most ``count`` of the photos, drawn without replacement, in order."""
        if count >= len(self.entries):
            return self
        chosen = np.sort(rng.choice(len(self.entries), count, replace=False))
        return self.of([self.entries[i] for i in chosen])

    def packed(self, size: int) -> RGB:
        """Return all decodable photos as one memory-mapped array, decoded once and kept on disk.

        Parameters
        ----------
        size
            Side in pixels; photos are squashed to it with a triangle filter, the one with which networks
            resize lightness when they colorize.

        Returns
        -------
        numpy.memmap
            uint8, shape (N, size, size, 3), read-only: the photos in order, without those that cannot be
            decoded, which are then in `failures`.
        """
        decoder = decoder_digest(type(self.dataset), Path(__file__))
        key = "\0".join((fingerprint(self.entries), self.prepare_key, str(size), decoder))
        path = self.cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npy"
        known = unseal(path.with_suffix(".json")) or self._pack(size, path)  # a damaged copy is made again
        with suppress(OSError):  # a cache that cannot be written still serves
            path.with_suffix(".json").touch()  # `bench clean --cache` keeps what was used lately
        self.failures.update(known["failures"])
        packed: RGB = np.load(path, mmap_mode="r", allow_pickle=False)
        return packed

    def _pack(self, size: int, path: Path) -> dict[str, Any]:
        _remove_abandoned(path.parent)
        with atomic(path) as partial, partial.open("wb") as out:
            # NumPy pads a header so that the number of photos, known at the end, can be written in place.
            _write_header(out, len(self.entries), size)
            count = 0
            for photo in self:
                image = Image.fromarray(photo.rgb)
                out.write(np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)).tobytes())
                count += 1
                self.progress(count, len(self.entries), "decoding")
            out.seek(0)
            _write_header(out, count, size)
        failures = {entry.id: self.failures[entry.id] for entry in self.entries if entry.id in self.failures}
        seal(path.with_suffix(".json"), {"failures": failures}, [path])
        return {"failures": failures}

    def of(self, entries: Sequence[Entry]) -> Self:
        """Return some of the photos as a new set that shares `failures`."""
        return replace(self, entries=entries)


def _write_header(out: BinaryIO, photos: int, size: int) -> None:
    facts = {"descr": "|u1", "fortran_order": False, "shape": (photos, size, size, 3)}
    np.lib.format.write_array_header_2_0(out, facts)


def _remove_abandoned(cache: Path) -> None:
    """Remove the files of processes that were killed while packing."""
    for partial in cache.glob(f"{PARTIAL}*"):
        with suppress(OSError):  # another process removes it too, or has just finished it
            if partial.stat().st_mtime < time.time() - ABANDONED:
                partial.unlink()
