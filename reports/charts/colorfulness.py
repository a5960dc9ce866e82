"""Colorfulness of the photos: the truth's and every method's."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..analysis.statistics import per_photo
from ..analysis.summary import Summary
from ..tables import MetricFacts, Results
from .style import BAND, BLUE, BOX, INK, style


def colorfulness(results: Results, summary: Summary, metric: MetricFacts) -> Figure:
    """Draw the distribution of colorfulness over photos, of the truth and of every method."""
    with style():
        values = per_photo(results.images, metric)
        scored = results.images[results.images["status"] == "ok"]
        truth = scored.groupby("photo")[metric.columns[1]].first().dropna().to_numpy(float)
        rows: dict[str, NDArray[np.float64]] = {"truth": truth}
        for label in map(str, summary.rows.index):
            if values is not None and label in values:
                rows[label] = values[label].dropna().to_numpy(float)
        figure = Figure(figsize=(8, 0.9 + 0.26 * len(rows)), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(*np.quantile(truth, [0.25, 0.75]), color=BAND, linewidth=0)
        axes.boxplot(
            list(rows.values()),
            orientation="horizontal",
            whis=(2.5, 97.5),
            showfliers=False,
            widths=0.55,
            patch_artist=True,
            boxprops={"facecolor": BOX, "edgecolor": BLUE},
            whiskerprops={"color": BLUE},
            capprops={"color": BLUE},
            medianprops={"color": INK},
        )
        axes.set_yticks(range(1, len(rows) + 1), list(rows))
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(metric.label)
        return figure
