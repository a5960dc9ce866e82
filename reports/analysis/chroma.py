"""Histograms over a* and b* of kept pictures."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ...datasets.color.conversion import rgb_to_lab
from ..tables import Results
from .summary import Summary

REACH = 100  #: The histograms span a* and b* from −100 to 100

BINS = 50

PIXELS_A_PICTURE = 4096  #: Pixels per picture in a histogram, evenly spread


def kept_photos(results: Results, summary: Summary) -> pd.DataFrame:
    """Return the photos whose pictures were kept for every method: photo (row) × ``truth`` or method → path.

    Empty if there are none. Methods without kept pictures are left out.
    """
    images = results.images[results.images["picture"].notna() & results.images["truth_picture"].notna()]
    first = images.sort_values("seed").drop_duplicates(["method", "photo"])
    table = first.pivot_table(index="photo", columns="method", values="picture", aggfunc="first")
    table = table[[label for label in summary.rows.index if label in table]].dropna()
    if table.empty:
        return pd.DataFrame()
    truth = first.drop_duplicates("photo").set_index("photo").loc[table.index, "truth_picture"]
    columns = {"truth": truth, **{str(label): table[label] for label in table}}
    return pd.DataFrame(columns, dtype=object).map(lambda path: results.folder / str(path))


def kept_pictures(results: Results, summary: Summary) -> dict[str, list[Path]]:
    """Return the pictures of `kept_photos` by ``truth`` and method; empty if there are none."""
    return {str(label): list(paths) for label, paths in kept_photos(results, summary).items()}


def histogram(pictures: list[Path]) -> NDArray[np.float64]:
    """Return the share of pixels with each chroma, float64 (b, a), summing to the share within `REACH`."""
    edges = np.linspace(-REACH, REACH, BINS + 1)
    counts = np.zeros((BINS, BINS))
    pixels = 0
    for path in pictures:
        with Image.open(path) as picture:
            rgb = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        _, ab = rgb_to_lab(rgb[:: math.ceil(len(rgb) / PIXELS_A_PICTURE)])
        counts += np.histogram2d(ab[:, 1], ab[:, 0], bins=(edges, edges))[0]
        pixels += len(ab)
    return counts / pixels
