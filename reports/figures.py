"""The figures of a report, drawn by Matplotlib without any global state of it."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
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

LINES = {"baseline": ":", "classical": "--", "deep": "-"}
"""Family → how its lines are drawn."""

LINE_COLORS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")
"""Okabe and Ito's palette, but for its yellow, which is too light for a line on white."""

ALMOST_ALL = 0.99
"""The share of pixels at which accuracy curves say no more."""

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


def accuracy_curves(curves: pd.DataFrame, rows: pd.DataFrame, labels: dict[str, str]) -> Figure:
    """Draw the share of pixels within every distance in ab, a place a metric and a line a method.

    Parameters
    ----------
    curves
        The run's ``accuracy_curves`` table, not empty; several seeds of a method become their mean.
    rows
        `Summary.rows`: the methods in order, with ``family`` and ``oracle``.
    labels
        Metric → heading.
    """
    mean = curves.astype({"accuracy": float}).pivot_table(
        index=["metric", "threshold"], columns="method", values="accuracy"
    )
    shown = [label for label in rows.index if label in mean and not rows["oracle"][label]]
    shown = shown or list(mean.columns)
    names = [name for name in labels if name in mean.index]
    within = (mean[shown] >= ALMOST_ALL).all(axis="columns").groupby("threshold").all()
    thresholds = within.index.to_numpy(int)
    end = thresholds[within.to_numpy(bool).argmax()] if within.any() else thresholds[-1]
    with style():
        figure = Figure(figsize=(8, 2.9 + 0.17 * math.ceil(len(shown) / 3)), layout="constrained")
        places = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
        for place, name in zip(places, names, strict=True):
            for number, label in enumerate(shown):
                line = mean.loc[name, label].loc[:end]
                pattern = LINES.get(str(rows["family"][label]), "-.")
                color = LINE_COLORS[number % len(LINE_COLORS)]
                place.plot(line.index, line.to_numpy(), pattern, color=color, label=label)
            place.set_title(labels[name], loc="left", fontweight="bold")
            place.set_xlabel("distance in ab")
            place.set_xlim(0, end)
            place.set_ylim(0, 1)
        places[0].set_ylabel("share of pixels within it")
        handles, found = places[0].get_legend_handles_labels()
        figure.legend(handles, found, loc="outside lower center", ncols=3, fontsize=7.5, handlelength=3)
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


def encode(figure: Figure, kind: str = "png") -> bytes:
    """Return a figure as a ``png`` or ``jpg`` file with nothing but the picture: the same bytes each time."""
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
