"""``clips:PATH``: your own films, and folders of frames."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from ... import UserError
from ...files import file_digest
from ..base import RGB, Dataset, DatasetInfo, Entry, PhotoChangedError, PhotoError, Split, register_dataset
from ..clips import ClipFolders, clip_splits, digest_of
from ..digests import digests, file_stamp
from ..films import SUFFIXES, Film, count_frames, require_films

INFO = DatasetInfo(
    name="clips",
    argument="PATH",
    summary="your own films: clips:PATH, a film or a folder of films and of folders of frames",
    source="the folder that you name",
    licence="unknown",
    splits="80/10/10 of the clips, in the order of SHA-256",
    clips=True,
)


class Frames(ClipFolders):
    """The folders of frames below a root; `Clips` decides their splits."""

    info: ClassVar = INFO
    may_be_empty: ClassVar = True  # there may be films instead

    def splits_of(self, clips: Mapping[str, str]) -> Mapping[str, Split]:
        """Return train for all: `Clips` replaces it."""
        return dict.fromkeys(clips, "train")


@register_dataset
class Clips(Dataset):
    """Films and folders of frames below a folder, or one film; each is a clip.

    A film's frames are named ``film.mp4/00000`` and so on. Their digests are of the film's bytes and the
    frame's number.
    """

    info: ClassVar = INFO
    follows_links: ClassVar = True

    def __init__(self, root: Path | None = None, *, follow_links: bool = False) -> None:
        if root is None:
            raise UserError("dataset 'clips' needs a film or a folder: write clips:PATH")
        super().__init__(root)
        self._frames: Frames | None = None
        if root.is_file() and root.suffix.lower() in SUFFIXES:
            self._films = {root.name: root.resolve()}
        elif root.is_dir():
            self._frames = Frames(root, follow_links=follow_links)
            self._films = {
                name: self._frames.tree.root / name
                for name in sorted(self._frames.tree.passed_over)
                if Path(name).suffix.lower() in SUFFIXES
            }
        else:
            raise UserError(f"'{root}' is neither a film ({', '.join(sorted(SUFFIXES))}) nor a folder")
        if self._films:
            require_films()
        elif self._frames is None or not self._frames.tree.ids:
            raise UserError(f"no films and no frames in '{root}'; put some there")
        self._open: tuple[str, Film, object, str] | None = None

    def entries(self) -> list[Entry]:
        """Return every frame, clip by clip."""
        return self._entries

    def facts(self) -> dict[str, Any]:
        """Return how the clips were split, and the files that were passed over."""
        if self._frames is None:
            return super().facts()
        known = self._frames.tree
        known.passed_over = [name for name in known.passed_over if name not in self._films]
        return {**super().facts(), **known.facts()}

    def read(self, entry: Entry) -> RGB:
        """Decode one frame; raises `PhotoError` with the reason."""
        if entry.clip not in self._films:
            assert self._frames is not None  # noqa: S101  # the entry is one of its frames
            return self._frames.read(entry)
        film, content = self._opened(entry)
        entry.check(_digest(content, entry.frame))
        return film.read(entry.frame)

    def _opened(self, entry: Entry) -> tuple[Film, str]:
        """Return a clip's film, which stays open for the next frame, and its digest."""
        path = self._films[entry.clip]
        try:
            stamp = file_stamp(path)
        except OSError as error:
            if not entry.sha256:  # it could not be read when it was listed either
                raise PhotoError(f"cannot be read ({error.strerror})") from error
            raise PhotoChangedError(entry.id, str(error)) from error
        if self._open is None or (self._open[0], self._open[2]) != (entry.clip, stamp):
            self._open = entry.clip, Film(path), stamp, _content(path)
        return self._open[1], self._open[3]

    @cached_property
    def _entries(self) -> list[Entry]:
        films = {name: _content(path) for name, path in self._films.items()}
        frames = self._frames.entries() if self._frames else []
        parts: dict[str, list[str]] = {}
        for frame in frames:
            parts.setdefault(frame.clip, []).append(frame.sha256)
        splits = clip_splits(films | {clip: digest_of(of_frames) for clip, of_frames in parts.items()})
        licence = self.info.licence
        found = [Entry(e.id, splits[e.clip], "", licence, e.sha256, e.clip, e.frame) for e in frames]
        for name, content in films.items():
            # A film that cannot be read is one frame that cannot be read: it is reported, not passed over.
            for number in range(max(1, count_frames(self._films[name]))):
                key = f"{name}/{number:05}"
                found.append(Entry(key, splits[name], "", licence, _digest(content, number), name, number))
        return found


def _content(film: Path) -> str:
    """Return the digest of a film's bytes, remembered between runs; ``""`` if it cannot be read."""
    try:
        stamp = file_stamp(film)
    except OSError:  # a link to nothing
        return ""
    return digests(film, [(film.name, stamp)], lambda _: file_digest(film))[film.name]


def _digest(content: str, frame: int) -> str:
    return hashlib.sha256(f"{content} {frame}".encode()).hexdigest() if content else ""
