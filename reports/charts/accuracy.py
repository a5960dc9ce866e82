"""Accuracy curves: the share of pixels within every distance of the truth."""

import pandas as pd
from matplotlib.figure import Figure

from ..text import counted, label_lines
from .style import BLUE, GOLD, GREEN, GREY, METHOD, PURPLE, VERMILION, style

LINES = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (PURPLE, ":"), (GOLD, (0, (6, 2, 1, 2, 1, 2))))
"""Colour and pattern of the best methods' lines; those of the others are grey."""

LEGEND_WIDTH = 36  #: Characters on a line of a name

ALMOST_ALL = 0.99  #: The axis ends where every method reaches this share of pixels


def accuracy_curves(curves: pd.DataFrame, rows: pd.DataFrame, labels: dict[str, str]) -> Figure:
    """Draw the share of pixels within every distance in ab, one plot per metric and one line per method.

    The best methods by the first metric have lines with colours and names.

    Parameters
    ----------
    curves
        The run's ``accuracy_curves`` table, not empty; the seeds of a method are averaged.
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
    area = mean.loc[[names[0]], shown].mean().sort_values(ascending=False, kind="stable")
    best = area.index[: len(LINES)]
    looks = dict(zip(best, LINES, strict=False))
    with style():
        figure = Figure(figsize=(8, 3.4), layout="constrained")
        places = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
        for place, name in zip(places, names, strict=True):
            for label in shown:
                line = mean.loc[name, label].loc[:end]
                color, pattern = looks.get(label, (GREY, "-"))
                named = label in looks
                place.plot(
                    line.index, line.to_numpy(), linestyle=pattern, color=color, label=label,
                    linewidth=1.8 if named else 1, zorder=3 if named else 2, gid=f"{METHOD}{label}",
                )  # fmt: skip
            place.set_title(labels[name], loc="left", fontweight="bold")
            place.set_xlabel("distance in ab")
            place.set_xlim(0, end)
            place.set_ylim(0, 1)
        places[0].set_ylabel("share of pixels within it")
        lines = {str(line.get_label()): line for line in places[0].get_lines()}
        handles, found = [lines[label] for label in best], list(best)
        if others := [label for label in shown if label not in looks]:
            handles.append(lines[others[0]])
            found.append(counted(len(others), "other method"))
        wrapped = ["\n".join(label_lines(name, LEGEND_WIDTH)) for name in found]
        figure.legend(handles, wrapped, loc="outside lower center", ncols=3, fontsize=7.5, handlelength=3)
        return figure
