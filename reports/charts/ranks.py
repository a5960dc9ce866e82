"""The critical-difference diagram of average ranks."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..analysis.statistics import Ranks
from ..text import NO_BREAK
from .style import BLUE, FAINT, INK, style


def critical_difference(ranks: Ranks) -> Figure:
    """Draw average ranks on a line; bars join methods that do not differ significantly (Demšar 2006)."""
    with style():
        average = ranks.average.sort_values(kind="stable")
        count = len(average)
        left = (count + 1) // 2
        cliques = _cliques(average.to_numpy(np.float64), ranks.critical_difference)
        depth = 0.9 + 0.35 * len(cliques)
        height = depth + left
        figure = Figure(figsize=(8, 0.9 + 0.24 * height), layout="constrained")
        axes = figure.subplots()
        _rank_axis(axes, count, height, ranks.critical_difference)
        for place, (label, value) in enumerate(average.items()):
            on_left = place < left
            line = depth + (place if on_left else count - 1 - place)
            end = 1 - 0.03 * count if on_left else count + 0.03 * count
            axes.plot([value, value, end], [0, line, line], color=FAINT, linewidth=1)
            name = f"{label} {value:.2f}" if on_left else f"{value:.2f} {label}"
            axes.text(
                end, line, f"{NO_BREAK}{name}{NO_BREAK}", ha="right" if on_left else "left", va="center"
            )
        for level, (first, last) in enumerate(cliques):
            ends = average.iloc[[first, last]].to_numpy(float) + np.array([-0.04, 0.04])
            axes.plot(ends, [0.5 + 0.35 * level] * 2, color=BLUE, linewidth=4, solid_capstyle="butt")
        return figure


def _rank_axis(axes: Axes, count: int, height: float, critical: float) -> None:
    axes.set_axis_off()
    axes.set_xlim(1 - 0.45 * count, count + 0.45 * count)
    axes.set_ylim(height, -2.4)
    axes.plot([1, count], [0, 0], color=INK, linewidth=1)
    for tick in range(1, count + 1):
        axes.plot([tick, tick], [0, -0.25], color=INK, linewidth=1)
        axes.text(tick, -0.4, str(tick), ha="center", va="bottom")
    axes.plot([1, 1 + critical], [-1.9, -1.9], color=BLUE, linewidth=4, solid_capstyle="butt")
    axes.text(1 + critical, -1.9, f"{NO_BREAK}critical difference {critical:.2f}", ha="left", va="center")


def _cliques(average: NDArray[np.floating[Any]], critical: float) -> list[tuple[int, int]]:
    """Return first and last of every largest run of sorted average ranks closer than ``critical``."""
    cliques: list[tuple[int, int]] = []
    for first in range(len(average)):
        last = int(np.searchsorted(average, average[first] + critical) - 1)
        if last > first and (not cliques or last > cliques[-1][1]):
            cliques.append((first, last))
    return cliques
