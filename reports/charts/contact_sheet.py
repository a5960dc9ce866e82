"""A contact sheet: one photo's input, truth and every method's answer."""

import math
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from PIL import Image

from ..blocks import Tile
from .style import TILES_A_LINE, style


def contact_sheet(tiles: Sequence[Tile]) -> Figure:
    """Draw pictures side by side, each with its label and caption."""
    with style():
        lines = math.ceil(len(tiles) / TILES_A_LINE)
        columns = min(len(tiles), TILES_A_LINE)
        figure = Figure(
            figsize=(1.5 * columns, 1.9 * lines),
            layout=ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0),
        )
        axes = list(figure.subplots(lines, columns, squeeze=False).flat)
        for tile, place in zip(tiles, axes, strict=False):
            _draw_tile(place, tile)
        for place in axes[len(tiles) :]:
            place.set_axis_off()
        return figure


def _draw_tile(place: Axes, tile: Tile) -> None:
    place.set_axis_off()
    lines = textwrap.wrap(tile.label, 22, max_lines=3, placeholder="…")
    place.set_title("\n".join(lines), fontsize=7.5, pad=3)
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
