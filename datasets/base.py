"""Datasets: photos by id with split, category and licence, decoded one at a time; and their registry."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import UserError
from ..plugins import Registry
from . import SPLITS as SPLITS  # noqa: PLC0414  # offered here too
from . import Split as Split  # noqa: PLC0414

RGB = NDArray[np.uint8]
"""A photo: sRGB, uint8, shape (H, W, 3)."""


class PhotoError(Exception):
    """A photo cannot be decoded: the message is the reason, without the photo's name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo of a dataset, not yet decoded.

    Attributes
    ----------
    id
        Unique in the dataset and stable, such as the path below the root.
    split
        ``train``, ``validation`` or ``test``.
    category
        The photo's category, or ``""`` where the dataset has none.
    licence
        The photo's licence, as its source states it.
    sha256
        Hex digest of the photo's content; ``""`` if it cannot be read.
    """

    id: str
    split: Split
    category: str
    licence: str
    sha256: str


@dataclass(frozen=True)
class DatasetInfo:
    """Facts about a dataset, for ``bench list datasets`` and the report.

    Attributes
    ----------
    name
        The name that ``--dataset`` takes.
    summary
        One line on its photos.
    source
        Citation or public address.
    licence
        Licence of the photos, as the source states it.
    splits
        How the splits are made, in words.
    size
        Side in pixels at which photos are scored by default.
    caveat
        A warning to readers of the numbers, printed in the report; may be empty.
    """

    name: str
    summary: str
    source: str
    licence: str
    splits: str
    size: int = 256
    caveat: str = ""


@dataclass(frozen=True)
class Archive:
    """A dataset's public file, for download.

    Attributes
    ----------
    url
        Public address.
    file
        Name of the file in the folder ``--data-root``.
    checksum
        ``md5:`` or ``sha256:`` and the hex digest.
    size
        Size in bytes.
    """

    url: str
    file: str
    checksum: str
    size: int


class Dataset(ABC):
    """A set of photos with stated splits; memory does not grow with its size.

    Parameters
    ----------
    root
        The folder or archive that ``--data-root`` names, or ``None`` for a set that needs none.

    Raises
    ------
    UserError
        If the photos are not where they should be; the message says which file to put where.
    """

    info: ClassVar[DatasetInfo]
    archive: ClassVar[Archive | None] = None

    def __init__(self, root: Path | None = None) -> None:
        self.root = root

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """Return every photo of every split, in a stable order, without decoding any."""

    @abstractmethod
    def read(self, entry: Entry) -> RGB:
        """Decode one photo to sRGB uint8 (H, W, 3) at its own size.

        Raises
        ------
        PhotoError
            If it cannot be decoded; the message is the reason.
        """

    def split(self, name: Split) -> list[Entry]:
        """Return the entries of one split, in order."""
        return [entry for entry in self.entries() if entry.split == name]

    def fingerprint(self) -> str:
        """Return the hex digest of ids, splits, categories and contents of all photos."""
        return fingerprint(self.entries())


def fingerprint(entries: Sequence[Entry]) -> str:
    """Return the SHA-256 hex digest of entries, in any order."""
    lines = sorted(f"{e.id}\0{e.split}\0{e.category}\0{e.sha256}\n" for e in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


datasets: Registry[type[Dataset]] = Registry("dataset", ("huebench.datasets.sets",), "huebench.datasets")

D = TypeVar("D", bound=type[Dataset])


def register_dataset(cls: D) -> D:
    """Register a dataset class under its ``info.name``; use as a decorator."""
    datasets.register(cls.info.name, cls)
    return cls


def dataset_info(spec: str) -> DatasetInfo:
    """Return the facts about a dataset without opening it.

    Parameters
    ----------
    spec
        ``NAME`` or ``NAME:PATH``.

    Raises
    ------
    UserError
        If the name is unknown.

    Examples
    --------
    >>> dataset_info("folder:my/photos").size
    256
    """
    return _class_of(spec).info


def open_dataset(spec: str, root: Path | None = None) -> Dataset:
    """Open a dataset.

    Parameters
    ----------
    spec
        ``NAME``, or ``NAME:PATH`` for the photos at ``PATH``.
    root
        The path that ``--data-root`` names, instead of ``PATH``.

    Raises
    ------
    UserError
        If the name is unknown, if ``PATH`` and ``root`` are both given, or if the photos are not where they
        should be.

    Examples
    --------
    >>> open_dataset("samples").info.size
    128
    """
    _, _, path = spec.partition(":")
    if path and root is not None:
        raise UserError(f"dataset '{spec}' and --data-root '{root}' both name a path: leave one out")
    return _class_of(spec)(Path(path) if path else root)


def _class_of(spec: str) -> type[Dataset]:
    name = spec.partition(":")[0]
    if name not in datasets.items() and ("/" in spec or Path(spec).is_dir()):
        raise UserError(f"unknown dataset '{spec}'; for a folder of photos write folder:{spec}")
    return datasets.get(name)
