"""A contact sheet: one photo's input, truth and every method's answer."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from ..blocks import Tile
from ..text import label_lines
from .style import TILES_A_LINE, style

WIDTH, HEIGHT = 1.5, 1.9  #: Of a tile, in inches

LINE, BELOW, GAP = 0.125, 0.15, 0.03  #: Inches for a line of a tile's label, its caption, and at either side


def contact_sheet(tiles: Sequence[Tile]) -> Figure:
    """Draw pictures side by side, each with its label and caption."""
    with style():
        lines = math.ceil(len(tiles) / TILES_A_LINE)
        columns = min(len(tiles), TILES_A_LINE)
        above = 2 * GAP + LINE * max(len(_label(tile)) for tile in tiles)
        figure = Figure(figsize=(WIDTH * columns, HEIGHT * lines))
        axes = list(figure.subplots(lines, columns, squeeze=False).flat)
        figure.subplots_adjust(  # faster than a layout that measures all texts
            left=GAP / WIDTH / columns,
            right=1 - GAP / WIDTH / columns,
            bottom=BELOW / HEIGHT / lines,
            top=1 - above / HEIGHT / lines,
            wspace=2 * GAP / (WIDTH - 2 * GAP),
            hspace=(above + BELOW) / (HEIGHT - above - BELOW),
        )
        for tile, place in zip(tiles, axes, strict=False):
            _draw_tile(place, tile)
        for place in axes[len(tiles) :]:
            place.set_axis_off()
        return figure


def _draw_tile(place: Axes, tile: Tile) -> None:
    place.set_axis_off()
    place.set_title("\n".join(_label(tile)), fontsize=7.5, pad=3)
    if tile.path is None:
        place.set_xlim(0, 1)
        place.set_ylim(0, 1)
        place.set_aspect("equal")
        place.add_patch(Rectangle((0, 0), 1, 1, color="#F0F0F0"))
        place.text(0.5, 0.5, tile.caption, ha="center", va="center", color="#666666", fontsize=7.5)
        return
    with Image.open(tile.path) as picture:
        place.imshow(np.asarray(picture.convert("RGB")))
    place.text(0.5, -0.03, tile.caption, ha="center", va="top", transform=place.transAxes, fontsize=7)


def _label(tile: Tile) -> list[str]:
    """Return the lines of a tile's label."""
    return label_lines(tile.label, 22)
