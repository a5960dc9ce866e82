"""Scores by number of colour hints."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analysis.hints import HintCurves
from ..tables import MetricFacts
from .accuracy import LINES
from .style import GREY, INK, METHOD, style

BAND_ALPHA = 0.15

MARKERS = (".", "s", "^")
"""Markers of the first methods, of as many as there are lines, and of the next ones."""


def curves_by_hints(curves: HintCurves) -> Figure:
    """Draw every metric by number of hints, one plot per metric, on an axis of log(1 + hints).

    Methods with hints have lines in colours, with bands for the 95% intervals. The best automatic method is a
    black line, the others are thin grey ones.
    """
    with style():
        figure = Figure(figsize=(8, 3.8), layout="constrained")
        places = figure.subplots(1, len(curves.metrics), squeeze=False)[0]
        for place, metric in zip(places, curves.metrics, strict=True):
            _draw(place, curves, metric)
        handles = {str(line.get_label()): line for line in places[0].get_lines()}
        named = {label: line for label, line in handles.items() if not label.startswith("_")}
        figure.legend(
            named.values(), named.keys(), loc="outside lower center", ncols=4, fontsize=7.5, handlelength=3
        )
        return figure


def _draw(place: Axes, curves: HintCurves, metric: MetricFacts) -> None:
    means, low, high = (part[metric.name] for part in (curves.means, curves.low, curves.high))
    axis = np.log1p(curves.counts)
    for number, method in enumerate(curves.automatic):
        place.plot(
            axis,
            means[method],
            color=GREY if number else INK,
            linewidth=0.8 if number else 1.6,
            label=f"_{method}" if number else f"{method} (automatic)",
            gid=f"{METHOD}{method}",
        )
    drawn = [method for method in curves.hinted if means[method].notna().any()]
    for number, method in enumerate(drawn):
        color, pattern = LINES[number % len(LINES)]
        place.fill_between(axis, low[method], high[method], color=color, alpha=BAND_ALPHA, linewidth=0)
        place.plot(
            axis, means[method], color=color, linestyle=pattern, label=method, gid=f"{METHOD}{method}",
            marker=MARKERS[number // len(LINES) % len(MARKERS)], markersize=4,
        )  # fmt: skip
    place.set_xticks(axis, [str(count) for count in curves.counts])
    place.set_xlabel("hints per photo")
    place.set_title(metric.label, loc="left", fontweight="bold")
    place.set_ylabel(metric.unit)
