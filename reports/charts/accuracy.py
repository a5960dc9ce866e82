"""Accuracy curves: the share of pixels within every distance of the truth."""

import math

import pandas as pd
from matplotlib.figure import Figure

from .style import style

LINES = {"baseline": ":", "classical": "--", "deep": "-", "published": "-."}  #: Family → pattern of its lines

LINE_COLORS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")
"""Okabe and Ito's palette without its yellow, which is too light for a line on white."""

ALMOST_ALL = 0.99  #: The axis ends where every method reaches this share of pixels


def accuracy_curves(curves: pd.DataFrame, rows: pd.DataFrame, labels: dict[str, str]) -> Figure:
    """Draw the share of pixels within every distance in ab, one plot per metric and one line per method.

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
    with style():
        figure = Figure(figsize=(8, 2.9 + 0.17 * math.ceil(len(shown) / 3)), layout="constrained")
        places = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
        for place, name in zip(places, names, strict=True):
            for number, label in enumerate(shown):
                line = mean.loc[name, label].loc[:end]
                pattern = LINES.get(str(rows["family"][label]), "-")
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
