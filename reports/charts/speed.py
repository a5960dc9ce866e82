"""A metric against images per second, with the Pareto front."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogFormatter
from numpy.typing import NDArray

from ..analysis.summary import Summary
from ..tables import MetricFacts
from ..text import label_lines
from .style import BLUE, FAINT, GREEN, GREY, GROUND, METHOD, VERMILION, style

GROUP_STYLES = {
    "baseline": (GREY, "s"),
    "classical": (BLUE, "o"),
    "deep": (VERMILION, "^"),
    "published": (GREEN, "D"),
}
"""Family → colour and marker: never distinguished by colour alone."""

NEAR = ((6, 0), (-6, 0), (0, 5), (0, -5))
"""Possible offsets of a point's name, in points; the first free one is used."""

FAR = tuple((x, y) for distance in (12, 22) for x in (-distance, 0, distance) for y in (-distance, distance))
"""Offsets for names without room nearby, drawn with a line to the point."""

ROOM = 0.02  #: Share of a name's box that may overlap others

SIZE = 7.5  #: Font size of names in points

NAME_WIDTH = 26  #: Characters on a line of a name

Box = tuple[float, float, float, float]


def quality_against_speed(summary: Summary, metric: MetricFacts) -> Figure:
    """Draw a higher-is-better metric against images per second, with the contenders' Pareto front."""
    with style():
        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.subplots()
        points = timed(summary, metric)
        contenders = points[points.index.isin(summary.contenders())]
        front = contenders.loc[pareto(contenders["speed"].to_numpy(), contenders["quality"].to_numpy())]
        front = front.sort_values("speed")
        axes.step(front["speed"], front["quality"], where="pre", color=FAINT, linewidth=1, zorder=1)
        families = summary.rows["family"][points.index]
        for group, (color, marker) in GROUP_STYLES.items():
            members = points[families == group]
            for place, (label, speed, quality) in enumerate(members.itertuples()):
                axes.scatter(
                    speed, quality, s=36, marker=marker, edgecolors=color, zorder=2,
                    facecolors=color if label in contenders.index else GROUND,
                    label=group if place == 0 else None, gid=f"{METHOD}{label}",
                )  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.xaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.6)))
        axes.margins(x=0.12, y=0.08)
        axes.set_xlabel("images/s, log scale")
        axes.set_ylabel(metric.label)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
        figure.draw_without_rendering()  # so that data have their places
        _label(axes, points, first=front.index)
        return figure


def pareto(speed: NDArray[np.float64], quality: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return a mask of points that no other point beats by being at least as good in both and better in one.

    >>> pareto(np.array([1.0, 2.0, 3.0, 2.0]), np.array([5.0, 4.0, 1.0, 3.0])).tolist()
    [True, True, True, False]
    """
    at_least = (speed[:, None] >= speed) & (quality[:, None] >= quality)
    better = (speed[:, None] > speed) | (quality[:, None] > quality)
    beaten: NDArray[np.bool_] = np.any(at_least & better, axis=0)
    return ~beaten


def timed(summary: Summary, metric: MetricFacts) -> pd.DataFrame:
    """Return ``speed`` and ``quality`` of the methods that have both; oracles would stretch the axis."""
    columns = {"speed": summary.rows["images_per_second"], "quality": summary.scores[metric.name]}
    points = pd.DataFrame(columns).astype(float).replace([np.inf, -np.inf], np.nan).dropna()
    return points[(points["speed"] > 0) & ~summary.rows["oracle"][points.index]]


def _label(axes: Axes, points: pd.DataFrame, first: pd.Index) -> None:
    """Label points, some of them first, where each name overlaps other points and earlier names least.

    The others have no name where there is no room for it.
    """
    points = pd.concat([points.loc[first], points.drop(first)])
    pixels = axes.figure.dpi / 72
    places = axes.transData.transform(points[["speed", "quality"]].to_numpy()) / pixels
    x0, y0, x1, y1 = axes.bbox.extents
    inside = (x0 / pixels, y0 / pixels, x1 / pixels, y1 / pixels)
    taken: list[Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    for label, place in zip(map(str, points.index), places, strict=True):
        lines = label_lines(label, NAME_WIDTH)
        width, height = 0.62 * SIZE * max(map(len, lines)), 1.25 * SIZE * len(lines)
        boxes = {offset: _box(place, offset, width, height) for offset in (*NEAR, *FAR)}
        crowding = {offset: _crowding(box, taken, inside) for offset, box in boxes.items()}
        offset = min(crowding, key=crowding.__getitem__)
        if label not in first and crowding[offset] > ROOM * width * height:
            continue
        taken.append(boxes[offset])
        right, up = np.sign(offset)
        axes.annotate(
            "\n".join(lines),
            (points.loc[label, "speed"], points.loc[label, "quality"]),
            offset,
            textcoords="offset points",
            ha=("center", "left", "right")[right],
            va=("center", "bottom", "top")[up],
            fontsize=SIZE,
            path_effects=[withStroke(linewidth=2.5, foreground=GROUND)],  # stays readable on the front
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.6} if offset in FAR else None,
            gid=f"{METHOD}{label}",
        )


def _box(place: NDArray[np.float64], offset: tuple[int, int], width: float, height: float) -> Box:
    """Return left, bottom, right and top of a name placed at an offset from its point."""
    right, up = np.sign(offset)
    left = place[0] + offset[0] + (right - 1) * width / 2
    bottom = place[1] + offset[1] + (up - 1) * height / 2
    return left, bottom, left + width, bottom + height


def _crowding(box: Box, taken: Sequence[Box], inside: Box) -> float:
    """Return how much of a box overlaps others or lies outside."""
    outside = _overlap(box, box) - _overlap(box, inside)
    return sum(_overlap(box, other) for other in taken) + outside


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)
