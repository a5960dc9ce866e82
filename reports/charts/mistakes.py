"""Roses of hues: how much of every true hue a method finds, and where its colours go instead."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes

from ..analysis.mistakes import HUES
from .style import INK, TILES_A_LINE, style

COLORS = ("#e06c86", "#d98a4a", "#b0a030", "#5fae5f", "#35aba0", "#3f9fd0", "#7c88d8", "#b878c0")
"""A colour for each of `HUES`, all about equally light."""

OUTER = 1.3  #: Radius of a rose


def roses(hues: pd.DataFrame) -> Figure:
    """Draw a rose per method, from `Mistakes.hues`.

    The petal of a hue is as long as its recall. The dot is where its mean prediction lies: its distance from
    the centre is the slope along the predicted hue, on the scale on which the circle is right, and a line
    joins it with the truth.
    """
    with style():
        labels = list(dict.fromkeys(hues.index.get_level_values("method")))
        rows: dict[Any, Any] = hues.to_dict("index")
        columns, lines = min(len(labels), TILES_A_LINE), math.ceil(len(labels) / TILES_A_LINE)
        figure = Figure(figsize=(1.6 * columns, 1.75 * lines + 0.1), layout="constrained")
        places = figure.subplots(lines, columns, squeeze=False, subplot_kw={"projection": "polar"})
        for number, place in enumerate(places.flat):
            assert isinstance(place, PolarAxes)  # noqa: S101  # for the type checker
            if number < len(labels):
                _rose(place, {hue: rows[labels[number], hue] for hue in HUES})
                place.set_title(labels[number], fontsize=7.5, pad=4)
            else:
                place.set_axis_off()
        return figure


def _rose(place: PolarAxes, hues: Mapping[Any, Mapping[Any, float]]) -> None:
    width = 2 * np.pi / len(HUES)
    place.set(ylim=(0, OUTER), xticks=[], yticks=[0.5, 1])
    place.set_yticklabels([])
    place.spines["polar"].set_visible(False)
    for number, (color, hue) in enumerate(zip(COLORS, HUES, strict=True)):
        middle = (number + 0.5) * width
        recall, slope, shift = (hues[hue][name] for name in ("recall", "slope", "shift"))
        if not np.isfinite(recall):
            continue  # no true pixel has this hue
        place.bar(middle, recall, 0.92 * width, color=color, linewidth=0)
        place.plot(middle, 1, marker="|", markersize=4, color=INK, linestyle="none")
        turned = np.radians(np.nan_to_num(shift))  # grey has no hue, and lies in the middle
        # The slope is the part along the true hue.
        length = min(abs(slope / np.cos(turned)), OUTER) if abs(np.cos(turned)) > 0.05 else abs(slope)
        place.plot([middle, middle + turned], [1, length], color=INK, linewidth=0.5)
        place.plot(
            middle + turned, length, marker="o", color=color, linestyle="none", markersize=4,
            markeredgewidth=0.5, markeredgecolor=INK,
        )  # fmt: skip
