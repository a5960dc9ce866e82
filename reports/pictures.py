"""The pictures that a run has kept: one that is lost or damaged counts as not kept."""

from pathlib import Path

import pandas as pd
from PIL import Image

COLUMNS = ("picture", "truth_picture", "input_picture")
"""Columns of the images' table that hold paths inside the run folder."""


def is_whole(path: Path) -> bool:
    """Return whether a PNG is there with all its bytes as they were written, without decoding it."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            picture.verify()
    except Exception:  # noqa: BLE001  # Pillow raises errors of many kinds, also SyntaxError
        return False
    return True


def is_inside(folder: Path, path: object) -> bool:
    """Return whether a path that a table names stays inside its run folder, links followed."""
    return isinstance(path, str) and (folder / path).resolve().is_relative_to(folder.resolve())


def only_whole(images: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return a run's table of images without the paths of pictures that are lost, damaged or elsewhere."""
    columns = {}
    for column in images.columns.intersection(list(COLUMNS)):
        paths = images[column]
        whole = {
            path for path in paths.dropna().unique() if is_inside(folder, path) and is_whole(folder / path)
        }
        columns[column] = paths.where(paths.isin(whole))
    return images.assign(**columns)
