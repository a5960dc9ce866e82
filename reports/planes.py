"""Where colours lie: histograms over the ab plane, of the truth and of every method."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray
from PIL import Image
from skimage.color import rgb2lab

from .figures import TILES_A_LINE, style
from .summary import Summary
from .tables import Results

REACH = 100
"""The histograms span a* and b* from −100 to 100."""

BINS = 50

PIXELS_A_PICTURE = 4096
"""Enough of a picture's pixels for its histogram, evenly spread."""


def kept(results: Results, summary: Summary) -> dict[str, list[Path]]:
    """Return the kept pictures of the truth and of every method, of photos that all of them have.

    Empty where there are none. Methods without any kept picture are left out.
    """
    images = results.images[results.images["picture"].notna() & results.images["truth_picture"].notna()]
    first = images.sort_values("seed").drop_duplicates(["method", "photo"])
    table = first.pivot_table(index="photo", columns="method", values="picture", aggfunc="first")
    table = table[[label for label in summary.rows.index if label in table]].dropna()
    if table.empty:
        return {}
    truth = first.drop_duplicates("photo").set_index("photo").loc[table.index, "truth_picture"]
    columns = {"truth": truth, **{str(label): table[label] for label in table}}
    return {label: [results.folder / str(path) for path in paths] for label, paths in columns.items()}


def histogram(pictures: list[Path]) -> NDArray[np.float64]:
    """Return how often each chroma occurs, float64 (b, a), summing to the share within reach."""
    counts = np.zeros((BINS, BINS))
    pixels = 0
    for path in pictures:
        with Image.open(path) as picture:
            rgb = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        lab = rgb2lab(rgb[:: math.ceil(len(rgb) / PIXELS_A_PICTURE)])
        edges = np.linspace(-REACH, REACH, BINS + 1)
        counts += np.histogram2d(lab[:, 2], lab[:, 1], bins=(edges, edges))[0]
        pixels += len(lab)
    return counts / pixels


def draw(pictures: dict[str, list[Path]]) -> Figure:
    """Draw the histogram of each list of pictures, all on one scale, which a bar beside them says."""
    with style():
        lines = math.ceil(len(pictures) / TILES_A_LINE)
        columns = min(len(pictures), TILES_A_LINE)
        figure = Figure(figsize=(0.75 + 1.4 * columns, 0.4 + 1.6 * lines), layout=_squares_together())
        places = list(figure.subplots(lines, columns, squeeze=False).flat)
        found = {label: histogram(paths) for label, paths in pictures.items()}
        smallest = min(counts[counts > 0].min(initial=1.0) for counts in found.values())
        scale = LogNorm(smallest, max(counts.max() for counts in found.values()), clip=True)
        for i, (place, (label, counts)) in enumerate(zip(places, found.items(), strict=False)):
            shown = np.ma.masked_equal(counts, 0)
            extent = (-REACH, REACH, -REACH, REACH)
            image = place.imshow(shown, origin="lower", extent=extent, norm=scale, cmap="viridis_r")
            place.axhline(0, color="#BBBBBB", linewidth=0.6, zorder=0)
            place.axvline(0, color="#BBBBBB", linewidth=0.6, zorder=0)
            place.set_title(label, fontsize=7.5)
            place.grid(visible=False)
            _mark(place, left=i % columns == 0, bottom=i + columns >= len(found))
        for place in places[len(found) :]:
            place.set_axis_off()
        bar = figure.colorbar(image, ax=places, aspect=12 * lines, fraction=0.1 / columns, pad=0.1 / columns)
        bar.set_label("share of pixels, log scale", fontsize=7.5)
        bar.ax.tick_params(which="both", labelsize=7)
        return figure


def _squares_together() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(compress=True, w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)


def _mark(place: Axes, *, left: bool, bottom: bool) -> None:
    """Give a histogram its ticks; only those on the outer sides say which values they are at."""
    ticks = (-REACH, 0, REACH)
    place.set(xticks=ticks, yticks=ticks)
    place.tick_params(labelsize=7, length=2, pad=2, labelbottom=bottom, labelleft=left)
    first, _, last = place.xaxis.get_major_ticks()
    first.label1.set_horizontalalignment("left")  # within the histogram, so that it may be as wide as it can
    last.label1.set_horizontalalignment("right")
    place.set_xlabel("a*" if bottom else "", fontsize=7.5, labelpad=1)
    place.set_ylabel("b*" if left else "", fontsize=7.5, labelpad=-6)
