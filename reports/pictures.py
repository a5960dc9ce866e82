"""The pictures that a run kept; missing or damaged ones count as not kept."""

from pathlib import Path

import pandas as pd
from PIL import Image

COLUMNS = ("picture", "truth_picture", "input_picture")
"""Columns of a run's tables with paths inside the run folder."""


def is_whole(path: Path) -> bool:
    """Return whether a PNG exists and is intact, without decoding it."""
    if not path.is_file():  # reading a pipe would block
        return False
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            picture.verify()
    except Exception:  # noqa: BLE001  # Pillow raises many kinds of errors, even SyntaxError
        return False
    return True


def is_inside(folder: Path, path: object) -> bool:
    """Return whether a path from a table stays inside its run folder, with links followed."""
    return isinstance(path, str) and (folder / path).resolve().is_relative_to(folder.resolve())


def only_whole(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return a run's table without the paths of missing, damaged or outside pictures."""
    columns = {}
    for column in table.columns.intersection(list(COLUMNS)):
        paths = table[column]
        whole = {
            path for path in paths.dropna().unique() if is_inside(folder, path) and is_whole(folder / path)
        }
        columns[column] = paths.where(paths.isin(whole))
    return table.assign(**columns)
