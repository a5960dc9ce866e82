"""Pictures in rows that are named on the left, in columns that are named at the top."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ..blocks import Tile
from .style import INK, style

LETTER, ABOVE = 0.06, 0.3  #: Inches for a letter of a row's name, and for the names of columns

SIDE, GAP = 1.05, 0.02  #: Of a picture, in inches; between pictures, as a share of that


def picture_rows(rows: Sequence[Sequence[Tile]]) -> Figure:
    """Draw rows of pictures: the labels of first tiles name the rows, captions of the first row the columns.

    A tile without a picture stays empty.
    """
    with style():
        columns = len(rows[0])
        left = LETTER * (2 + max(len(row[0].label) for row in rows))
        width, height = left + SIDE * columns, ABOVE + SIDE * len(rows)
        figure = Figure(figsize=(width, height))
        grid = figure.subplots(len(rows), columns, squeeze=False)
        figure.subplots_adjust(  # faster than a layout that measures all texts
            left=left / width, right=1, bottom=0, top=1 - ABOVE / height, wspace=GAP, hspace=GAP
        )
        for line, places in zip(rows, grid, strict=True):
            for tile, place in zip(line, places, strict=True):
                place.set(xticks=[], yticks=[])
                place.grid(visible=False)
                for side in place.spines.values():
                    side.set_visible(False)
                if tile.path is not None:
                    with Image.open(tile.path) as picture:
                        place.imshow(np.asarray(picture.convert("RGB")))
            places[0].set_ylabel(line[0].label, fontsize=7, rotation=0, ha="right", va="center", color=INK)
        for tile, place in zip(rows[0], grid[0], strict=True):
            place.set_title(tile.caption, fontsize=7, pad=2)
        return figure
