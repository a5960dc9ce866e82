"""Clips that are folders of frames: which photos belong to which clip, in which order, in which split."""

from __future__ import annotations

import hashlib
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import PurePosixPath

from .base import Entry, Split
from .splits import TENTHS, by_digest, shares
from .tree import TreeDataset

_DIGITS = re.compile(r"(\d+)")


def in_film_order(names: Iterable[str]) -> list[str]:
    """Return names in order, with numbers in them in the order of their values.

    Examples
    --------
    >>> in_film_order(["frame10.png", "frame9.png"])
    ['frame9.png', 'frame10.png']
    """

    def key(name: str) -> tuple[list[tuple[int, str]], str]:
        parts = _DIGITS.split(name)
        return [(int(part) if i % 2 else 0, part) for i, part in enumerate(parts)], name

    return sorted(names, key=key)


def clip_splits(digests: Mapping[str, str]) -> dict[str, Split]:
    """Split clips 80/10/10 in the order of the digests of their contents; equal clips stay together."""
    return by_digest(digests, shares(len(digests), TENTHS))


def digest_of(parts: Iterable[str]) -> str:
    """Return the digest of a clip from those of its frames."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class ClipFolders(TreeDataset):
    """A dataset of folders of frames: each folder that holds photos is a clip, named by its path."""

    @abstractmethod
    def splits_of(self, clips: Mapping[str, str]) -> Mapping[str, Split]:
        """Return the split of every clip, from the clips' names and digests."""

    def clip_of(self, key: str) -> str:
        """Return the name of the clip of a photo, from its id; that of the root if it is in no folder."""
        parent = PurePosixPath(key).parent.as_posix()
        return self.tree.root.name if parent == "." else parent

    def places(self, digests: Mapping[str, str]) -> Mapping[str, tuple[Split, str]]:
        """Return the split of every photo's clip; clips have no categories."""
        parts: dict[str, list[str]] = {}
        for key, digest in digests.items():
            parts.setdefault(self.clip_of(key), []).append(digest)
        splits = self.splits_of({clip: digest_of(of_frames) for clip, of_frames in parts.items()})
        return {key: (splits[self.clip_of(key)], "") for key in digests}

    @cached_property
    def _entries(self) -> list[Entry]:
        """The frames, clip by clip, each clip's in the order of its files' names."""
        found = {entry.id: entry for entry in super()._entries}
        clips: dict[str, list[str]] = {}
        for key in in_film_order(found):
            clips.setdefault(self.clip_of(key), []).append(key)
        return [
            replace(found[key], clip=clip, frame=frame)
            for clip, keys in clips.items()
            for frame, key in enumerate(keys)
        ]
