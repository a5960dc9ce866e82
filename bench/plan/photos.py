"""The photos of a run, at the protocol's size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from ... import UserError
from ...datasets.base import Dataset, Entry, Split, datasets
from ...datasets.digests import cache_folder
from ...datasets.guards import max_pixels
from ...datasets.photos import PhotoSet
from ...datasets.split_files import differences, read_splits, write_splits
from ..protocol.protocol import Protocol
from .keys import METRICS, class_source, digest, modules_source
from .request import Request
from .resolve import dataset_of, protocol_of, training_dataset_of

SHARD = 64
"""Photos scored between two writes: the most that an interruption can lose; of clips, the current one."""


def open_split(request: Request, split: Split, planned: Planned | None = None) -> PhotoSet:
    """Open one split of the dataset that a resolved request learns from.

    Parameters
    ----------
    request, split
        The photos to open.
    planned
        The photos at planning time, if they must not have changed.

    Raises
    ------
    UserError
        If they differ from ``planned``.
    """
    dataset = training_dataset_of(request)
    return _photo_set(dataset, dataset.split(split), request, planned)


def open_scored(request: Request, planned: Planned | None = None) -> PhotoSet:
    """Open the photos that a resolved request scores; see `open_split`."""
    dataset = dataset_of(request)
    return _photo_set(dataset, limited(dataset.split(request.split), request.limit), request, planned)


@dataclass(frozen=True)
class Planned:
    """The photos of a dataset at planning time.

    Attributes
    ----------
    key
        `dataset_key` of the dataset.
    folder
        Folder to which `record` wrote its entries.
    """

    key: str
    folder: Path

    def record(self, dataset: Dataset) -> None:
        """Save the entries, so that `check` can name those that have changed."""
        if not self.folder.is_dir():
            write_splits(dataset.entries(), self.folder)

    def check(self, dataset: Dataset, protocol: Protocol) -> None:
        """Raise a UserError if the photos, or the code that reads them, have changed."""
        if dataset_key(dataset, protocol) == self.key:
            return
        recorded = read_splits(self.folder) if self.folder.is_dir() else []
        changed = differences(recorded, dataset.entries()) if recorded else ["their fingerprint differs"]
        if not changed:
            raise UserError("photos are read by other code or settings here than where the run was planned")
        more = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        raise UserError(f"photos have changed since the run was planned ({changed[0]}{more}); run again")


def dataset_key(dataset: Dataset, protocol: Protocol) -> str:
    """Return a key of all photos of a dataset and of the code that reads them."""
    return digest(dataset.fingerprint(), reader_digest(dataset, protocol))


def _photo_set(
    dataset: Dataset, entries: Sequence[Entry], request: Request, planned: Planned | None
) -> PhotoSet:
    protocol = protocol_of(request)
    if planned:
        planned.check(dataset, protocol)
    return PhotoSet(
        dataset,
        entries,
        prepare=protocol.prepare,
        prepare_key=preparation_digest(dataset, protocol),
        cache=cache_folder() / "packed",
    )


def check_again(
    photos: PhotoSet, request: Request, planned: Planned | None, *, learned: bool = False
) -> None:
    """Check the photos of a dataset that does not compare what it reads with its entries, once they are read.

    Raises
    ------
    UserError
        If they differ from ``planned`` by now.
    """
    if planned and photos.dataset.reads_unchecked:
        open_ = training_dataset_of if learned else dataset_of
        planned.check(open_(request), protocol_of(request))


def reader_digest(dataset: Dataset, protocol: Protocol) -> str:
    """Return a digest of the code that reads photos and of how they are resized."""
    code = class_source(type(dataset), datasets.source(dataset.info.name))
    made_from = [reader_digest(each, protocol) for each in dataset.made_from]
    return digest(code, max_pixels(), protocol.preparation, *made_from)


def preparation_digest(dataset: Dataset, protocol: Protocol) -> str:
    """Return a digest of the code that reads photos, and of how and by which code they are resized."""
    own = modules_source(("huebench.bench.protocol.protocol",), without=METRICS)
    return digest(reader_digest(dataset, protocol), own)


def limited(entries: Sequence[Entry], count: int | None) -> list[Entry]:
    """Return at most ``count`` photos or whole clips, drawn with seed 0, in order; ``None`` returns all."""
    units = list(dict.fromkeys(entry.clip or entry.id for entry in entries))
    if count is None or count >= len(units):
        return list(entries)
    chosen = np.random.default_rng(0).choice(len(units), count, replace=False)
    kept = {units[i] for i in chosen}
    return [entry for entry in entries if (entry.clip or entry.id) in kept]


@dataclass(frozen=True)
class Shard:
    """Photos, or a piece of a clip, that are scored between two writes.

    Attributes
    ----------
    number
        The shard's number in its split, from 0.
    entries
        At most `SHARD` photos, or frames of one clip.
    first
        Number of the shard with which its clip begins; for photos its own.
    ends
        Whether its clip ends with it.
    """

    number: int
    entries: Sequence[Entry]
    first: int
    ends: bool = True


def shards(entries: Sequence[Entry]) -> list[Shard]:
    """Cut a split into shards: no shard holds frames of two clips."""
    made: list[Shard] = []
    for clip, frames in groupby(entries, key=lambda entry: entry.clip):
        pieces = list(batches(list(frames), SHARD))
        first = len(made)
        for place, piece in enumerate(pieces):
            number = len(made)
            made.append(Shard(number, piece, first if clip else number, not clip or place == len(pieces) - 1))
    return made


def batches(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    """Yield the entries a few at a time."""
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
