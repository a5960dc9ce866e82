"""Datasets: photos by id with split, category and licence, decoded one at a time; and their registry."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import UserError
from ..plugins import Registry
from . import SPLITS as SPLITS  # noqa: PLC0414  # offered here too
from . import Split as Split  # noqa: PLC0414

RGB = NDArray[np.uint8]
"""A photo: sRGB, uint8, shape (H, W, 3)."""


_contents: ContextVar[set[str] | None] = ContextVar("contents", default=None)
"""Digests of the contents that the photo that is being read was decoded from or compared with."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}|")


def note_content(content: bytes) -> None:
    """Note the content that a photo is decoded from; `Dataset.load` compares it with the photo's entry."""
    if _contents.get() is not None:
        _note(hashlib.sha256(content).hexdigest())


def _note(sha256: str) -> None:
    if (noted := _contents.get()) is not None:
        noted.add(sha256)


class PhotoError(Exception):
    """A photo cannot be decoded: the message is the reason, without the photo's name."""


class PhotoChangedError(UserError):
    """A photo no longer matches its entry, so it must not be scored.

    Parameters
    ----------
    photo
        Its id.
    detail
        What was found instead.
    """

    def __init__(self, photo: str, detail: str) -> None:
        super().__init__(f"the photo '{photo}' has changed since the run was planned ({detail}); run again")


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
        Hex digest of the photo's content, the bytes of its file; ``""`` if it cannot be read.
    clip
        The clip that the photo is a frame of, or ``""`` for a photo. A clip is in one split only, and its
        frames follow one another.
    frame
        The frame's number in its clip, from 0.
    """

    id: str
    split: Split
    category: str
    licence: str
    sha256: str
    clip: str = ""
    frame: int = 0

    def check(self, sha256: str) -> None:
        """Compare the digest of what was read with the entry's.

        Raises
        ------
        PhotoChangedError
            If they differ.
        """
        _note(sha256)
        if sha256 != self.sha256:
            raise PhotoChangedError(self.id, "other content" if self.sha256 else "it can be read now")


SIZES: Final = (16, 4096)
"""The smallest and the largest side in pixels at which photos can be scored."""


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
    clips
        Whether its photos are the frames of clips.
    argument
        What follows the name and a colon, as in ``folder:PATH``; empty if nothing does.
    """

    name: str
    summary: str
    source: str
    licence: str
    splits: str
    size: int = 256
    caveat: str = ""
    clips: bool = False
    argument: str = ""

    @property
    def usage(self) -> str:
        """How ``--dataset`` takes it: the name, with `argument` if it has one."""
        return f"{self.name}:{self.argument}" if self.argument else self.name

    def __post_init__(self) -> None:
        """Check the values; raise `UserError` if one is wrong."""
        texts = {name: value for name, value in asdict(self).items() if name not in ("size", "clips")}
        if wrong := next((name for name, value in texts.items() if not is_text(value)), ""):
            raise UserError(f"DatasetInfo of {self.name!r}: {wrong} must be text, not {texts[wrong]!r}")
        if not (isinstance(self.size, int) and SIZES[0] <= self.size <= SIZES[1]):
            allowed = f"a whole number from {SIZES[0]} to {SIZES[1]}"
            raise UserError(f"DatasetInfo of '{self.name}': size must be {allowed}, not {self.size!r}")


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
    follows_links: ClassVar[bool] = False
    """Whether the class takes the argument ``follow_links``."""
    of_dataset: ClassVar[bool] = False
    """Whether ``PATH`` in ``NAME:PATH`` is another dataset, as in ``pan:samples``, not a path."""

    made_from: tuple[Dataset, ...] = ()
    """The datasets whose photos it changes, for one such as ``pan``."""

    reads_unchecked = False
    """Whether a photo was read whose content nothing compared with its entry."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """Return every photo of every split, in a stable order, without decoding any."""

    @abstractmethod
    def read(self, entry: Entry) -> RGB:
        """Decode one photo to sRGB uint8 (H, W, 3) at its own size.

        `huebench.datasets.decode.decode_entry` decodes a file and compares its digest with the entry's.

        Raises
        ------
        PhotoError
            If it cannot be decoded; the message is the reason.
        PhotoChangedError
            If it can no longer be read, or its content does not match ``entry.sha256``.
        """

    def load(self, entry: Entry) -> RGB:
        """Return a photo from `read` after checking its content, its type and its shape.

        Raises
        ------
        PhotoError, PhotoChangedError
            See `read`.
        UserError
            If `read` raises anything else, or returns anything but uint8 (H, W, 3).
        """
        rgb = self._read_and_compare(entry)
        if isinstance(rgb, np.ndarray) and rgb.dtype == np.uint8 and rgb.shape[2:] == (3,) and rgb.size:
            return rgb
        what = f"{rgb.dtype} {rgb.shape}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise UserError(f"photo '{entry.id}' of '{self.info.name}' is {what}; it must be uint8 (H, W, 3)")

    def _read_and_compare(self, entry: Entry) -> RGB:
        noted: set[str] = set()
        token = _contents.set(noted)
        try:
            return self.read(entry)
        except PhotoError as error:
            lost = error.__cause__
            if entry.sha256 and isinstance(lost, OSError) and lost.errno is not None:
                raise PhotoChangedError(entry.id, str(error)) from error
            raise
        except (UserError, MemoryError):
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise UserError(f"photo '{entry.id}' of '{self.info.name}' cannot be read: {reason}") from error
        finally:
            _contents.reset(token)
            if len(noted) == 1 and _DIGEST.fullmatch(entry.sha256):  # also if what is there now is broken
                entry.check(*noted)
            self.reads_unchecked |= not noted

    def flow(self, start: Entry, end: Entry) -> NDArray[np.float32] | None:  # noqa: ARG002  # most know none
        """Return the exact motion from one frame of a clip to another, where it is known; by default not.

        Returns
        -------
        numpy.ndarray or None
            float32 (H, W, 2): where each pixel of the frame ``start`` has gone in the frame ``end``, in
            pixels to the right and down, at the size at which `read` returns frames.
        """
        return None

    def facts(self) -> dict[str, Any]:
        """Return facts about the photos found, for the terminal and the report.

        Returns
        -------
        dict
            ``splits``: how the splits were made, in words; and anything else a reader should know.
        """
        return {"splits": self.info.splits}

    def split(self, name: Split | Literal["all"]) -> list[Entry]:
        """Return the entries of one split, or of ``all``, in order."""
        return [entry for entry in self.entries() if name in (entry.split, "all")]

    def fingerprint(self, split: Split | Literal["all"] = "all") -> str:
        """Return the hex digest of the ids, splits, categories and contents of all photos, or of a split."""
        return fingerprint(self.split(split))


def fingerprint(entries: Sequence[Entry]) -> str:
    """Return the SHA-256 hex digest of entries, in any order."""
    digest = hashlib.sha256()
    for e in sorted(entries, key=attrgetter("id")):
        digest.update(f"{e.id}\0{e.split}\0{e.category}\0{e.sha256}{_place(e)}\n".encode())
    return digest.hexdigest()


def _place(entry: Entry) -> str:
    """Return the clip and frame of an entry, for its fingerprint; nothing for a photo."""
    return f"\0{entry.clip}\0{entry.frame}" if entry.clip else ""


datasets: Registry[type[Dataset]] = Registry("dataset", ("huebench.datasets.sets",), "huebench.datasets")

D = TypeVar("D", bound=type[Dataset])


def register_dataset(cls: D) -> D:
    """Register a dataset class under its ``info.name``; use as a decorator."""
    datasets.register(cls.info.name, cls)
    return cls


def is_text(value: object) -> bool:
    """Return whether a value can be written as UTF-8."""
    # Of a million texts, nearly all are ASCII.
    return isinstance(value, str) and (value.isascii() or value.encode("utf-8", "replace").decode() == value)
