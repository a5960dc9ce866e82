"""Warnings about a photo, which archivists need before they trust its new colours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft2

from .picture import Picture, fetch

GREY: Final = 3.0
"""Chroma up to which a photo counts as grey: scanners and JPEG tint a little."""

TINT_SPREAD: Final = 1.9
"""Spread of a*b* around what follows from lightness, up to which a photo may be tinted, not coloured.

A root mean square over blocks. Of real photos that were toned and saved as small JPEGs, 97 % pass this limit
and the next; of real photos in colour, fewer than 1 % do, and some of these are toned.
"""

TINT_SHARE: Final = 0.14
"""The same spread over the root mean square of chroma, so that pale colours do not count as a tint."""

TINT_BLOCK: Final = 8
"""Side in pixels of the blocks over which a*b* are averaged: noise of a JPEG nearly cancels there."""

DARK: Final = 15.0
"""Mean L* below which a photo counts as very dark."""

SCREEN: Final = 400.0
"""Power of a frequency over the median of its neighbours above which it counts as a halftone screen."""

PATCH: Final = 512
"""Side in pixels of the patch that is searched for a halftone screen."""

_TURNED: Final = {
    2: "mirrored",
    3: "upside down",
    4: "mirrored and upside down",
    5: "mirrored",
    7: "mirrored",
}


def find(picture: Picture, lab: NDArray[np.float32]) -> list[str]:
    """Return a warning for each trait of a photo that makes its colours less reliable.

    Parameters
    ----------
    picture
        The photo.
    lab
        The whole photo at a small size in L*a*b*, float32 (h, w, 3).

    Raises
    ------
    PhotoError
        If the photo cannot be decoded.
    """
    found = []
    lightness = lab[..., 0]
    if picture.two_levels:
        found.append("1-bit: black and white only, without any grey")
    elif _screened(_patch(picture)):
        found.append("halftone: the screen of a print; blur it before, or scan the photo itself")
    colour = colourfulness(lab)
    if colour == "colour":
        found.append("already in colour: its own colours were replaced")
    if colour == "tint":
        found.append("sepia or tinted: the tint was removed")
    if lightness.mean() < DARK:
        found.append(f"very dark: mean L* {lightness.mean():.0f}")
    if picture.orientation in _TURNED:
        found.append(f"{_TURNED[picture.orientation]} by its EXIF tag, which was kept: check which way is up")
    if (pages := picture.pages) > 1:
        found.append(f"{pages} pages or frames: only the first was colorized")
    return found


def colourfulness(lab: NDArray[np.float32]) -> str:
    """Return whether a photo, float32 (h, w, 3), is ``grey``, a ``tint`` or in ``colour``.

    In a tinted photo, as in sepia, a*b* follow from L*. So what is left of them, once their mean at each
    lightness is taken away, is small.
    """
    if np.quantile(np.hypot(lab[..., 1], lab[..., 2]), 0.98) <= GREY:
        return "grey"
    lightness, *chroma = _blocks(lab).T
    levels = np.clip(lightness / 5, 0, 19).astype(int)
    counts = np.bincount(levels)
    held = counts > 0
    places, *means = (np.bincount(levels, each)[held] / counts[held] for each in (lightness, *chroma))
    # A strong tint changes within a level too, so it is taken as a line from level to level.
    left = [one - np.interp(lightness, places, mean) for one, mean in zip(chroma, means, strict=True)]
    spread = np.sqrt(np.mean(np.square(left).sum(axis=0)))
    strength = np.sqrt(np.mean(np.square(chroma).sum(axis=0)))
    return "tint" if spread <= min(TINT_SPREAD, TINT_SHARE * strength) else "colour"


def _blocks(lab: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the means of square blocks of a photo (h, w, 3), as (blocks, 3): at least 16 along a side."""
    height, width = lab.shape[:2]
    side = int(np.clip(min(height, width) // 16, 1, TINT_BLOCK))
    down, across = height // side, width // side
    whole = lab[: down * side, : across * side].reshape(down, side, across, side, 3)
    means: NDArray[np.float64] = whole.mean(axis=(1, 3), dtype=np.float64)
    return means.reshape(-1, 3)


def _patch(picture: Picture) -> NDArray[np.float32]:
    """Return the lightness of the photo's middle, at full resolution."""
    width, height = min(PATCH, picture.width), min(PATCH, picture.height)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return fetch(picture.lightness(), left, top, width, height)


def _screened(patch: NDArray[np.float32]) -> bool:
    """Return whether a patch of lightness, float32 (h, w), shows the regular dots of a printing screen.

    A screen has a period of 2.5 to 16 pixels, so its spectrum has a sharp peak at 1/16 to 1/2.5 cycles a
    pixel, in two directions across each other.
    """
    height, width = patch.shape
    if min(height, width) < 64:
        return False
    window = np.hanning(height)[:, None] * np.hanning(width)
    spectrum = rfft2(((patch - patch.mean()) * window).astype(np.float32))
    power = (spectrum.real**2 + spectrum.imag**2).ravel()
    radius, angle, rings = _frequencies(height, width)
    peaks = []
    for ring in rings:
        place = ring[np.argmax(power[ring])]
        if power[place] > SCREEN * np.median(power[ring]):
            peaks.append((power[place], angle[place], radius[place]))
    if not peaks:
        return False
    strongest, direction, distance = max(peaks)
    crossing = np.abs(np.abs(angle - direction) - np.pi / 2) < 0.1
    crossing &= np.abs(radius - distance) < 0.02
    return bool(crossing.any() and power[crossing].max() > 0.25 * strongest)


@lru_cache(maxsize=2)
def _frequencies(height: int, width: int) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[np.intp]]]:
    """Return radius and angle of each value of a flat spectrum, and the places of the rings to search."""
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    radius, angle = np.hypot(down, across), np.arctan2(down, across)
    inside = (across > 0) & (down != 0)
    lows = np.arange(1 / 16, 1 / 2.5, 0.04)
    rings = [np.flatnonzero(inside & (radius >= low) & (radius < low + 0.04)) for low in lows]
    return radius.ravel(), angle.ravel(), rings
