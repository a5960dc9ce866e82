"""Closes the file system to a method's process (``--isolate``) with Linux's Landlock.

Afterwards the process and its children can read only Python, its libraries, the system's, the method's own
files and the packed copies of training photos, and can write only to the method's model folder and a
temporary folder. This cannot be undone.
"""

from __future__ import annotations

import ctypes
import os
import site
import struct
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from ... import UserError
from ...datasets.digests import cache_folder
from ..plan.cell import Cell

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System call numbers, the same on all Linux architectures."""

VERSION_FLAG, PATH_BENEATH, NO_NEW_PRIVILEGES = 1, 1, 38

EXECUTE, WRITE_FILE, READ_FILE, READ_FOLDER = 1, 2, 4, 8
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE
READING = EXECUTE | READ_FILE | READ_FOLDER
ALL = (1 << 13) - 1
"""All access rights of Landlock's first version: reading, writing, making and removing."""

UNSUPPORTED = "--isolate needs Linux 5.13 or newer with Landlock: leave it out, or run elsewhere"

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys", "/opt", "/dev/urandom", "/dev/null")
"""Paths that any program may read."""


def is_supported() -> bool:
    """Return whether this kernel can close the file system."""
    return sys.platform == "linux" and _call(CREATE_RULESET, None, 0, VERSION_FLAG) > 0


def close_file_system(cell: Cell, files: Sequence[Path], scratch: Path) -> None:
    """Close the file system to this process, which runs a cell's method.

    Parameters
    ----------
    cell
        The cell.
    files
        Files that the method reads.
    scratch
        A folder for temporary files.

    Raises
    ------
    UserError
        If this kernel has no Landlock.
    """
    if not is_supported():
        raise UserError(UNSUPPORTED)
    tempfile.tempdir = os.environ["TMPDIR"] = str(scratch)
    # Otherwise compiled kernels, which are code, would be shared with the scorer's process.
    os.environ["NUMBA_CACHE_DIR"] = str(scratch / "numba")
    folders = [*sys.path, sys.prefix, sys.base_prefix, *site.getsitepackages(), *map(str, _ours())]
    packed = cache_folder() / "packed"
    packed.mkdir(parents=True, exist_ok=True)
    named = [*files, packed]
    weights = [cell.request.weights_dir] if cell.request.weights_dir else []
    cell.model_folder.mkdir(parents=True, exist_ok=True)
    readable = [*map(Path, SYSTEM), *map(Path, filter(None, folders)), *named, *weights]
    restrict(readable, [cell.model_folder, scratch, Path("/dev/null"), Path("/dev/shm")])  # noqa: S108


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Let this process read and write only below the given paths."""
    rules = struct.pack("Q", ALL)
    ruleset = _call(CREATE_RULESET, rules, len(rules), 0)
    try:
        for paths, rights in ((readable, READING), (writable, ALL)):
            for path in paths:
                if path.exists():
                    _allow(ruleset, path, rights)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        if _call(RESTRICT_SELF, ruleset, 0) != 0:
            raise UserError(f"--isolate: the kernel refused: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = rights if path.is_dir() else rights & FILE_RIGHTS
        _call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", allowed, handle), 0)
    finally:
        os.close(handle)


def _ours() -> list[Path]:
    """Return this package's folders, which lie outside of Python's own in an editable installation."""
    return [Path(__file__).resolve().parents[2]]


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = libc.syscall(ctypes.c_long(number), *given)
    return result
