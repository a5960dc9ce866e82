"""Photos in a tree of folders: found, given ids, and hashed."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from .. import UserError
from ..files import file_digest
from .base import RGB, Dataset, Entry, PhotoError, Split
from .decode import decode
from .digests import Stamp, digests, file_stamp

_READ: Final = (
    ".apng .avif .avifs .bmp .dib .gif .j2c .j2k .jfi .jfif .jif .jp2 .jpc .jpe .jpeg .jpf .jpg .jpx .mpo "
    ".pbm .pfm .pgm .png .pnm .ppm .tif .tiff .webp"
)
_OTHER: Final = (
    ".bpg .dds .exr .hdp .hdr .heic .heif .hif .jph .jpm .jxl .jxr .pcd .pcx .psb .psd .qoi .ras .sgi .tga "
    ".wdp .xcf"
)
_RAW: Final = (
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .gpr .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf "
    ".raw .rw2 .rwl .sr2 .srf .srw .x3f"
)
RAW: Final = frozenset(_RAW.split())
"""Suffixes of camera raw files."""

SUFFIXES: Final = RAW.union(_READ.split(), _OTHER.split())
"""Suffixes, in any case, of files that count as photos, whatever libraries are installed.

Some formats among them cannot be decoded: such a photo is reported like a broken one, not passed over.
"""

_SKIPPED: Final = frozenset({"__MACOSX"})  # what macOS adds to archives


class PhotoTree:
    r"""All photos below a folder.

    Hidden files and folders, and files with none of `SUFFIXES`, are ignored. A link to a file inside the root
    is a photo like any other; links that leave the root, and links to folders, are refused.

    Parameters
    ----------
    root
        The folder.

    Attributes
    ----------
    paths
        Path by id, in the order of the ids. The id is the path below the root with forward slashes; bytes
        that are not UTF-8 are written as ``\xNN``, and a backslash as two.

    Raises
    ------
    UserError
        If the root is not a folder, a folder cannot be read, or a link is refused.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise UserError(f"not a folder: '{root}'; name the folder that holds the photos")
        self.root = root.resolve()
        self.paths = dict(sorted((_id(path, self.root), path) for path in _photos(self.root)))

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every photo's file by id, ``""`` for one that cannot be read."""
        stamps: dict[str, Stamp] = {key: file_stamp(path) for key, path in self.paths.items()}
        return digests(self.root, stamps, lambda key: file_digest(self.paths[key]))


class TreeDataset(Dataset):
    """A dataset that is a tree of photos: their ids are paths below the root, in their order.

    A subclass assigns splits and categories in `places`.

    Attributes
    ----------
    tree
        The files of the photos.

    Raises
    ------
    UserError
        If the root cannot be read.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.tree = PhotoTree(root)

    @abstractmethod
    def places(self, digests: Mapping[str, str]) -> Mapping[str, tuple[Split, str]]:
        """Return the split and the category of every photo, from ids and their files' SHA-256."""

    def entries(self) -> list[Entry]:
        """Return every photo, in the order of ids, which are paths below the root."""
        return self._entries

    def read(self, entry: Entry) -> RGB:
        """Decode one photo; raises `PhotoError` with the reason."""
        path = self.tree.paths[entry.id]
        if path.suffix.lower() in RAW:  # many are TIFFs whose first picture is a thumbnail
            raise PhotoError("a camera raw file: develop it and save it as JPEG, PNG or TIFF")
        return decode(path)

    @cached_property
    def _entries(self) -> list[Entry]:
        found = self.tree.digests()
        places = self.places(found)
        return [Entry(key, *places[key], self.info.licence, digest) for key, digest in found.items()]


def _id(path: Path, root: Path) -> str:
    # The backslash is escaped, or the byte \xff and a name that spells it out would have the same id.
    name = path.relative_to(root).as_posix().replace("\\", r"\\")
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _photos(root: Path) -> Iterator[Path]:
    pending = [root]
    while pending:
        for child in _children(pending.pop()):
            path = Path(child.path)
            if child.name.startswith(".") or child.name in _SKIPPED:
                continue
            if _is_folder(child):
                if child.is_symlink():
                    raise UserError(f"'{path}' links to a folder: replace it with the folder, or remove it")
                pending.append(path)
            elif path.suffix.lower() in SUFFIXES:
                if child.is_symlink() and not (path.resolve().is_relative_to(root) and path.exists()):
                    raise UserError(
                        f"'{path}' links to nothing or out of '{root}': replace it with the photo"
                    )
                if child.is_file():  # not a pipe or a device
                    yield path


def _is_folder(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError as error:
        raise UserError(f"'{child.path}' cannot be read: {error.strerror}; remove it") from error


def _children(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as children:
            return list(children)
    except OSError as error:
        raise UserError(f"folder '{folder}' cannot be read: {error.strerror}") from error
