"""A figure for a paper: one photo per row, its pictures side by side, and the columns named once."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from ..blocks import Tile
from .style import INK, style

WIDTH = 6.9  #: Inches: both columns of a paper with two


def photo_grid(rows: Sequence[Sequence[Tile]]) -> Figure:
    """Draw rows of pictures; the labels of the first row head the columns.

    A tile without a picture shows its caption.
    """
    with style():
        columns = len(rows[0])
        side = WIDTH / columns
        figure = Figure(
            figsize=(WIDTH, 0.2 + side * len(rows)),
            dpi=300,
            layout=ConstrainedLayoutEngine(w_pad=0.01, h_pad=0.01, wspace=0, hspace=0),
        )
        grid = figure.subplots(len(rows), columns, squeeze=False)
        for tile, place in zip((t for row in rows for t in row), grid.flat, strict=True):
            place.set_axis_off()
            if tile.path is None:
                place.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
                place.text(0.5, 0.5, tile.caption, ha="center", va="center", fontsize=7, color=INK)
                continue
            with Image.open(tile.path) as picture:
                place.imshow(np.asarray(picture.convert("RGB")), interpolation="none")
        for tile, place in zip(rows[0], grid[0], strict=True):
            place.set_title(tile.label, fontsize=min(9, 110 * side / max(len(tile.label), 1)), pad=3)
        return figure
