"""The three forms of MIRFLICKR-25k: a folder, the official archive, Kaggle's arrays."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .... import UserError
from ....wording import counted
from ...base import RGB, Entry, Split
from ...decode import decode_entry
from ...digests import digests, file_stamp
from ...splits import TENTHS, by_name, shares
from ...tree import NAMED, PhotoArchive, PhotoFiles, PhotoTree

PHOTOS: Final = 25_000
"""Number of photos in the full set."""

ARCHIVE: Final = "mirflickr25k.zip"

_NAME: Final = re.compile(r"(?:mirflickr/)?(im([1-9]\d{0,4})\.jpg)")


class Form(ABC):
    """The photos in one of the forms, by id."""

    @abstractmethod
    def digests(self) -> dict[str, str]:
        """Return every photo's content digest, ``""`` for one that cannot be read."""

    @abstractmethod
    def read(self, entry: Entry) -> RGB:
        """Decode one photo; raises `PhotoError` with the reason."""

    @abstractmethod
    def splits(self) -> dict[str, Split]:
        """Return the split of every photo that the set may have."""

    def facts(self) -> dict[str, str]:
        """Return what was passed over."""
        return {}


def find_form(root: Path, *, follow_links: bool = False) -> Form | None:
    """Return the photos at a path, or ``None`` if there are none.

    Raises
    ------
    UserError
        If the archive or an array is damaged.
    """
    if root.is_file():
        return packed_photos(root)
    if (root / "l" / "gray_scale.npy").is_file() or (root / "gray_scale.npy").is_file():
        return Arrays(root)
    for folder in (root / "mirflickr", root):
        if folder.is_dir() and (photos := Photos(PhotoTree(folder, follow_links=follow_links))).ids:
            return photos
    return packed_photos(root / ARCHIVE) if (root / ARCHIVE).is_file() else None


def packed_photos(path: Path) -> Photos:
    """Return the photos in the official archive.

    Raises
    ------
    UserError
        If it is damaged, or another archive.
    """
    photos = Photos(PhotoArchive(path))
    if not photos.ids:
        raise UserError(f"'{path}' does not contain mirflickr/im1.jpg …: it is not {ARCHIVE}")
    return photos


class Photos(Form):
    """``im1.jpg`` … in a folder or an archive; other files in it are passed over.

    Attributes
    ----------
    ids
        Path below the root by name, in the order of the numbers.
    """

    def __init__(self, files: PhotoFiles) -> None:
        self._files = files
        self.ids = _numbered(files.ids)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every photo's file."""
        found = self._files.digests()
        return {name: found[key] for name, key in self.ids.items()}

    def read(self, entry: Entry) -> RGB:
        """Decode one file."""
        return decode_entry(entry, lambda: self._files.content(self.ids[entry.id]))

    def splits(self) -> dict[str, Split]:
        """Return the splits of the full set."""
        return official_splits()

    def facts(self) -> dict[str, str]:
        """Return how many photos have other names than the set's, and the first of them."""
        other = sorted(set(self._files.ids) - set(self.ids.values()))
        if not other:
            return {}
        named = ", ".join(other[:NAMED]) + (", …" if len(other) > NAMED else "")
        return {"passed over": f"{counted(len(other), 'photo')} not named im1.jpg … im{PHOTOS}.jpg: {named}"}


class Arrays(Form):
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
        latest = (max(stamp[1] for stamp in stamps), max(stamp[2] for stamp in stamps))
        stamp = (int.from_bytes(every), *latest, 0)
        named = ((name, stamp) for name in self._names())
        return digests(self._path, named, lambda key: _digest(*self._row(key)))

    def read(self, entry: Entry) -> RGB:
        """Convert one row; colours outside sRGB are clipped."""
        from ...color import lab_to_rgb

        lightness, chroma = map(np.array, self._row(entry.id))  # copies: the file may change
        entry.check(_digest(lightness, chroma))
        lightness_star = lightness.astype(np.float32) * np.float32(100 / 255)
        return lab_to_rgb(lightness_star, chroma.astype(np.float32) - np.float32(128))

    def splits(self) -> dict[str, Split]:
        """Return the splits by row number."""
        return by_name(self._names(), shares(len(self._lightness), TENTHS))

    def _names(self) -> list[str]:
        return [f"{row:05}" for row in range(len(self._lightness))]

    def _row(self, key: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        row = int(key)
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._lightness[row], self._chroma[part][row - self._starts[part]]


def official_splits() -> dict[str, Split]:
    """Return the split of all 25,000 photos by id."""
    train, validation, test = shares(PHOTOS, TENTHS)
    splits = by_name([f"im{number}" for number in range(1, PHOTOS + 1)], (train, validation, test))
    return {f"{name}.jpg": split for name, split in splits.items()}


def _numbered(paths: list[str]) -> dict[str, str]:
    """Return the paths of ``im1.jpg`` … ``im25000.jpg`` by name, in the order of the numbers."""
    found = [match for path in paths if (match := _NAME.fullmatch(path)) and int(match[2]) <= PHOTOS]
    return {match[1]: match[0] for match in sorted(found, key=lambda match: int(match[2]))}


def _digest(lightness: NDArray[np.uint8], chroma: NDArray[np.uint8]) -> str:
    return hashlib.sha256(lightness.tobytes() + chroma.tobytes()).hexdigest()


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
