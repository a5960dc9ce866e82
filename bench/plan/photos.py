"""Photos as a run sees them: which ones, at the protocol's size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...datasets.base import Dataset, Entry, Split, datasets
from ...datasets.digests import cache_folder
from ...datasets.photos import PhotoSet
from ..protocol.protocol import Protocol
from .keys import METRICS, class_source, digest, modules_source
from .request import Request
from .resolve import dataset_of, protocol_of

SHARD = 64
"""Photos scored between two writes: the most that an interruption can cost."""


def open_split(request: Request, split: Split, limit: int | None = None) -> PhotoSet:
    """Open one split of a resolved request's dataset, at most ``limit`` of its photos.

    The request's own limit is for the photos to score alone: methods learn from whole splits.
    """
    dataset, protocol = dataset_of(request), protocol_of(request)
    return PhotoSet(
        dataset,
        limited(dataset.split(split), limit),
        prepare=protocol.prepare,
        prepare_key=preparation_digest(dataset, protocol),
        cache=cache_folder() / "packed",
    )


def reader_digest(dataset: Dataset, protocol: Protocol) -> str:
    """Return a digest of the code that reads photos and of how they are resized."""
    cls = type(dataset)
    return digest(class_source(cls, datasets.source(cls.info.name)), protocol.preparation)


def preparation_digest(dataset: Dataset, protocol: Protocol) -> str:
    """Return a digest of the code that reads photos, and of how and by which code they are resized."""
    own = modules_source(("huebench.bench.protocol.protocol",), without=METRICS)
    return digest(reader_digest(dataset, protocol), own)


def limited(entries: Sequence[Entry], count: int | None) -> list[Entry]:
    """Return at most ``count`` entries, drawn with seed 0, in their order; ``None`` returns all."""
    if count is None or count >= len(entries):
        return list(entries)
    chosen = np.random.default_rng(0).choice(len(entries), count, replace=False)
    return [entries[i] for i in np.sort(chosen)]


def batches(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    """Yield the entries a few at a time."""
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
