"""The folder of weights: which published files it holds, and the record beside each of them."""

from __future__ import annotations

import difflib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ... import UserError
from ...files import file_digest, weights_folders, write_json
from ..base import methods
from .checkpoint import Checkpoint
from .imagenet import IMAGENET
from .method import PublishedMethod


def checkpoints() -> dict[str, Checkpoint]:
    """Return the weights of all published methods, and those of encoders, by name, sorted."""
    published = (cls for cls in methods.items().values() if issubclass(cls, PublishedMethod))
    found = [checkpoint for cls in published for checkpoint in cls.checkpoints.values()]
    found += IMAGENET.values()
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def checkpoint_named(name: str) -> Checkpoint:
    """Return weights by their name; an unknown name raises `UserError`, which shows the nearest ones."""
    known = checkpoints()
    if name in known:
        return known[name]
    near = [each for each in known if each.startswith(name)] or difflib.get_close_matches(
        name, known, cutoff=0.5
    )
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    raise UserError(f"unknown weights '{name}'; {hint}")


def place_for(checkpoint: Checkpoint) -> Path:
    """Return the path of a published file: in ``HUEBENCH_WEIGHTS`` if set, else in torch hub's cache."""
    return weights_folders()[0] / checkpoint.file


def places_for(checkpoint: Checkpoint, *, safetensors: bool) -> tuple[Path, Path]:
    """Return the path of a user's file in safetensors' or torch's format, and that of the other format."""
    published = place_for(checkpoint)
    safe = published.with_suffix(".safetensors")
    torchs = published.with_suffix(".pth") if published == safe else published
    return (safe, torchs) if safetensors else (torchs, safe)


def write_record(path: Path, checkpoint: Checkpoint, url: str) -> None:
    """Write down what a file is, its digest, where it came from, and the licence that was shown.

    Parameters
    ----------
    path
        The file of weights; the record's name adds ``.json``.
    checkpoint
        What it is.
    url
        Where it was fetched, or ``""`` if the user had it.
    """
    digest = file_digest(path)
    content = {
        "name": checkpoint.name,
        "url": url,
        "page": checkpoint.page,
        "size": path.stat().st_size,
        "sha256": digest,
        "published digest": verdict(checkpoint, digest),
        "licence": checkpoint.licence,
        "licence accepted" if url else "added": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(_record_of(path), content)


def read_record(path: Path) -> dict[str, Any]:
    """Return the record of a file of weights; empty if there is none or it cannot be read."""
    try:
        content = json.loads(_record_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def verdict(checkpoint: Checkpoint, digest: str) -> str:
    """Return whether a digest is a published one: ``matches``, ``differs`` or ``not known``."""
    if digest in checkpoint.digests:
        return "matches"
    return "differs" if checkpoint.digests else "not known"


def _record_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
