"""The figures of a report, drawn by Matplotlib without any global state of it."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from PIL import Image

from .gallery import GalleryPhoto, Tile

SPLIT_COLORS = {"train": "#0072B2", "validation": "#D55E00"}
"""Of Okabe and Ito's palette, told apart by colour-blind readers (doi:10.1038/nmeth.1618)."""

TILES_A_LINE = 6

STYLE: dict[str, Any] = {
    "figure.dpi": 110,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw with Matplotlib's own defaults and `STYLE`, whatever the user's settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)  # type: ignore[arg-type]  # the names are literals to the type checker
        yield


def gallery(photo: GalleryPhoto) -> Figure:
    """Draw the input, the truth and every method's answer of one photo."""
    with style():
        lines = math.ceil(len(photo.tiles) / TILES_A_LINE)
        columns = min(len(photo.tiles), TILES_A_LINE)
        figure = Figure(figsize=(1.5 * columns, 1.9 * lines), layout=_tight())
        axes = list(figure.subplots(lines, columns, squeeze=False).flat)
        for tile, place in zip(photo.tiles, axes, strict=False):
            _draw_tile(place, tile)
        for place in axes[len(photo.tiles) :]:
            place.set_axis_off()
        return figure


def training_curves(curves: pd.DataFrame) -> Figure:
    """Draw loss and accuracy an epoch, train and validation, of every trained method.

    Parameters
    ----------
    curves
        The run's ``curves`` table, not empty; several seeds of a method become several lines.
    """
    with style():
        methods = sorted(curves["method"].unique())
        figure = Figure(figsize=(8, 0.5 + 1.6 * len(methods)), layout="constrained")
        axes = figure.subplots(len(methods), 2, squeeze=False)
        for row, method in zip(axes, methods, strict=True):
            for place, quantity in zip(row, ("loss", "accuracy"), strict=True):
                _draw_curves(place, curves[curves["method"] == method], quantity)
            row[0].set_title(method, loc="left", fontweight="bold")
        top = np.nanmax([*curves["accuracy"].to_numpy(float, na_value=np.nan), 0.0])
        for place in axes[:, 1]:
            place.set_ylim(0, max(0.1, min(1.0, 1.1 * top)))
        for place in axes[-1]:
            place.set_xlabel("epoch")
        handles = {line.get_label(): line for place in axes.flat for line in place.get_lines()}
        figure.legend(handles.values(), handles.keys(), loc="outside upper right", ncols=2)
        return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure, with nothing in the file but the picture: the same figure gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(figure, path.suffix.removeprefix(".")))


def encode(figure: Figure, kind: str = "png") -> bytes:
    """Return a figure as the bytes of a ``png`` or a ``jpg``."""
    options: dict[str, Any] = {"metadata": {"Software": None}}
    if kind == "jpg":
        options = {"pil_kwargs": {"quality": 90, "subsampling": 0}}
    made = io.BytesIO()
    with style():
        figure.savefig(made, format=kind, **options)
    return made.getvalue()


def _tight() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)


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


def _draw_curves(place: Axes, curves: pd.DataFrame, quantity: str) -> None:
    for (split, _), line in curves.groupby(["split", "seed"], sort=True):
        points = line.sort_values("epoch").dropna(subset=[quantity])
        place.plot(
            points["epoch"].to_numpy(float),
            points[quantity].to_numpy(float),
            color=SPLIT_COLORS.get(str(split), "#000000"),
            label=str(split),
            marker="." if len(points) < 30 else "",
        )
    place.set_ylabel(quantity)
    place.xaxis.set_major_locator(MaxNLocator(integer=True))
