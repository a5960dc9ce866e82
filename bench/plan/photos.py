"""Which photos a cell sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...datasets.base import Dataset, Entry, Split, open_dataset
from ...datasets.digests import cache_folder
from ...datasets.photos import PhotoSet
from ..protocol.protocol import Protocol
from .cell import Cell
from .keys import class_source, digest, modules_source


def photo_set(cell: Cell, split: Split, limit: int | None = None) -> PhotoSet:
    """Open one split's photos as a cell sees them, at most ``limit`` of them.

    The cell's own limit is for the photos to score alone: what is learned and sampled is of whole splits.
    """
    dataset = open_dataset(cell.dataset, cell.data_root)
    entries = entries_of(dataset, split, limit)
    return PhotoSet(
        dataset,
        entries,
        prepare=cell.protocol.prepare,
        prepare_key=preparing(dataset, cell.protocol),
        cache=cache_folder() / "packed",
    )


def entries_of(dataset: Dataset, split: Split, limit: int | None) -> list[Entry]:
    """Return a split's photos, at most ``limit`` of them."""
    entries = dataset.split(split)
    return entries if limit is None else drawn(entries, limit)


def reading(dataset: Dataset, protocol: Protocol) -> str:
    """Return a digest of the code that reads photos and of how they are brought to size."""
    return digest(class_source(type(dataset)), protocol.preparation)


def preparing(dataset: Dataset, protocol: Protocol) -> str:
    """Return a digest as `reading` does, also of the code that brings photos to size."""
    return digest(reading(dataset, protocol), modules_source(("huebench.bench.protocol.protocol",)))


def drawn(entries: Sequence[Entry], count: int) -> list[Entry]:
    """Draw some entries with seed 0, in their order."""
    if count >= len(entries):
        return list(entries)
    chosen = np.random.default_rng(0).choice(len(entries), count, replace=False)
    return [entries[i] for i in np.sort(chosen)]


def batches(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    """Yield the entries a few at a time."""
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
