"""Predictions that a run keeps: pictures for the report, and whole shards to score again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import parquet

from ...datasets.base import RGB
from ...files import atomic, file_name, seal, unseal
from ...reports.pictures import is_whole
from .pipeline import Prediction


@dataclass(frozen=True)
class KeptPredictions:
    """A stored shard: its `predictions` by photo, and the `facts` of the cell that made them."""

    predictions: dict[str, Prediction]
    facts: dict[str, Any]


def write_predictions(path: Path, predictions: Mapping[str, Prediction], facts: Mapping[str, Any]) -> None:
    """Write a shard's predictions, each picture as lossless WebP, smaller and faster than PNG.

    Parameters
    ----------
    path
        The shard's ``.parquet`` file; its seal is next to it.
    predictions
        Predictions by photo.
    facts
        Columns of the cell's row that a later cell cannot measure.
    """
    rows = [
        {"photo": photo, "seconds": each.seconds, "reference": each.reference, "webp": _encoded(each.rgb)}
        for photo, each in predictions.items()
    ]
    with atomic(path) as partial:
        parquet.write_table(pa.Table.from_pylist(rows), partial, compression="none")
    seal(path.with_suffix(".json"), dict(facts), [path])


def read_predictions(path: Path) -> KeptPredictions | None:
    """Return what `write_predictions` wrote, or ``None`` if it is missing or damaged."""
    facts = unseal(path.with_suffix(".json"))
    if facts is None:
        return None
    kept = {
        row["photo"]: Prediction(_decoded(row["webp"]), row["seconds"], row["reference"])
        for row in parquet.read_table(path).to_pylist()
    }
    return KeptPredictions(kept, facts)


def write_picture(folder: Path, kind: str, photo: str, rgb: RGB, *, shared: bool = False) -> str:
    """Write a photo's picture for the report, and return its path below the run folder.

    Parameters
    ----------
    folder
        The run folder.
    kind
        Sub-folder of the picture.
    photo
        Id of the photo.
    rgb
        The pixels, uint8 (H, W, 3).
    shared
        Whether several cells write the same picture, so that an intact one is left alone.
    """
    path = Path("pictures", kind, picture_name(photo))
    if not (shared and is_whole(folder / path)):
        with atomic(folder / path, durable=False) as partial:  # lost in a power cut, it is found missing
            Image.fromarray(rgb).save(partial, "PNG", compress_level=1)  # 4 % larger, 3.6 times as fast
    return path.as_posix()


def picture_name(photo: str) -> str:
    """Return a readable file name for a photo's picture, safe and distinct for any photo id.

    Examples
    --------
    >>> picture_name("../im1.jpg")
    'im1-d2124eae2935dece.png'
    """
    digest = hashlib.sha256(photo.encode()).hexdigest()[:16]
    return "-".join(filter(None, (file_name(Path(photo).stem), f"{digest}.png")))


def _decoded(webp: bytes) -> RGB:
    """Return a picture's pixels; a run folder may come from anywhere, so no other format is opened."""
    with Image.open(io.BytesIO(webp), formats=["WEBP"]) as picture:
        return np.array(picture)


def _encoded(rgb: RGB) -> bytes:
    out = io.BytesIO()
    # For a lossless picture, method and quality set only the effort: more saves 10 % at ten times the time.
    Image.fromarray(rgb).save(out, "WEBP", lossless=True, method=0, quality=0)
    return out.getvalue()
