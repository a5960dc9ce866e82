"""Files: atomic writes, seals, digests, and the search for pretrained weights."""

import atexit
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from . import UserError

PARTIAL: Final = ".partial-"
"""Prefix of files that `atomic` has not finished; a killed process leaves one behind."""

OF_DISKS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)
"""Errors of a disk that is full, read-only or broken, whatever file is written."""

WEIGHTS_VARIABLE: Final = "HUEBENCH_WEIGHTS"
"""Environment variable that names a folder of pretrained weights."""


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading; pipes, sockets and devices are refused at once, without blocking.

    Raises
    ------
    OSError
        If it cannot be opened, or is not a regular file.
    """

    def opener(name: str, flags: int) -> int:
        descriptor = os.open(name, flags | os.O_NONBLOCK)
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return descriptor
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        raise OSError(errno.EINVAL, "not a regular file, but a pipe or a device", name)

    return open(path, "rb", opener=opener)  # Path.open takes no opener


def use_writable_caches(usual: Path) -> None:
    """Give Numba, Matplotlib and this package writable cache folders, here and in child processes.

    If the usual place cannot be written, as in a read-only container, ``HUEBENCH_CACHE`` or else a temporary
    folder is used. Environment variables that are already set are kept.

    Parameters
    ----------
    usual
        The usual cache folder of this package.
    """
    own = Path(os.environ.get("HUEBENCH_CACHE") or usual)
    home = Path("~").expanduser()
    places = {
        "HUEBENCH_CACHE": [own],
        "MPLCONFIGDIR": [Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config", "matplotlib")],
        "NUMBA_CACHE_DIR": [Path(__file__).parent, home / ".cache" / "numba"],
    }
    missing = [
        name for name, paths in places.items() if name not in os.environ and not any(map(_can_write, paths))
    ]
    if missing and not _can_write(own):
        own = Path(tempfile.mkdtemp(prefix="huebench-"))
        atexit.register(shutil.rmtree, own, ignore_errors=True)
    os.environ |= {name: str(own / name.lower()) for name in missing}


def _can_write(path: Path) -> bool:
    """Return whether a folder can be written or created."""
    found = next(each for each in (path, *path.absolute().parents) if each.exists())
    return os.access(found, os.W_OK | os.X_OK)


def file_digest(path: Path) -> str:
    """Return the SHA-256 hex digest of a file, or ``""`` if it cannot be read."""
    try:
        with open_regular(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):  # a name from a damaged file may hold a null
        return ""


def size_on_disk(paths: Iterable[Path]) -> int:
    """Return the bytes in files, and in all files below folders; missing ones have none."""
    below = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    return sum(file.stat().st_size for file in below if file.is_file())


@contextmanager
def atomic(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a path to write to; it replaces ``path`` if the block succeeds and is removed if it fails.

    A reader sees the old file or the new one, never a part; with ``durable``, which costs about 7 ms, even
    after a power cut. The folder is created if missing. The yielded path has the suffix of ``path``, because
    libraries choose the format by it, and no more of its name, which may be as long as names can be.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{PARTIAL}{secrets.token_hex(4)}{path.suffix}")
    try:
        with _naming(path):
            yield partial
            if durable:
                with partial.open("rb+") as written:
                    os.fsync(written)
            partial.replace(path)
        if durable:
            sync_folder(path.parent)
    finally:
        with suppress(OSError):  # the first error matters more
            partial.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on disk; Windows neither supports nor needs this."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with _naming(folder):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_fault_of(folder: Path, error: OSError) -> bool:
    """Return whether an error concerns a file in the folder, or a disk without naming a file."""
    if not error.filename:
        return error.errno in OF_DISKS
    return Path(str(error.filename)).absolute().is_relative_to(folder.absolute())


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name the file in errors of a full or broken disk, for which the system names none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file atomically, without changing line ends."""
    with atomic(path) as partial:
        partial.write_bytes(text.encode())


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file atomically."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def file_name(text: str) -> str:
    """Return a text as a part of a file name: lower-case letters, digits, dots and hyphens, at most 48.

    >>> file_name("pixel-knn[neighbours=3]"), file_name("../Ä")
    ('pixel-knn-neighbours-3', '')
    """
    return re.sub("[^a-z0-9.]+", "-", text.lower())[:48].strip("-.")


def seal(path: Path, content: dict[str, Any], files: Sequence[Path] = ()) -> None:
    """Write JSON together with digests of itself and of files in its folder.

    Parameters
    ----------
    path
        Path of the seal.
    content
        JSON to store in it.
    files
        Files in the same folder, already written; a change to one of them breaks the seal.
    """
    digests = {file.name: file_digest(file) for file in files}
    write_json(path, {"content": content, "files": digests, "digest": _digest(content, digests)})


def unseal(path: Path) -> dict[str, Any] | None:
    """Return a seal's content, or ``None`` if the seal or one of its files is missing or was changed."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        content, files = stored["content"], stored["files"]
        whole = stored["digest"] == _digest(content, files) and all(
            file_digest(path.with_name(name)) == digest for name, digest in files.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not whole:
        return None
    sealed: dict[str, Any] = content
    return sealed


def weights_folders() -> list[Path]:
    """Return the folders to search for weights: ``HUEBENCH_WEIGHTS`` if set, then torch hub's cache.

    The cache's path is computed as torch does it, because importing torch takes seconds.

    Raises `UserError` if ``HUEBENCH_WEIGHTS`` is not a folder.
    """
    named = os.environ.get(WEIGHTS_VARIABLE)
    if named and not Path(named).expanduser().is_dir():
        raise UserError(
            f"not a folder of weights: '{named}'; name one that exists by {WEIGHTS_VARIABLE} or --weights-dir"
        )
    cache_home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    torch_home = Path(os.environ.get("TORCH_HOME", cache_home / "torch"))
    folders = [Path(named)] if named else []
    return [folder.expanduser() for folder in (*folders, torch_home / "hub" / "checkpoints")]


def weights_on_disk(*patterns: str, where: str = "auto") -> Path | None:
    """Find a pretrained weights file on this machine.

    Parameters
    ----------
    patterns
        File names or glob patterns, best first; a folder with any of them takes precedence over later ones.
    where
        A file with any name; a folder; ``auto`` for `weights_folders`; or ``none``.

    Returns
    -------
    pathlib.Path or None
        ``None`` if ``where`` is ``none``, or is ``auto`` and no folder has such a file.

    Raises
    ------
    UserError
        If ``where`` is a path without such a file, or ``HUEBENCH_WEIGHTS`` is not a folder.
    """
    if where == "none":
        return None
    if where == "auto":
        return _first(weights_folders(), patterns)
    path = Path(where)
    if path.is_file():
        return path
    if not path.is_dir():
        raise UserError(f"weights '{path}' do not exist: name a file, a folder, auto or none")
    found = _first([path], patterns)
    if found is None:
        raise UserError(f"folder '{path}' does not hold the weights: put {patterns[0]} there")
    return found


def _first(folders: Sequence[Path], patterns: Sequence[str]) -> Path | None:
    found = (path for folder in folders for pattern in patterns for path in sorted(folder.glob(pattern)))
    return next((path for path in found if path.is_file()), None)


def _digest(content: dict[str, Any], files: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps([content, files], sort_keys=True).encode()).hexdigest()
