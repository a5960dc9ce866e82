"""Training curves: loss and accuracy by epoch."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .style import BLUE, INK, VERMILION, style

SPLIT_COLORS = {"train": BLUE, "validation": VERMILION}


def training_curves(curves: pd.DataFrame) -> Figure:
    """Draw loss and accuracy by epoch, train and validation, for every method in the table ``curves``.

    Several seeds of a method become several lines.
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


def _draw_curves(place: Axes, curves: pd.DataFrame, quantity: str) -> None:
    for (split, _), line in curves.groupby(["split", "seed"], sort=True):
        points = line.sort_values("epoch").dropna(subset=[quantity])
        place.plot(
            points["epoch"].to_numpy(float),
            points[quantity].to_numpy(float),
            color=SPLIT_COLORS.get(str(split), INK),
            label=str(split),
            marker="." if len(points) < 30 else "",
        )
    place.set_ylabel(quantity)
    place.xaxis.set_major_locator(MaxNLocator(integer=True))
