"""The pictures that a run has kept: one that is lost or damaged counts as not kept."""

from pathlib import Path

import pandas as pd
from PIL import Image

COLUMNS = ("picture", "truth_picture", "input_picture")
"""Columns of the images' table that hold paths inside the run folder."""


def is_whole(path: Path) -> bool:
    """Return whether a PNG is there with all its bytes as they were written, without decoding it."""
    try:
        with Image.open(path) as picture:
            picture.verify()
    except Exception:  # noqa: BLE001  # Pillow raises errors of many kinds, also SyntaxError
        return False
    return True


def only_whole(images: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return a run's table of images without the paths in `COLUMNS` of pictures that are lost or damaged."""
    columns = {}
    for column in images.columns.intersection(list(COLUMNS)):
        paths = images[column]
        whole = {path for path in paths.dropna().unique() if is_whole(folder / path)}
        columns[column] = paths.where(paths.isin(whole))
    return images.assign(**columns)
