"""The photos that a user names: files, folders, glob patterns and zip archives."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from ... import UserError
from ...datasets.films import SUFFIXES as FILMS
from ...datasets.tree import SUFFIXES, PhotoArchive
from ...wording import counted

_ARCHIVE = ".zip"


@dataclass(frozen=True)
class PhotoSource:
    """A photo to colorize.

    Attributes
    ----------
    name
        Path of its output below the output folder, with forward slashes and the photo's own suffix.
    path
        The photo's file, or the archive that holds it.
    member
        Its name in the archive; ``""`` for a file.
    """

    name: str
    path: Path
    member: str = ""

    def content(self) -> Path | bytes:
        """Return the photo's file, or its bytes; raises `PhotoError` if an archive's member is damaged."""
        return _archive(self.path).content(self.member) if self.member else self.path

    def __str__(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)


def find_sources(
    inputs: Sequence[str], out: Path, *, recursive: bool = False, note: Callable[[str], None] = lambda _: None
) -> list[PhotoSource]:
    """Find the photos that some inputs name, in order and each once.

    An output's name is the photo's path below the folder that all inputs have in common; for a single folder
    or archive that is the folder or archive itself. Folders keep hidden files and other kinds of files to
    themselves, and links to folders are not followed. A file that is named itself is always taken.

    Parameters
    ----------
    inputs
        Files, folders, zip archives, and glob patterns that the shell has not expanded.
    out
        The output folder: what lies in it is not an input, unless it is named.
    recursive
        Whether to look into sub-folders.
    note
        Gets a line about each archive of which photos are left out, because their paths lead out of it.

    Raises
    ------
    UserError
        If an input does not exist, or there is no photo at all.
    """
    paths = [path for each in inputs for path in _expanded(each)]
    alone = len(paths) == 1 and (paths[0].is_dir() or _is_archive(paths[0]))
    base = (
        paths[0].absolute() if alone else Path(os.path.commonpath([each.absolute().parent for each in paths]))
    )
    found: dict[tuple[str, str], PhotoSource] = {}
    for path in dict.fromkeys(filter(_is_archive, paths)):
        if left_out := _archive(path.absolute()).outside:
            note(
                f"{path}: {counted(len(left_out), 'photo')} left out, whose paths lead out of the archive: "
                f"{left_out[0]!r}" + (", …" if len(left_out) > 1 else "") + "; unpack it to colorize them"
            )
    for path in paths:
        for source in _photos(path.absolute(), base, out.resolve(), recursive=recursive):
            found.setdefault((os.path.realpath(source.path), source.member), source)
    if not found:
        hint = "" if recursive else "; --recursive looks into sub-folders"
        raise UserError(f"no photos in {', '.join(map(repr, map(str, inputs)))}{hint}")
    return list(found.values())


def _expanded(text: str) -> list[Path]:
    """Return the path that an input names, or all that match it."""
    if not text:
        raise UserError("an INPUT is empty: '' names nothing; . is this folder")
    path = Path(text).expanduser()
    if path.exists() or path.is_symlink():
        return [path]
    matching = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(text) else []  # noqa: PTH207
    if not matching:
        raise UserError(f"no such file or folder: '{text}'")
    return [Path(each) for each in matching]


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() == _ARCHIVE and path.is_file()


@lru_cache(maxsize=8)
def _archive(path: Path) -> PhotoArchive:
    return PhotoArchive(path)


def _photos(path: Path, base: Path, out: Path, *, recursive: bool) -> Iterator[PhotoSource]:
    below = PurePosixPath(Path(os.path.relpath(path, base)).as_posix())
    if path.is_dir():
        for file in _walk(path, out, recursive=recursive):
            yield PhotoSource((below / file.relative_to(path).as_posix()).as_posix(), file)
    elif _is_archive(path):
        folder = PurePosixPath() if path == base else below.with_suffix("")
        for member in _archive(path).members:
            yield PhotoSource((folder / member).as_posix(), path, member)
    else:
        yield PhotoSource(below.as_posix(), path)


def _walk(folder: Path, out: Path, *, recursive: bool) -> Iterator[Path]:
    """Yield the photos in a folder, sorted, without what was colorized earlier."""
    if folder.resolve() == out:
        raise UserError(f"--out '{out}' is an input: originals are never overwritten; choose another --out")
    try:
        children = sorted(os.scandir(folder), key=lambda child: child.name)
    except OSError as error:
        raise UserError(f"folder '{folder}' cannot be read: {error.strerror}") from error
    for child in children:
        path = Path(child.path)
        if child.name.startswith("."):
            continue
        if child.is_dir(follow_symlinks=False):
            if recursive and path.resolve() != out:
                yield from _walk(path, out, recursive=True)
        elif path.suffix.lower() in SUFFIXES | FILMS and not child.is_dir():
            yield path
