"""Photos in tar shards, as WebDataset lays them out: listed once per shard, read by their place in it."""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from itertools import product
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import fsspec  # type: ignore[import-untyped,unused-ignore]

from .. import UserError
from ..files import write_text
from .base import PhotoError
from .digests import cache_folder, rereading
from .tree import LARGEST_MEMBER, SUFFIXES

MOST_MEMBERS: Final = 2_000_000
"""Largest number of members of one shard."""

_BRACES: Final = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True, slots=True)
class Member:
    """A photo in a shard.

    Attributes
    ----------
    name
        Its name in the shard.
    offset
        Place of its first byte in the shard.
    size
        Number of its bytes.
    sha256
        Their hex digest; ``""`` if there are too many.
    category
        Content of the member of the same name that ends in ``.cls``; ``""`` without one.
    text
        Content of the member of the same name that ends in ``.txt``, if it is short: a category or a caption.
    """

    name: str
    offset: int
    size: int
    sha256: str
    category: str
    text: str


class Shard:
    """One tar file, local or at any address that fsspec opens. Nothing in it is unpacked, and no path used.

    Parameters
    ----------
    system
        fsspec's file system.
    path
        The file's path on it.
    """

    def __init__(self, system: Any, path: str) -> None:
        self.path = path
        self._system = system

    @property
    def name(self) -> str:
        """The file's name."""
        return PurePosixPath(self.path).name

    def members(self) -> list[Member]:
        """Return its photos in their order; from the cache if the shard has not changed.

        Raises
        ------
        UserError
            If it is not a complete, uncompressed tar file, or holds two photos of one name.
        """
        place, stamp = self._cache()
        with suppress(OSError, ValueError, TypeError, KeyError):
            cached = json.loads(place.read_text(encoding="utf-8"))
            if cached["stamp"] == stamp and not rereading():
                return [Member(*row) for row in cached["members"]]
        found = self._scan()
        with suppress(OSError):  # a cache that cannot be written only costs time
            rows = [list(astuple(m)) for m in found]
            write_text(place, json.dumps({"stamp": stamp, "members": rows}))
        return found

    def read(self, member: Member) -> bytes:
        """Return a photo's bytes; raises `PhotoError` or OSError if it cannot be read."""
        if member.size > LARGEST_MEMBER:
            raise PhotoError(f"more than {LARGEST_MEMBER:,} bytes in the shard")
        with self._system.open(self.path, "rb") as stream:
            stream.seek(member.offset)
            content: bytes = stream.read(member.size)
        if len(content) < member.size:
            raise PhotoError("the shard is cut short")
        return content

    def _cache(self) -> tuple[Path, str]:
        """Return the file of the cache, and what tells whether the shard has changed."""
        facts = self._system.info(self.path)
        stamp = {key: str(facts.get(key)) for key in ("size", "mtime", "ino", "ETag", "etag", "LastModified")}
        name = hashlib.sha256(f"{self._system.protocol}\0{self.path}".encode()).hexdigest()[:24]
        return cache_folder() / "shards" / f"{name}.json", json.dumps(stamp, sort_keys=True)

    def _scan(self) -> list[Member]:
        try:
            with self._system.open(self.path, "rb") as stream:
                return _photos(stream, self.name)
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            raise UserError(
                f"shard '{self.path}' is not a complete, uncompressed tar file ({error}): get it again"
            ) from error


def find_shards(pattern: str) -> list[Shard]:
    """Return the shards that a pattern names, in the order of their paths.

    Parameters
    ----------
    pattern
        A path or an address with ``*``, ``?`` and ranges such as ``{000..017}``.

    Raises
    ------
    UserError
        If the address cannot be opened, a range is empty, nothing is found, or two shards have one name.
    """
    try:
        found: dict[str, Shard] = {}
        for one in _expanded(pattern):
            system, path = fsspec.core.url_to_fs(one)
            paths = system.glob(path) if set("*?[") & set(path) else [path] if system.exists(path) else []
            if not paths:
                raise UserError(
                    f"no shard at '{one}': name tar files, such as shards:photos-{{000..017}}.tar"
                )
            found |= {each: Shard(system, each) for each in paths}
    except (ImportError, OSError, ValueError) as error:
        raise UserError(f"the shards '{pattern}' cannot be found: {error}") from error
    shards = [found[path] for path in sorted(found)]
    names = [shard.name for shard in shards]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UserError(f"two shards are named '{twice}': rename one, or name one folder only")
    return shards


def _expanded(pattern: str) -> Iterator[str]:
    """Yield a pattern with its ranges written out: ``{08..10}`` becomes 08, 09 and 10."""
    texts = _BRACES.split(pattern)
    plain, ranges = texts[::3], list(zip(texts[1::3], texts[2::3], strict=True))
    if backwards := [each for each in ranges if int(each[0]) > int(each[1])]:
        low, high = backwards[0]
        raise UserError(f"the range {{{low}..{high}}} of '{pattern}' is empty: write {{{high}..{low}}}")
    numbers = [[f"{n:0{len(low)}}" for n in range(int(low), int(high) + 1)] for low, high in ranges]
    for chosen in product(*numbers):
        yield "".join(part for pair in zip(plain, (*chosen, ""), strict=True) for part in pair)


def _photos(stream: IO[bytes], shard: str) -> list[Member]:
    """Read a shard from its beginning, header by header; links, folders and devices are passed over."""
    found: dict[str, Member] = {}
    beside: dict[str, dict[str, str]] = {".cls": {}, ".txt": {}}
    # Not tarfile's list of members: it keeps every header, and links could point anywhere.
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        for number, info in enumerate(iter(archive.next, None)):
            archive.members = []  # type: ignore[attr-defined]  # it would keep them all
            if number >= MOST_MEMBERS:
                raise UserError(f"shard '{shard}' has more than {MOST_MEMBERS:,} members: split it")
            path = PurePosixPath(info.name)
            if not info.isreg() or info.issparse() or path.name.startswith("."):
                continue
            if path.suffix.lower() in SUFFIXES:
                if info.name in found:
                    raise UserError(f"shard '{shard}' holds two photos named '{info.name}': remove one")
                found[info.name] = Member(
                    info.name, info.offset_data, info.size, _digest(stream, info), "", ""
                )
            elif path.suffix in beside and info.size <= 100:
                stream.seek(info.offset_data)
                text = stream.read(info.size).decode("utf-8", "replace").strip()
                beside[path.suffix][_stem(info.name)] = text if text.isprintable() else ""
    categories, texts = beside.values()
    return [
        replace(m, category=categories.get(_stem(m.name), ""), text=texts.get(_stem(m.name), ""))
        for m in found.values()
    ]


def _digest(stream: IO[bytes], info: tarfile.TarInfo) -> str:
    if info.size > LARGEST_MEMBER:
        return ""
    stream.seek(info.offset_data)
    content = stream.read(info.size)
    if len(content) < info.size:
        raise EOFError("it is cut short")
    return hashlib.sha256(content).hexdigest()


def _stem(name: str) -> str:
    """Return the key of a sample: the name up to the first dot of its last part, as WebDataset has it."""
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.partition(".")[0]
