"""Photos in a tree of folders or in a zip archive: found, given ids, and hashed."""

from __future__ import annotations

import hashlib
import os
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final
from zipfile import ZipFile

from .. import UserError
from ..wording import counted
from .base import RGB, Dataset, Entry, PhotoError, Split
from .decode import decode_entry
from .digests import digests, file_stamp
from .guards import photo_digest, read_photo

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
"""Suffixes, in any case, of files that count as photos, regardless of the installed libraries.

Some formats among them cannot be decoded: such a photo is reported like a broken one, not passed over.
"""

_SKIPPED: Final = frozenset({"__MACOSX"})  # what macOS adds to archives

NAMED: Final = 3
"""Number of passed-over files that are named; all are counted."""

LARGEST_MEMBER: Final = 2**26
"""Largest number of bytes to read of a photo in an archive, whatever its header says."""


class PhotoFiles(ABC):
    """Photos by id.

    Hidden files and folders are ignored. The id is the path below the root with forward slashes.

    Parameters
    ----------
    root
        The folder or archive.

    Attributes
    ----------
    ids
        The ids, in order.
    passed_over
        Paths of files that do not count as photos.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.passed_over: list[str] = []

    @property
    @abstractmethod
    def ids(self) -> list[str]:
        """The ids, in order."""

    @abstractmethod
    def content(self, key: str) -> bytes:
        """Return the bytes of a photo's file; raises OSError or `PhotoError` if it cannot be read."""

    @abstractmethod
    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every photo's file by id, ``""`` for one that cannot be read."""

    def side_file(self, name: str) -> bytes | None:
        """Return the bytes of a non-photo file and drop it from `passed_over`; ``None`` if there is none."""
        if name not in self.passed_over:
            return None
        self.passed_over.remove(name)
        return self._beside(name)

    @abstractmethod
    def _beside(self, name: str) -> bytes: ...

    def facts(self) -> dict[str, str]:
        """Return how many files were passed over, and the first of them; nothing if there are none."""
        if not self.passed_over:
            return {}
        named = ", ".join(sorted(self.passed_over)[:NAMED])
        more = ", …" if len(self.passed_over) > NAMED else ""
        return {"passed over": f"{counted(len(self.passed_over), 'file')} other than photos: {named}{more}"}


class PhotoTree(PhotoFiles):
    r"""All photos below a folder.

    Files with none of `SUFFIXES` are passed over. A link to a file inside the root is a photo like any other;
    links that leave the root, and links to folders, are refused unless they are to be followed.

    Parameters
    ----------
    root
        The folder.
    follow_links
        Whether to follow all links; one that leads back to a folder that it lies in is passed over.

    Attributes
    ----------
    paths
        Path of the file by id, in the order of the ids, as text: a million `Path` objects take seconds. In
        ids, bytes that are not UTF-8 are written as ``\xNN``, and a backslash as two.

    Raises
    ------
    UserError
        If the root is not a folder, a folder cannot be read, or a link is refused.
    """

    def __init__(self, root: Path, *, follow_links: bool = False) -> None:
        if not root.is_dir():
            raise UserError(f"not a folder: '{root}'; name the folder that holds the photos")
        super().__init__(root.resolve())
        self._start = os.path.join(self.root, "")  # noqa: PTH118  # a Path drops the last slash
        self._follow_links = follow_links
        self.paths = dict(sorted((self._id(path), path) for path in self._photos()))

    @property
    def ids(self) -> list[str]:
        """The ids, in order."""
        return list(self.paths)

    def content(self, key: str) -> bytes:
        """Return the bytes of a photo's file; raises OSError if it cannot be read."""
        return read_photo(Path(self.paths[key]))

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every photo's file by id, ``""`` for one that cannot be read."""
        stamps = ((key, file_stamp(path)) for key, path in self.paths.items())
        return digests(self.root, stamps, lambda key: photo_digest(Path(self.paths[key])))

    def _beside(self, name: str) -> bytes:
        return read_photo(self.root / name)

    def _id(self, path: str) -> str:
        name = path.removeprefix(self._start)
        if os.sep != "/":
            name = name.replace(os.sep, "/")
        # The backslash is escaped, or the byte \xff and a name that spells it out would have the same id.
        name = name.replace("\\", r"\\")
        return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")

    def _photos(self) -> Iterator[str]:
        pending = [(str(self.root), frozenset({self.root}))]
        while pending:
            folder, above = pending.pop()
            for child in _children(folder):
                if child.name.startswith(".") or child.name in _SKIPPED:
                    continue
                if _is_folder(child):
                    place = Path(child.path).resolve()
                    if child.is_symlink() and not self._follow_links:
                        raise UserError(f"'{child.path}' links to a folder: add --follow-links, or remove it")
                    if place in above:
                        self.passed_over.append(self._id(child.path))
                    else:
                        pending.append((child.path, above | {place}))
                elif _suffix(child.name) in SUFFIXES and self._is_photo(child):
                    yield child.path
                else:
                    self.passed_over.append(self._id(child.path))

    def _is_photo(self, child: os.DirEntry[str]) -> bool:
        """Return whether a child is a regular file; refuse a link that must not be followed."""
        if child.is_symlink():
            path = Path(child.path)
            inside = self._follow_links or path.resolve().is_relative_to(self.root)
            if not inside or not path.exists():
                where = f"'{path}' links to nothing or out of '{self.root}'"
                raise UserError(f"{where}: replace it with the photo, or add --follow-links")
        return child.is_file()


class PhotoArchive(PhotoFiles):
    """All photos in a zip archive, read without unpacking: no path in it is used as a path on disk.

    Parameters
    ----------
    root
        The archive.

    Attributes
    ----------
    members
        Name in the archive by id.
    outside
        Names of photos whose path leads out of the archive; they are never read.

    Raises
    ------
    UserError
        If it is not a complete zip archive, or holds two photos of one name.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        try:
            self._zip = ZipFile(root)
        except MemoryError:
            raise
        except Exception as error:  # zipfile raises many kinds of errors on damaged archives
            raise UserError(f"not a complete zip archive: '{root}' ({error}); download it again") from error
        self.members: dict[str, str] = {}
        self.outside: list[str] = []
        for name in sorted(self._zip.namelist()):
            key = posixpath.normpath(name) if ".." in PurePosixPath(name).parts else name
            parts = PurePosixPath(key).parts
            if (name.startswith("/") or ".." in parts) and _suffix(name) in SUFFIXES:
                self.outside.append(name)
            if name.endswith("/") or any(part.startswith(".") or part in _SKIPPED for part in parts):
                continue
            if key in self.members:
                raise UserError(f"'{root}' holds two photos named '{key}': remove one, or rename it")
            if PurePosixPath(name).suffix.lower() in SUFFIXES and not name.startswith("/"):
                self.members[key] = name
            else:
                self.passed_over.append(name)
        self.members = dict(sorted(self.members.items()))

    @property
    def ids(self) -> list[str]:
        """The ids, in order."""
        return list(self.members)

    def content(self, key: str) -> bytes:
        """Return the bytes of a photo; raises `PhotoError` if it is damaged or too large."""
        try:
            with self._zip.open(self.members[key]) as member:
                content = member.read(LARGEST_MEMBER + 1)
        except MemoryError:
            raise
        except Exception as error:  # zipfile raises many kinds of errors on damaged or encrypted members
            raise PhotoError(f"damaged in the archive ({error})") from error
        if len(content) > LARGEST_MEMBER:
            raise PhotoError(f"more than {LARGEST_MEMBER:,} bytes in the archive: unpack it")
        return content

    def _beside(self, name: str) -> bytes:
        return self._zip.read(name)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every photo's bytes; all are read again when the archive changes."""
        stamp = file_stamp(self.root)
        return digests(self.root, ((key, stamp) for key in self.members), self._digest)

    def _digest(self, key: str) -> str:
        try:
            return hashlib.sha256(self.content(key)).hexdigest()
        except PhotoError:
            return ""


class TreeDataset(Dataset):
    """A dataset that is a tree of photos: their ids are paths below the root, in their order.

    A subclass assigns splits and categories in `places`.

    Parameters
    ----------
    root
        The folder, or a zip archive.
    follow_links
        See `PhotoTree`.

    Attributes
    ----------
    tree
        The files of the photos.

    Raises
    ------
    UserError
        If the root is missing, cannot be read, or holds no photos.
    """

    follows_links: ClassVar = True
    layout: ClassVar[str] = ""
    """Where to get the photos and which folder to name; the set's errors end with it."""
    may_be_empty: ClassVar[bool] = False
    """Whether a folder without photos is accepted."""

    def __init__(self, root: Path | None = None, *, follow_links: bool = False) -> None:
        super().__init__(root)
        if root is None:
            usage, argument = self.info.usage, self.info.argument
            given = f"write {usage}, or add --data-root {argument}" if argument else "add --data-root FOLDER"
            raise self.refusal(given)
        if not root.exists():
            raise self.refusal(f"not a folder: '{root}'")
        if root.suffix.lower() in SUFFIXES and root.is_file():
            raise UserError(f"a photo, not a folder: '{root}'; name the folder that holds the photos")
        self.tree: PhotoFiles = (
            PhotoArchive(root) if root.is_file() else PhotoTree(root, follow_links=follow_links)
        )
        if not (self.tree.ids or self.may_be_empty):
            raise self.refusal(f"no photos in '{root}'")

    def refusal(self, what: str) -> UserError:
        """Return an error that names the dataset, what is wrong, and its `layout`."""
        return UserError(f"dataset '{self.info.name}': {what}. {self.layout}".rstrip())

    @abstractmethod
    def places(self, digests: Mapping[str, str]) -> Mapping[str, tuple[Split, str]]:
        """Return the split and the category of every photo of the set, from ids and their files' SHA-256."""

    def entries(self) -> list[Entry]:
        """Return every photo, in the order of ids, which are paths below the root."""
        return self._entries

    def read(self, entry: Entry) -> RGB:
        """Decode one photo; raises `PhotoError` with the reason."""
        if PurePosixPath(entry.id).suffix.lower() in RAW:  # many are TIFFs whose first picture is a thumbnail
            raise PhotoError("a camera raw file: develop it and save it as JPEG, PNG or TIFF")
        return decode_entry(entry, lambda: self.tree.content(entry.id))

    def facts(self) -> dict[str, Any]:
        """Return how the splits were made, and the files that were passed over."""
        return {**super().facts(), **self.tree.facts()}

    @cached_property
    def _entries(self) -> list[Entry]:
        found = self.tree.digests()
        places = self.places(found)
        licence = self.info.licence
        return [Entry(key, *places[key], licence, digest) for key, digest in found.items() if key in places]


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122  # a million Path objects take seconds


def _is_folder(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError as error:
        raise UserError(f"'{child.path}' cannot be read: {error.strerror}; remove it") from error


def _children(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as children:
            return list(children)
    except OSError as error:
        raise UserError(f"folder '{folder}' cannot be read: {error.strerror}") from error
