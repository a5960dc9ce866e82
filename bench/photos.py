"""Which photos a cell sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..datasets.base import Dataset, Entry, Split
from ..datasets.catalogue import open_dataset
from ..datasets.digests import cache_folder
from ..datasets.photos import PhotoSet
from .cell import Cell


def photo_set(cell: Cell, split: Split) -> PhotoSet:
    """Open one split's photos as a cell sees them; the scored split is cut to the cell's limit."""
    dataset = open_dataset(cell.dataset, cell.data_root)
    entries = entries_of(dataset, split, cell.limit if split == cell.split else None)
    return PhotoSet(
        dataset,
        entries,
        prepare=cell.protocol.prepare,
        prepare_key=cell.protocol.preparation,
        cache=cache_folder() / "packed",
    )


def entries_of(dataset: Dataset, split: Split, limit: int | None) -> list[Entry]:
    """Return a split's photos, at most ``limit`` of them."""
    entries = dataset.split(split)
    return entries if limit is None else drawn(entries, limit)


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
