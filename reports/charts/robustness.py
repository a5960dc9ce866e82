"""The losses under degradations as a heat map."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..analysis.inference import SIGNIFICANT
from ..tables import MetricFacts
from ..text import change_decimals, signed
from .style import style


def loss_map(losses: pd.DataFrame, p: pd.DataFrame, metric: MetricFacts) -> Figure:
    """Draw losses, one row per method and one column per degradation.

    Red is a loss, blue a gain, on one scale that is symmetric about zero. Losses that are not significant, by
    their adjusted p values in a table of the same shape, are in brackets.
    """
    with style():
        values, significant = losses.to_numpy(float), p.to_numpy(float) < SIGNIFICANT
        reach = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 1.0
        figure = Figure(
            figsize=(max(7.0, 2.4 + 0.72 * losses.shape[1]), 1.2 + 0.27 * len(losses)), layout="constrained"
        )
        axes = figure.subplots()
        axes.grid(visible=False)
        image = axes.imshow(values, cmap="RdBu_r", aspect="auto", vmin=-(reach or 1), vmax=reach or 1)
        axes.set_xticks(range(losses.shape[1]), list(losses.columns), rotation=30, ha="right")
        axes.set_yticks(range(len(losses)), list(losses.index))
        decimals = change_decimals(reach, 0)
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                text = signed(value, decimals)
                sure = significant[row, column]
                color = "white" if abs(value) > 0.6 * reach else "black"
                axes.text(
                    column, row, text if sure else f"({text})", ha="center", va="center", fontsize=7,
                    color=color,
                )  # fmt: skip
        unit = f" ({metric.unit})" if metric.unit else ""
        bar = figure.colorbar(image, ax=axes, pad=0.02)
        bar.set_label(f"loss of {metric.label}{unit}", fontsize=7.5)
        bar.ax.tick_params(labelsize=7)
        return figure
