"""Colorizes one photo: chroma is predicted at a small size, and joined with the full lightness in strips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ...methods.kernels.upsampling import chroma_lines
from . import findings
from .colorist import Colorist
from .painting import painter
from .picture import Picture
from .settings import WORKING, Settings

LARGEST_ASPECT: Final = 4
"""Largest ratio of the sides of what a method sees; a longer panorama is squeezed."""

GRAIN: Final = 3
"""Side of the median filter of ``degrain``, in pixels of what a method sees."""

_BORDER_SPREAD: Final = 4.0  # of L* along a row of a scan's border
_MOST_BORDER: Final = 0.25  # of a side


@dataclass
class Colorization:
    """A photo on its way to colours.

    Attributes
    ----------
    picture
        The photo.
    settings
        How it is colorized.
    chroma
        The predicted chroma, as the photo is stored, float32 (h, w, 2).
    lightness
        L* at the same size, float32 (h, w).
    seconds
        Time of the method's call.
    warnings
        See `findings.find`.
    """

    picture: Picture
    settings: Settings
    chroma: NDArray[np.float32]
    lightness: NDArray[np.float32]
    seconds: float
    warnings: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[NDArray[Any]]:
        """Yield the colorized photo from top to bottom, uint8 or uint16 (rows, W, 3).

        Lightness is the photo's own; chroma is reduced where the output's space cannot show it at that
        lightness.
        """
        with COMPUTING:
            planes = chroma_lines(self.chroma, self.lightness)
        strip = painter(self.picture, planes)
        for top, lightness, guide in self.picture.lightness_rows(blurred=self.settings.degrain):
            with self.picture.stages.timed("upsample"):
                rgb = strip(lightness, guide, top)
            yield rgb


COMPUTING = Lock()
"""Held while a method or a parallel kernel runs: they use all threads, and need not be safe side by side."""


def colorize(picture: Picture, colorist: Colorist, settings: Settings) -> Colorization:
    """Predict the chroma of a photo.

    Parameters
    ----------
    picture
        The photo.
    colorist
        The method.
    settings
        How it is colorized.

    Raises
    ------
    PhotoError
        If the photo cannot be decoded.
    """
    lab = small_lab(picture, settings.size or colorist.size or WORKING)
    warnings = findings.find(picture, lab)
    lightness = np.clip(lab[..., 0], 0, 100)
    seen = median_filter(lightness, GRAIN) if settings.degrain else lightness
    box = plain_borders(seen) if settings.crop_borders else (slice(None), slice(None))
    with COMPUTING, picture.stages.timed("network"):
        turned = np.ascontiguousarray(upright(seen[box], picture.orientation))
        chroma, seconds = colorist.chroma(turned, settings.reference, settings.size)
    placed = np.zeros((*lightness.shape, 2), np.float32)
    placed[box] = settings.strength * stored(chroma, picture.orientation)
    return Colorization(picture, settings, placed, seen, seconds, warnings)


def small_lab(picture: Picture, side: int) -> NDArray[np.float32]:
    """Return a photo in L*a*b*, reduced until its shorter side is at most ``side``; float32 (h, w, 3)."""
    scale = min(1.0, side / min(picture.width, picture.height))
    width = max(1, min(round(scale * picture.width), LARGEST_ASPECT * side))
    height = max(1, min(round(scale * picture.height), LARGEST_ASPECT * side))
    return picture.small_lab(width, height)


def plain_borders(lightness: NDArray[np.float32]) -> tuple[slice, slice]:
    """Return the rows and columns of a scan, float32 (h, w), without its plain borders.

    A border is a run of rows or columns from the edge that are plain, of the paper, the film or the lid.
    """
    return _inside(lightness), _inside(lightness.T)


def _inside(lines: NDArray[np.float32]) -> slice:
    plain = np.quantile(lines, 0.8, axis=1) - np.quantile(lines, 0.2, axis=1) < _BORDER_SPREAD
    most = int(_MOST_BORDER * len(lines))
    first = next((i for i in range(most) if not plain[i]), 0)
    last = next((i for i in range(most) if not plain[-1 - i]), 0)
    return slice(first, len(lines) - last)


def upright(plane: NDArray[Any], orientation: int) -> NDArray[Any]:  # noqa: PLR0911  # a case each
    """Return an array (H, W, …) as stored, turned as its EXIF orientation says."""
    match orientation:
        case 2:
            return plane[:, ::-1]
        case 3:
            return plane[::-1, ::-1]
        case 4:
            return plane[::-1]
        case 5:
            return plane.swapaxes(0, 1)
        case 6:
            return np.rot90(plane, -1)
        case 7:
            return plane[::-1, ::-1].swapaxes(0, 1)
        case 8:
            return np.rot90(plane)
        case _:
            return plane


def stored(plane: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return an upright array (H, W, …) as it is stored; the inverse of `upright`."""
    return upright(plane, {6: 8, 8: 6}.get(orientation, orientation))
