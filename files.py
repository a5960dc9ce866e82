"""How the engine names, writes and seals its files."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def file_digest(path: Path) -> str:
    """Return the SHA-256 hex digest of a file, or ``""`` if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield where to write; it becomes ``path`` when the block ends well and is gone when it does not.

    A reader sees the old file or the new one, never half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file atomically."""
    with atomic(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def seal(path: Path, content: dict[str, Any], files: Sequence[Path] = ()) -> None:
    """Write JSON that vouches for itself and for files beside it, which must be written before.

    Parameters
    ----------
    path
        The seal.
    content
        What it says.
    files
        In the same folder; damage to one of them breaks the seal.
    """
    digests = {file.name: file_digest(file) for file in files}
    write_json(path, {"content": content, "files": digests, "digest": _digest(content, digests)})


def unseal(path: Path) -> dict[str, Any] | None:
    """Return what a seal says, or ``None`` if it or a file it vouches for is missing or not as written."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        content, files = stored["content"], stored["files"]
        whole = stored["digest"] == _digest(content, files)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not whole or any(file_digest(path.with_name(name)) != digest for name, digest in files.items()):
        return None
    sealed: dict[str, Any] = content
    return sealed


def picture_name(photo: str) -> str:
    """Return a file name for a photo's picture that is safe whatever the photo is called.

    Examples
    --------
    >>> picture_name("../im1.jpg")
    'd2124eae2935dece.png'
    """
    return hashlib.sha256(photo.encode()).hexdigest()[:16] + ".png"


def _digest(content: dict[str, Any], files: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps([content, files], sort_keys=True).encode()).hexdigest()
