"""How the engine names and writes its files."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file so that a reader sees the old one or the new one, never half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    partial.replace(path)


def picture_name(photo: str) -> str:
    """Return a file name for a photo's picture that is safe whatever the photo is called.

    Examples
    --------
    >>> picture_name("../im1.jpg")
    'd2124eae2935dece.png'
    """
    return hashlib.sha256(photo.encode()).hexdigest()[:16] + ".png"
