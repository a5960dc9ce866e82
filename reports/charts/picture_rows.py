"""Pictures in rows that are named on the left, in columns that are named at the top."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from ..blocks import Tile
from .style import INK, style


def picture_rows(rows: Sequence[Sequence[Tile]]) -> Figure:
    """Draw rows of pictures: the labels of first tiles name the rows, captions of the first row the columns.

    A tile without a picture stays empty.
    """
    with style():
        columns = len(rows[0])
        figure = Figure(
            figsize=(1.2 + 1.05 * columns, 0.35 + 1.05 * len(rows)),
            layout=ConstrainedLayoutEngine(w_pad=0.01, h_pad=0.01, wspace=0, hspace=0),
        )
        grid = figure.subplots(len(rows), columns, squeeze=False)
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
