"""Mistakes in the colours of kept pictures: hues that turn, fade or are lost, edges that bleed, and casts.

Chroma is a complex number here, a* + i b*: its modulus is the chroma, its angle the hue of CIELAB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ...datasets.color.conversion import rgb_to_lab
from ..tables import Results
from .chroma import kept_photos
from .inference import Floats, estimates, within
from .summary import Summary, categories
from .units import has_clips

HUES = ("red", "orange", "yellow-green", "green", "cyan", "sky blue", "blue", "magenta")
"""The eighths of the circle of hues, from 0° on (sRGB's red is at 40°, green at 136°, blue at 306°)."""

COLORFUL = 10.0  #: From this chroma on, a pixel has a hue

NEAR = np.pi / 4  #: A hue is found if the prediction's is at most this far away

FLAT, EDGE = 1.0, 4.0
"""Differences in ab between neighbouring pixels: up to the first there is no edge, from the second on one."""

DISPUTED = 10  #: Number of photos on which methods disagree most

Complex = NDArray[np.complex64]


@dataclass
class Sums:
    """Sums over the pixels of photos, one row per photo."""

    pixels: list[Floats] = field(default_factory=list)  #: By true hue: pixels that have one
    found: list[Floats] = field(default_factory=list)  #: By true hue: those that keep it
    energy: list[Floats] = field(default_factory=list)  #: By true hue: the squares of true chroma
    #: By true hue: predicted chroma times the conjugate of the true one, complex.
    product: list[NDArray[np.complex128]] = field(default_factory=list)
    #: Pairs of neighbours without a true edge and how many of them have a predicted one; pairs with a true
    #: edge and how many of them have none; one row of four per photo.
    edges: list[Floats] = field(default_factory=list)
    cast: list[Floats] = field(default_factory=list)  #: Means of predicted − true a* and b*

    def of(self, chosen: NDArray[np.bool_]) -> Sums:
        """Return the sums of some of the photos, from a mask of them."""
        parts = {each.name: getattr(self, each.name) for each in fields(self)}
        return Sums(**{name: list(compress(rows, chosen)) for name, rows in parts.items()})


@dataclass(frozen=True)
class Mistakes:
    """How colours go wrong: values with 95% intervals in ``NAME``, ``NAME_low`` and ``NAME_high``."""

    #: Indexed by ``method`` and ``hue``: ``recall``, the share of the pixels of this true hue whose hue is
    #: found; ``slope``, the predicted chroma along the true one (1 is right, 0 grey, below 0 the opposite
    #: colour); ``shift``, the mean turn of the hue in degrees, towards larger hues.
    hues: pd.DataFrame
    #: Indexed by ``method``: ``recall`` and ``slope`` over all hues; ``bleeding``, the share of neighbours
    #: without a true edge between which there is a predicted one; ``lost_edges``, the share of true edges
    #: without a predicted one; ``cast``, the mean length of a photo's mean error in ab; and the mean
    #: ``cast_a`` and ``cast_b``.
    methods: pd.DataFrame
    #: Indexed by ``method`` and ``category``: the columns of ``methods``; empty without categories.
    categories: pd.DataFrame
    #: Photo → disagreement (0: all methods' hues are the same, 1: they cancel), the most disputed ones that
    #: are not near-grey.
    disputed: pd.Series
    pictures: pd.DataFrame  #: Photo (row) and ``truth`` or method (column) → path of the picture
    share: pd.Series  #: Hue → share of the true pixels that have a hue
    photos: int  #: Number of photos


def mistakes(results: Results, summary: Summary) -> Mistakes | None:
    """Compare the kept pictures of every method with the truth; ``None`` if there are none.

    Every value is a ratio of sums over photos, with Student's interval of its linearization (Cochran 1977,
    Sampling Techniques, 6.3); of clips, the unit is the clip.
    """
    pictures = kept_photos(results, summary)
    if pictures.empty:
        return None
    labels = [str(label) for label in pictures.columns if label != "truth"]
    real = [label for label in labels if not summary.rows.loc[label, "oracle"]]
    sums = {label: Sums() for label in labels}
    disagreements = {}
    for photo, paths in pictures.iterrows():
        truth = chroma_of(paths["truth"])
        total, lengths = np.zeros(truth.shape, np.complex64), np.zeros(truth.shape, np.float32)
        for label in labels:
            predicted = chroma_of(paths[label])
            add(sums[label], truth, predicted)
            if label in real:
                total, lengths = total + predicted, lengths + np.abs(predicted)
        disagreements[str(photo)] = 1 - np.abs(total).sum() / lengths.sum() if lengths.any() else 0.0
    facts = results.images.drop_duplicates("photo").set_index("photo").loc[pictures.index]
    units = facts["clip"].astype(str).to_numpy() if has_clips(results) else np.arange(len(pictures))
    disagreement = pd.Series(disagreements, dtype=float)
    colored = ~facts["near_grey"].fillna(value=False).astype(bool).to_numpy()
    pixels = np.array(next(iter(sums.values())).pixels).sum(axis=0)
    return Mistakes(
        hues=pd.concat({label: _by_hue(sums[label], units) for label in labels}, names=["method", "hue"]),
        methods=pd.DataFrame({label: _whole(sums[label], units) for label in labels}).T.rename_axis("method"),
        categories=_by_category(sums, facts["category"].astype(str).to_numpy(), units, categories(results)),
        disputed=disagreement[colored].nlargest(DISPUTED if len(real) > 1 else 0),
        pictures=pictures,
        share=pd.Series(pixels / max(pixels.sum(), 1), list(HUES)),
        photos=len(pictures),
    )


def chroma_of(path: Path) -> Complex:
    """Return the chroma of a picture, complex64 (H, W)."""
    with Image.open(path) as picture:
        _, ab = rgb_to_lab(np.asarray(picture.convert("RGB")))
    chroma: Complex = ab[..., 0] + np.complex64(1j) * ab[..., 1]
    return chroma


def add(sums: Sums, truth: Complex, predicted: Complex) -> None:
    """Add a photo to a method's sums, from its true and its predicted chroma, complex64 (H, W)."""
    colored = np.abs(truth) >= COLORFUL
    true, made = truth[colored].astype(np.complex128), predicted[colored].astype(np.complex128)
    hue = np.minimum((np.angle(true) % (2 * np.pi) / (2 * np.pi) * len(HUES)).astype(int), len(HUES) - 1)
    product = made * true.conj()
    found = (np.abs(made) >= COLORFUL) & (np.abs(np.angle(product)) <= NEAR)

    def by_hue(values: NDArray[Any]) -> Floats:
        return np.bincount(hue, values, len(HUES)).astype(float)

    sums.pixels.append(by_hue(np.ones(len(hue))))
    sums.found.append(by_hue(found))
    sums.energy.append(by_hue(np.abs(true) ** 2))
    sums.product.append(by_hue(product.real) + 1j * by_hue(product.imag))
    edges = np.zeros(4)
    for axis in (0, 1):
        step, step_made = (np.abs(np.diff(each, axis=axis)) for each in (truth, predicted))
        flat, edge = step <= FLAT, step >= EDGE
        made_or_lost = (step_made[flat] >= EDGE).sum(), (step_made[edge] <= FLAT).sum()
        edges += np.array([flat.sum(), made_or_lost[0], edge.sum(), made_or_lost[1]])
    sums.edges.append(edges)
    error = complex((predicted - truth).mean())
    sums.cast.append(np.array([error.real, error.imag]))


def ratio(above: Floats, below: Floats) -> tuple[Floats, Floats, Floats]:
    """Return ratios Σ above / Σ below over photos (rows), one per column, and the ends of their intervals."""
    total = below.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = above.sum(axis=0) / total
        linear = value + (above - value * below) / (total / len(below))
    low, high = estimates(linear).interval()
    return value, low, high


def _shares(part: Floats, whole: Floats) -> tuple[Floats, Floats, Floats]:
    """Return `ratio`, its interval within what shares can be, 0…1."""
    value, low, high = ratio(part, whole)
    return value, *within(low, high, value, (0, 1))


def _by_hue(sums: Sums, units: NDArray[np.generic]) -> pd.DataFrame:
    """Return a method's values by hue (rows)."""
    product = _by_unit(sums.product, units)
    columns = {
        "recall": _shares(_by_unit(sums.found, units), _by_unit(sums.pixels, units)),
        "slope": ratio(product.real, _by_unit(sums.energy, units)),
        "shift": _shift(product),
    }
    return pd.DataFrame(_named(columns), list(HUES))


def _whole(sums: Sums, units: NDArray[np.generic]) -> dict[str, float]:
    """Return a method's values over all hues."""
    pixels, found, energy, along = (
        _by_unit(rows, units).real.sum(axis=1, keepdims=True)
        for rows in (sums.pixels, sums.found, sums.energy, sums.product)
    )
    edges = _by_unit(sums.edges, units)
    casts = pd.DataFrame(np.array(sums.cast)).groupby(units).mean().to_numpy(float)
    lengths = pd.Series(np.hypot(*np.array(sums.cast).T)).groupby(units).mean().to_numpy(float)
    ones = np.ones((len(casts), 1))
    columns = {
        "recall": _shares(found, pixels),
        "slope": ratio(along, energy),
        "bleeding": _shares(edges[:, 1:2], edges[:, 0:1]),
        "lost_edges": _shares(edges[:, 3:4], edges[:, 2:3]),
        "cast": ratio(lengths[:, None], ones),
        "cast_a": ratio(casts[:, :1], ones),
        "cast_b": ratio(casts[:, 1:], ones),
    }
    return {name: float(value[0]) for name, value in _named(columns).items()}


def _shift(product: NDArray[np.complex128]) -> tuple[Floats, Floats, Floats]:
    """Return the mean turns of the hue in degrees, weighted by true and predicted chroma, with intervals."""
    total = product.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        across = (product * total.conj() / np.abs(total)).imag / (np.abs(total) / len(product))
        value = np.where(np.abs(total) > 0, np.degrees(np.angle(total)), np.nan)
    low, high = estimates(value + np.degrees(across)).interval()
    return value, low, high


def _named(columns: Mapping[str, tuple[Floats, Floats, Floats]]) -> dict[str, Floats]:
    """Return values and the ends of their intervals under their names."""
    ends = ("", "_low", "_high")
    return {
        f"{name}{end}": values
        for name, parts in columns.items()
        for end, values in zip(ends, parts, strict=True)
    }


def _by_unit(rows: Sequence[NDArray[Any]], units: NDArray[np.generic]) -> NDArray[Any]:
    """Return the sums of rows that belong to one unit."""
    values = np.array(rows)
    _, group = np.unique(units, return_inverse=True)
    sums = np.zeros((group.max() + 1, values.shape[1]), values.dtype)
    np.add.at(sums, group, values)
    return sums


def _by_category(
    sums: Mapping[str, Sums], own: NDArray[np.generic], units: NDArray[np.generic], names: list[str]
) -> pd.DataFrame:
    """Return the values over all hues for every method and category of at least two photos."""
    rows = {
        (label, name): _whole(each.of(chosen), units[chosen])
        for label, each in sums.items()
        for name in names
        if (chosen := own == name).sum() > 1
    }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(list(rows), names=["method", "category"])
    return table
