"""Histograms over a* and b*, of the truth and of every method."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogFormatter
from numpy.typing import NDArray

from ..analysis.chroma import REACH
from .style import TILES_A_LINE, style

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def chroma_histograms(found: dict[str, NDArray[np.float64]]) -> Figure:
    """Draw histograms from `analysis.chroma.histogram`, all with the same colour scale."""
    with style():
        lines = math.ceil(len(found) / TILES_A_LINE)
        columns = min(len(found), TILES_A_LINE)
        figure = Figure(figsize=(0.75 + 1.4 * columns, 0.4 + 1.6 * lines), layout=_squares_together())
        places = list(figure.subplots(lines, columns, squeeze=False).flat)
        smallest = min(counts[counts > 0].min(initial=1.0) for counts in found.values())
        scale = LogNorm(smallest, max(counts.max() for counts in found.values()), clip=True)
        for i, (place, (label, counts)) in enumerate(zip(places, found.items(), strict=False)):
            shown = np.ma.masked_equal(counts, 0)
            extent = (-REACH, REACH, -REACH, REACH)
            image = place.imshow(shown, origin="lower", extent=extent, norm=scale, cmap="viridis_r")
            place.axhline(0, color="#BBBBBB", linewidth=0.6, zorder=0)
            place.axvline(0, color="#BBBBBB", linewidth=0.6, zorder=0)
            place.set_title(label, fontsize=7.5)
            place.grid(visible=False)
            _mark(place, left=i % columns == 0, bottom=i + columns >= len(found))
        for place in places[len(found) :]:
            place.set_axis_off()
        bar = figure.colorbar(image, ax=places, aspect=12 * lines, fraction=0.1 / columns, pad=0.1 / columns)
        bar.set_label("share of pixels, log scale", fontsize=7.5)
        bar.ax.tick_params(which="both", labelsize=7)
        bar.ax.yaxis.set_major_formatter(FuncFormatter(_power_of_ten))  # that of a logarithm writes formulas
        bar.ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1, 0.4)))
        return figure


def _power_of_ten(value: float, _: object) -> str:
    return "10" + str(round(math.log10(value))).translate(RAISED)


def _squares_together() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(compress=True, w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)


def _mark(place: Axes, *, left: bool, bottom: bool) -> None:
    """Draw a histogram's ticks; only those on the outer sides are labelled."""
    ticks = (-REACH, 0, REACH)
    place.set(xticks=ticks, yticks=ticks)
    place.tick_params(labelsize=7, length=2, pad=2, labelbottom=bottom, labelleft=left)
    first, _, last = place.xaxis.get_major_ticks()
    first.label1.set_horizontalalignment("left")  # inside the histogram, to leave it more room
    last.label1.set_horizontalalignment("right")
    place.set_xlabel("a*" if bottom else "", fontsize=7.5, labelpad=1)
    place.set_ylabel("b*" if left else "", fontsize=7.5, labelpad=-6)
