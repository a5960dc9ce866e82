"""The three forms of MIRFLICKR-25k: a folder, the official archive, Kaggle's arrays."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from .... import UserError
from ...base import RGB, PhotoError, Split
from ...decode import decode
from ...digests import digests, file_stamp
from ...splits import TENTHS, by_name, shares
from ...tree import PhotoTree

PHOTOS: Final = 25_000
"""Number of photos in the full set."""

ARCHIVE: Final = "mirflickr25k.zip"

LARGEST_MEMBER: Final = 2**26
"""Largest number of bytes to read of a photo in an archive, whatever its header says."""

T = TypeVar("T")

_NAME: Final = re.compile(r"(?:mirflickr/)?(im([1-9]\d{0,4})\.jpg)")


class Source(ABC):
    """The photos in one of the forms, by id."""

    @abstractmethod
    def digests(self) -> dict[str, str]:
        """Return every photo's content digest, ``""`` for one that cannot be read."""

    @abstractmethod
    def read(self, key: str) -> RGB:
        """Decode one photo; raises `PhotoError` with the reason."""

    @abstractmethod
    def splits(self) -> dict[str, Split]:
        """Return the split of every photo that the set may have."""


def find_source(root: Path) -> Source | None:
    """Return the photos at a path, or ``None`` if there are none.

    Raises
    ------
    UserError
        If the archive or an array is damaged.
    """
    if root.is_file():
        return PackedPhotos(root)
    if (root / "l" / "gray_scale.npy").is_file() or (root / "gray_scale.npy").is_file():
        return Arrays(root)
    for folder in (root / "mirflickr", root):
        if folder.is_dir() and (photos := LoosePhotos(folder)).paths:
            return photos
    return PackedPhotos(root / ARCHIVE) if (root / ARCHIVE).is_file() else None


class LoosePhotos(Source):
    """``im1.jpg`` … in a folder; other files in it are ignored."""

    def __init__(self, folder: Path) -> None:
        self._tree = PhotoTree(folder)
        self._tree.paths = _numbered(self._tree.paths)

    @property
    def paths(self) -> dict[str, Path]:
        """Path by id."""
        return self._tree.paths

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every photo's file."""
        return self._tree.digests()

    def read(self, key: str) -> RGB:
        """Decode one file."""
        return decode(self.paths[key])

    def splits(self) -> dict[str, Split]:
        """Return the splits of the full set."""
        return official_splits()


class PackedPhotos(Source):
    """The same photos in an archive, read without unpacking: no path in it is used as a path on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not _numbered(self._members):
            raise UserError(f"'{path}' does not contain mirflickr/im1.jpg …: it is not {ARCHIVE}")

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every photo's bytes; all are read again when the archive changes."""
        stamp = file_stamp(self._path)
        return digests(self._path, dict.fromkeys(self._members, stamp), self._digest)

    def read(self, key: str) -> RGB:
        """Decode one member of the archive."""
        return decode(self._bytes(key))

    def splits(self) -> dict[str, Split]:
        """Return the splits of the full set."""
        return official_splits()

    @cached_property
    def _zip(self) -> ZipFile:
        try:
            return ZipFile(self._path)
        except MemoryError:
            raise
        except Exception as error:  # zipfile raises many kinds of errors on damaged archives
            raise UserError(
                f"not a complete zip archive: '{self._path}' ({error}); download it again"
            ) from error

    @cached_property
    def _members(self) -> dict[str, str]:
        return _numbered({name: name for name in self._zip.namelist()})

    def _bytes(self, key: str) -> bytes:
        try:
            with self._zip.open(self._members[key]) as member:
                content = member.read(LARGEST_MEMBER + 1)
        except MemoryError:
            raise
        except Exception as error:  # zipfile raises many kinds of errors on damaged or encrypted members
            raise PhotoError(f"damaged in the archive ({error})") from error
        if len(content) > LARGEST_MEMBER:
            raise PhotoError(f"more than {LARGEST_MEMBER:,} bytes in the archive")
        return content

    def _digest(self, key: str) -> str:
        try:
            return hashlib.sha256(self._bytes(key)).hexdigest()
        except PhotoError:
            return ""


class Arrays(Source):
    """Kaggle's arrays of 8-bit L*a*b*: L* × 255 / 100, a* + 128, b* + 128; memory-mapped.

    The lightness is ``gray_scale.npy`` of shape (N, H, W), the chroma one or more ``ab*.npy`` of shape
    (M, H, W, 2) whose lengths add up to N. An id is a row number of five digits.
    """

    def __init__(self, root: Path) -> None:
        path = next(
            path for path in (root / "l" / "gray_scale.npy", root / "gray_scale.npy") if path.is_file()
        )
        self._path = path
        self._lightness = _mapped(path, 3)
        paths = sorted(root.rglob("ab*.npy"), key=lambda path: (len(path.name), path.name))
        self._files = [path, *paths]
        self._chroma = [_mapped(path, 4) for path in paths]
        shape = (*self._lightness.shape[1:], 2)
        for path, part in zip(paths, self._chroma, strict=True):
            if part.shape[1:] != shape:
                raise UserError(
                    f"'{path}' has photos of shape {part.shape[1:]}, but '{self._path}' needs {shape}"
                )
        total = sum(map(len, self._chroma))
        if total != len(self._lightness):
            names = ", ".join(path.name for path in paths) or "no ab*.npy"
            raise UserError(
                f"'{self._path}' has {len(self._lightness):,} photos, but the chroma ({names}) has "
                f"{total:,}: put all of the ab*.npy files below '{root}'"
            )
        self._starts = np.cumsum([0, *map(len, self._chroma)])

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every row's bytes; all are read again when a file changes."""
        stamps = [file_stamp(path) for path in self._files]
        every = hashlib.sha256(repr(stamps).encode()).digest()[:8]
        stamp = (int.from_bytes(every), max(changed for _, changed in stamps))
        return digests(self._path, dict.fromkeys(self._names(), stamp), self._digest)

    def read(self, key: str) -> RGB:
        """Convert one row; colours outside sRGB are clipped."""
        from ...color import lab_to_rgb

        lightness, chroma = self._row(int(key))
        lightness_star = lightness.astype(np.float32) * np.float32(100 / 255)
        return lab_to_rgb(lightness_star, chroma.astype(np.float32) - np.float32(128))

    def splits(self) -> dict[str, Split]:
        """Return the splits by row number."""
        return by_name(self._names(), shares(len(self._lightness), TENTHS))

    def _names(self) -> list[str]:
        return [f"{row:05}" for row in range(len(self._lightness))]

    def _row(self, row: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._lightness[row], self._chroma[part][row - self._starts[part]]

    def _digest(self, key: str) -> str:
        lightness, chroma = self._row(int(key))
        return hashlib.sha256(lightness.tobytes() + chroma.tobytes()).hexdigest()


def official_splits() -> dict[str, Split]:
    """Return the split of all 25,000 photos by id."""
    train, validation, test = shares(PHOTOS, TENTHS)
    splits = by_name([f"im{number}" for number in range(1, PHOTOS + 1)], (train, validation, test))
    return {f"{name}.jpg": split for name, split in splits.items()}


def _numbered(names: dict[str, T]) -> dict[str, T]:
    """Keep the names ``im1.jpg`` … ``im25000.jpg``, in the order of the numbers."""
    found = [(match, value) for name, value in names.items() if (match := _NAME.fullmatch(name))]
    found.sort(key=lambda pair: int(pair[0][2]))
    return {match[1]: value for match, value in found if int(match[2]) <= PHOTOS}


def _mapped(path: Path, axes: int) -> NDArray[np.uint8]:
    try:
        array: NDArray[np.uint8] = np.lib.format.open_memmap(path, mode="r")  # never a zip or a pickle
    except MemoryError:
        raise
    except Exception as error:  # numpy raises many kinds of errors on damaged headers
        raise UserError(f"not a complete .npy file: '{path}' ({error}); download it again") from error
    if array.dtype != np.uint8 or array.ndim != axes:
        raise UserError(
            f"'{path}' is {array.dtype} {array.shape}, but must be uint8 with {axes} axes: download it again"
        )
    return array
