"""Pictures of a clip over time: strips of frames, x–t slices, drift of colour, and CDC by gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..analysis.films import KeptClip
from ..text import label_lines
from .style import INK, TILES_A_LINE, style

FRAMES_A_STRIP = 6

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's palette for colour-blind readers (doi:10.1038/nmeth.1618)."""


def strips(clip: KeptClip) -> Figure:
    """Draw a few frames of a clip, evenly spread: one row for the input, the truth and every method."""
    with style():
        count = min(FRAMES_A_STRIP, len(clip.frames))
        places = np.linspace(0, len(clip.frames) - 1, count).round().astype(int)
        labels = list(clip.pictures)
        figure = Figure(
            figsize=(1.6 + 1.25 * count, 1.28 * len(labels)),
            layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0),
        )
        axes = figure.subplots(len(labels), count, squeeze=False)
        for row, label in zip(axes, labels, strict=True):
            for axis, place in zip(row, places, strict=True):
                _show(axis, clip.picture(label, int(place)))
            row[0].set_ylabel(_wrapped(label), rotation=0, ha="right", va="center", fontsize=7.5)
        for axis, place in zip(axes[0], places, strict=True):
            axis.set_title(f"frame {clip.frames[place]}", fontsize=7.5)
        return figure


def slices_over_time(slices: Mapping[str, NDArray[np.uint8]]) -> Figure:
    """Draw one column of pixels over time, from left to right, of the input, the truth and every method."""
    with style():
        lines = -(-len(slices) // TILES_A_LINE)
        columns = min(len(slices), TILES_A_LINE)
        figure = Figure(figsize=(1.5 * columns, 1.75 * lines), layout="constrained")
        axes = list(figure.subplots(lines, columns, squeeze=False).flat)
        for axis, (label, picture) in zip(axes, slices.items(), strict=False):
            _show(axis, picture, aspect=picture.shape[1] / picture.shape[0])
            axis.set_title(_wrapped(label), fontsize=7.5)
        for axis in axes[len(slices) :]:
            axis.set_axis_off()
        return figure


def drift_over_time(drift: pd.DataFrame) -> Figure:
    """Draw how far the mean colour of each frame is from that of the first, of the truth and every method."""
    with style():
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.subplots()
        for label, color, dashes in _lines([str(label) for label in drift]):
            axes.plot(drift.index, drift[label].to_numpy(), label=label, color=color, linestyle=dashes)
        axes.set_xlabel("frame")
        axes.set_ylabel("distance in ab")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside right upper", fontsize=7)
        return figure


def cdc_by_gap(values: pd.DataFrame) -> Figure:
    """Draw CDC by the number of frames between the two compared: rows gaps, columns truth and methods."""
    with style():
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.subplots()
        for label, color, dashes in _lines([str(label) for label in values]):
            axes.plot(
                values.index,
                values[label].to_numpy(float),
                marker=".",
                label=label,
                color=color,
                linestyle=dashes,
            )
        axes.set_xticks(list(values.index))
        axes.set_xlabel("frames apart")
        axes.set_ylabel("CDC")
        axes.set_ylim(bottom=0)
        figure.legend(loc="outside right upper", fontsize=7)
        return figure


def _lines(labels: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the colour and the dashes of every label's line; the truth's is the text's."""
    patterns = cycle([(color, dashes) for dashes in ("-", "--", ":", "-.") for color in COLORS])
    return [(label, INK, "-") if label == "truth" else (label, *next(patterns)) for label in labels]


def _show(axis: Axes, picture: NDArray[np.uint8], aspect: float = 1) -> None:
    axis.grid(visible=False)
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.imshow(picture, aspect=aspect, interpolation="nearest")


def _wrapped(label: str) -> str:
    return "\n".join(label_lines(label, 18))
