"""The charts of a report: what the tables say, for the eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogFormatter
from numpy.typing import NDArray

from . import planes
from .content import Content
from .figures import accuracy_curves, style, training_curves
from .gallery import kept_of
from .layout import number, p_value
from .statistics import Ranks, per_photo
from .summary import Summary
from .tables import MetricFacts, Results

GROUP_STYLES = {
    "baseline": ("#999999", "s"),
    "classical": ("#0072B2", "o"),
    "deep": ("#D55E00", "^"),
}
"""Family → colour, of Okabe and Ito's palette, and marker: never told apart by colour alone."""

MOST_CATEGORIES = 24

NEAR = ((8, 0), (-8, 0), (0, 6), (0, -6))
"""Where a point's name may be, in pixels from it; the first that is free."""

FAR = tuple((x, y) for distance in (16, 30) for x in (-distance, 0, distance) for y in (-distance, distance))
"""Where it may be when there is no room near: with a line to its point."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Chart:
    """A figure with what stands for it where it cannot be seen, and below it."""

    figure: Figure
    alt: str
    caption: str


def draw(results: Results, content: Content) -> dict[str, Chart]:
    """Draw every chart that a run has something to show in, by name."""
    drawn = {}
    summary = content.summary
    metrics = {metric.name: metric for metric in summary.metrics}
    by = content.evidence[0] if content.evidence else None
    if by and by.ranks:
        drawn["ranks"] = Chart(
            critical_difference(by.ranks),
            f"Critical-difference diagram of the average ranks by {by.metric.label}",
            f"Average ranks over {by.ranks.photos:,} photos by {by.metric.label}, 1 the best; a bar joins "
            "methods that are not told apart at 5% (Friedman's test, "
            f"{p_value(by.ranks.p)}, then Nemenyi's). Ranks count on how many photos a method is ahead, the "
            "table by how much in the mean, and the two tests need not agree.",
        )
    if "auc" in metrics and len(_timed(summary, metrics["auc"])):
        drawn["speed"] = Chart(
            quality_against_speed(summary, metrics["auc"]),
            f"{metrics['auc'].label} against images per second, a point a method",
            "The line joins the methods that no other beats in both; it leaves out those that have not "
            "scored every photo, whose points are hollow. Oracles, which see the truth, are not shown.",
        )
    if not results.accuracy_curves.empty:
        labels = {metric.name: metric.label for metric in summary.metrics}
        drawn["accuracy"] = Chart(
            accuracy_curves(results.accuracy_curves, summary.rows, labels),
            "Share of pixels within a distance in ab of the truth, by that distance, of every method",
            "Share of pixels whose distance in ab is at most the threshold, mean over photos: the area under "
            "each line from 0 to 150 is the method's AuC. Cut where all have 99% within.",
        )
    if "colorfulness" in metrics and np.isfinite(summary.truth["colorfulness"]):
        drawn["colorfulness"] = Chart(
            colorfulness(results, summary, metrics["colorfulness"]),
            "Distribution of colorfulness over photos, of the truth and of every method",
            "Boxes hold the middle half of the photos, whiskers 95% of them; the band is the truth's box.",
        )
    if "auc" in metrics and content.categories:
        drawn["categories"] = Chart(
            heat_map({name: part for name, (part, _) in content.categories.items()}, summary, metrics["auc"]),
            f"{metrics['auc'].label} of every method and category",
            f"{metrics['auc'].label}, and in brackets how many photos a category has; colours span "
            "the methods that are no oracles.",
        )
    if pictures := planes.kept(results, summary):
        some = kept_of(len(pictures["truth"]), content.photos)
        which = f"pictures of {some} for every method" if some else "pictures"
        drawn["planes"] = Chart(
            planes.draw(pictures),
            "Histograms over a* and b* of the truth and of every method's answers",
            f"How often each a* (across) and b* (up) occurs in the {which}, on one logarithmic scale; grey "
            "is in the middle.",
        )
    if not results.curves.empty:
        drawn["training-curves"] = Chart(
            training_curves(results.curves),
            "Loss and accuracy by epoch, train and validation, of every trained method",
            "Accuracy is the share of pixels whose chroma lies within 10 of the truth; the loss is in each "
            "method's own unit. A method trained in several stages continues its line through them: where "
            "the next stage begins, its objective is another, and a jump of the loss is that change, no "
            "divergence.",
        )
    return drawn


def quality_against_speed(summary: Summary, metric: MetricFacts) -> Figure:
    """Draw a metric against images a second, with the Pareto front of the contenders.

    Parameters
    ----------
    summary
        Over all photos.
    metric
        One of its metrics whose direction is ``higher``.
    """
    with style():
        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.subplots()
        points = _timed(summary, metric)
        contenders = points[points.index.isin(summary.contenders())]
        front = contenders.loc[pareto(contenders["speed"].to_numpy(), contenders["quality"].to_numpy())]
        front = front.sort_values("speed")
        axes.step(front["speed"], front["quality"], where="pre", color="#444444", linewidth=1, zorder=1)
        families = summary.rows["family"][points.index]
        for group, (color, marker) in GROUP_STYLES.items():
            members = points[families == group]
            if len(members):
                full = members.index.isin(contenders.index)
                axes.scatter(
                    members["speed"],
                    members["quality"],
                    s=36,
                    marker=marker,
                    facecolors=np.where(full, color, "white"),
                    edgecolors=color,
                    label=group,
                    zorder=2,
                )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.xaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.6)))
        axes.margins(x=0.12, y=0.08)
        axes.set_xlabel("images/s, log scale")
        axes.set_ylabel(metric.label)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
        figure.draw_without_rendering()  # so that data have their places
        _label(axes, points)
        return figure


def pareto(speed: NDArray[np.float64], quality: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points no other point beats: at least as good in both, and better in one.

    >>> pareto(np.array([1.0, 2.0, 3.0, 2.0]), np.array([5.0, 4.0, 1.0, 3.0])).tolist()
    [True, True, True, False]
    """
    at_least = (speed[:, None] >= speed) & (quality[:, None] >= quality)
    better = (speed[:, None] > speed) | (quality[:, None] > quality)
    beaten: NDArray[np.bool_] = np.any(at_least & better, axis=0)
    return ~beaten


def colorfulness(results: Results, summary: Summary, metric: MetricFacts) -> Figure:
    """Draw how colorful the photos are, the truth's and every method's."""
    with style():
        values = per_photo(results, metric)
        scored = results.images[results.images["status"] == "ok"]
        truth = scored.groupby("photo")[metric.columns[1]].first().dropna().to_numpy(float)
        rows: dict[str, NDArray[np.float64]] = {"truth": truth}
        for label in map(str, summary.rows.index):
            if values is not None and label in values:
                rows[label] = values[label].dropna().to_numpy(float)
        figure = Figure(figsize=(8, 0.9 + 0.26 * len(rows)), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(*np.quantile(truth, [0.25, 0.75]), color="#F0E442", alpha=0.35, linewidth=0)
        axes.boxplot(
            list(rows.values()),
            orientation="horizontal",
            whis=(2.5, 97.5),
            showfliers=False,
            widths=0.55,
            patch_artist=True,
            boxprops={"facecolor": "#9FC9E4", "edgecolor": "#0072B2"},
            whiskerprops={"color": "#0072B2"},
            capprops={"color": "#0072B2"},
            medianprops={"color": "#000000"},
        )
        axes.set_yticks(range(1, len(rows) + 1), list(rows))
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(metric.label)
        return figure


def heat_map(parts: dict[str, Summary], summary: Summary, metric: MetricFacts) -> Figure:
    """Draw a metric of every method and category, of the `MOST_CATEGORIES` with the most photos."""
    with style():
        largest = sorted(parts, key=lambda category: -parts[category].photos)[:MOST_CATEGORIES]
        shown = [category for category in parts if category in largest]
        table = pd.DataFrame({category: parts[category].scores[metric.name] for category in shown})
        figure = Figure(figsize=(2.2 + 0.62 * len(shown), 1.4 + 0.26 * len(table)), layout="constrained")
        axes = figure.subplots()
        axes.grid(visible=False)
        values = table.to_numpy(float)
        ends = values[~summary.rows["oracle"].to_numpy(bool)]
        low, high = (
            np.nan_to_num(end(ends)) if np.isfinite(ends).any() else 0 for end in (np.nanmin, np.nanmax)
        )
        axes.imshow(values, cmap="cividis", aspect="auto", vmin=low, vmax=high)
        axes.set_xticks(
            range(len(shown)), [f"{name} ({parts[name].photos:,})" for name in shown], rotation=30, ha="right"
        )
        axes.set_yticks(range(len(table)), list(table.index))
        for (row, column), value in np.ndenumerate(values):
            color = "white" if value < (low + high) / 2 else "black"
            axes.text(column, row, number(value, 2), ha="center", va="center", fontsize=7.5, color=color)
        return figure


def critical_difference(ranks: Ranks) -> Figure:
    """Draw average ranks on a line; bars join methods that are not told apart (Demšar 2006)."""
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
            axes.plot([value, value, end], [0, line, line], color="#444444", linewidth=1)
            name = f" {label} {value:.2f} " if on_left else f" {value:.2f} {label} "
            axes.text(end, line, name, ha="right" if on_left else "left", va="center")
        for level, (first, last) in enumerate(cliques):
            ends = average.iloc[[first, last]].to_numpy(float) + np.array([-0.04, 0.04])
            axes.plot(ends, [0.5 + 0.35 * level] * 2, color="#0072B2", linewidth=4, solid_capstyle="butt")
        return figure


def _timed(summary: Summary, metric: MetricFacts) -> pd.DataFrame:
    """Return ``speed`` and ``quality`` of the methods that have both; oracles would stretch the axis."""
    columns = {"speed": summary.rows["images_per_second"], "quality": summary.scores[metric.name]}
    points = pd.DataFrame(columns).astype(float).replace([np.inf, -np.inf], np.nan).dropna()
    return points[(points["speed"] > 0) & ~summary.rows["oracle"][points.index]]


def _rank_axis(axes: Axes, count: int, height: float, critical: float) -> None:
    axes.set_axis_off()
    axes.set_xlim(1 - 0.45 * count, count + 0.45 * count)
    axes.set_ylim(height, -2.4)
    axes.plot([1, count], [0, 0], color="black", linewidth=1)
    for tick in range(1, count + 1):
        axes.plot([tick, tick], [0, -0.25], color="black", linewidth=1)
        axes.text(tick, -0.4, str(tick), ha="center", va="bottom")
    axes.plot([1, 1 + critical], [-1.9, -1.9], color="#0072B2", linewidth=4, solid_capstyle="butt")
    axes.text(1 + critical, -1.9, f"  critical difference {critical:.2f}", ha="left", va="center")


def _cliques(average: NDArray[np.floating[Any]], critical: float) -> list[tuple[int, int]]:
    """Return first and last of every largest run of sorted average ranks closer than ``critical``."""
    cliques: list[tuple[int, int]] = []
    for first in range(len(average)):
        last = int(np.searchsorted(average, average[first] + critical) - 1)
        if last > first and (not cliques or last > cliques[-1][1]):
            cliques.append((first, last))
    return cliques


def _label(axes: Axes, points: pd.DataFrame) -> None:
    """Name points, each where it is the freest of other points and of earlier names, and near its point."""
    places = axes.transData.transform(points[["speed", "quality"]].to_numpy())
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    for label, place in zip(map(str, points.index), places, strict=True):
        boxes = {offset: _box(place, offset, 6.6 * len(label), 12) for offset in (*NEAR, *FAR)}
        offset = min(boxes, key=lambda offset: _crowding(boxes[offset], taken, axes.bbox.extents))
        taken.append(boxes[offset])
        right, up = np.sign(offset)
        axes.annotate(
            label,
            (points.loc[label, "speed"], points.loc[label, "quality"]),
            offset,
            textcoords="offset pixels",
            ha=("center", "left", "right")[right],
            va=("center", "bottom", "top")[up],
            fontsize=7.5,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],  # where the front crosses it
            arrowprops={"arrowstyle": "-", "color": "#888888", "linewidth": 0.6} if offset in FAR else None,
        )


def _box(place: NDArray[np.float64], offset: tuple[int, int], width: float, height: float) -> Box:
    """Return left, bottom, right and top of a name that lies off its point on the sides of an offset."""
    right, up = np.sign(offset)
    left = place[0] + offset[0] + (right - 1) * width / 2
    bottom = place[1] + offset[1] + (up - 1) * height / 2
    return left, bottom, left + width, bottom + height


def _crowding(box: Box, taken: Sequence[Box], inside: Box) -> float:
    """Return how much of a box lies on others or outside."""
    outside = _overlap(box, box) - _overlap(box, inside)
    return sum(_overlap(box, other) for other in taken) + outside


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)
