"""A metric of every method and category as a heat map."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..analysis.summary import Summary
from ..tables import MetricFacts
from ..text import number
from .style import style


def heat_map(parts: dict[str, Summary], summary: Summary, metric: MetricFacts) -> Figure:
    """Draw a metric of every method and category."""
    with style():
        shown = list(parts)
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
