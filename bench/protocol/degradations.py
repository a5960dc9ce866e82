"""Degradations: what age, film, printing and scanning do to the lightness that methods see.

The truth and the scored lightness stay clean, so a score says how well a method copes with a bad input.
Add a degradation by writing a function and decorating it. Its text goes into the protocol's digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TypeAlias

import numpy as np
import scipy  # its parts load on first use
from numpy.typing import NDArray
from PIL import Image

from ... import UserError
from ...datasets.base import RGB
from ...datasets.color.constants import LINEAR
from ...datasets.color.conversion import neutral_photo, rgb_to_lab
from ...methods.base import Lightness
from ...plugins import Registry
from .choices import lightness_in_8_bits, lightness_of_luma


@dataclass(frozen=True)
class Given:
    """What a degradation is given.

    Attributes
    ----------
    lightness, photo
        The lightness, float32 (H, W), 0…100, and the photo, uint8 (H, W, 3).
    strength
        Above 0.
    rng
        Seeded by the photo.
    """

    lightness: Lightness
    photo: RGB
    strength: float
    rng: np.random.Generator


Function: TypeAlias = Callable[[Given], NDArray[np.floating]]
"""Returns the degraded lightness (H, W); what leaves 0…100 is clipped."""

ORTHOCHROMATIC = (0.0, 0.5, 0.5)
"""Weights of linear R, G and B: no red, green and blue alike (Luo et al. 2021, Time-Travel Rephotography,
doi:10.1145/3478513.3480485; their code weights encoded values, film sums light)."""

PANCHROMATIC = (0.25, 0.35, 0.40)
"""Weights of linear R, G and B for Kodak Tri-X 400, from a table for channel mixers that photographers have
long copied (published by M. Hartel): an estimate by eye. Blue counts five times as much as in CIE Y.
"""


@dataclass(frozen=True)
class Degradation:
    """A kind of damage or loss.

    Attributes
    ----------
    name
        The name on the command line.
    text
        What it does at strength 1.
    most
        The largest strength.
    apply
        See `Function`.
    """

    name: str
    text: str
    most: float
    apply: Function


degradations = Registry[Degradation]("degradation")


def degradation(name: str, text: str, most: float = 1.0) -> Callable[[Function], Function]:
    """Register a function as a degradation."""

    def register(function: Function) -> Function:
        degradations.register(name, Degradation(name, text, most, function))
        return function

    return register


@dataclass(frozen=True)
class Condition:
    """A degradation with its strength, as written in ``--degrade``."""

    name: str
    strength: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read ``NAME`` or ``NAME:STRENGTH``.

        Raises
        ------
        UserError
            If the name is unknown, or the strength is not a number from 0 to the degradation's largest.

        Examples
        --------
        >>> Condition.parse("grain:0.50").text, Condition.parse("blur").text
        ('grain:0.5', 'blur')
        """
        name, colon, strength = text.strip().partition(":")
        most = degradations.get(name).most
        if not colon:
            return cls(name)
        number = float(strength) if re.fullmatch(r"\d*\.?\d+|\d+\.", strength) else np.nan
        if not 0 <= number <= most:
            raise UserError(
                f"'{text}': the strength of {name} is a number from 0 to {most:g}, such as {name}:0.5"
            )
        return cls(name, number)

    @property
    def text(self) -> str:
        """The shortest way to write it."""
        return self.name if self.strength == 1 else f"{self.name}:{self.strength:g}"

    @property
    def meaning(self) -> str:
        """What is done, for the protocol's digest."""
        return f"{self.name}, strength {self.strength:g}; at strength 1: {degradations.get(self.name).text}"

    def apply(self, lightness: Lightness, photo: RGB, id_: str) -> Lightness:
        """Degrade the lightness, float32 (H, W), 0…100, of a photo, uint8 (H, W, 3).

        The same photo, by its id, always gets the same scratches and grains.
        """
        if self.strength == 0:
            return lightness
        seed = hashlib.sha256(f"{self.name} {id_}".encode(errors="surrogateescape")).digest()
        rng = np.random.default_rng(list(seed))
        degraded = degradations.get(self.name).apply(Given(lightness, photo, self.strength, rng))
        return np.clip(degraded, 0, 100).astype(np.float32)


def degraded(condition: str, lightness: Lightness, photos: RGB, ids: list[str]) -> Lightness:
    """Degrade the lightness of photos, float32 (N, H, W); without a condition, return it as it is."""
    if not condition:
        return lightness
    found = Condition.parse(condition)
    return np.stack([found.apply(*each) for each in zip(lightness, photos, ids, strict=True)])


def of_light(light: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return L*, 0…100, of linear light, 0…1 (CIE 15:2004)."""
    roots = np.where(light > (6 / 29) ** 3, np.cbrt(light), light * (29 / 6) ** 2 / 3 + 4 / 29)
    lightness: NDArray[np.float64] = 116 * roots - 16
    return lightness


def to_light(lightness: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return linear light, 0…1, of L*, 0…100."""
    roots = (np.asarray(lightness, float) + 16) / 116
    light: NDArray[np.float64] = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29))
    return light


@degradation("grain", "white noise of 6 L* (standard deviation)", most=10)
def grain(given: Given) -> NDArray[np.floating]:
    """Add normal noise; at the sizes of a benchmark, grains are smaller than a pixel."""
    return given.lightness + 6 * given.strength * given.rng.standard_normal(given.lightness.shape)


@degradation("blur", "Gaussian blur whose standard deviation is 1/128 of the shorter side", most=10)
def blur(given: Given) -> Lightness:
    """Blur as a bad lens or a shaky hand does, the edge pixels repeated outside."""
    sigma = given.strength * min(given.lightness.shape) / 128
    blurred: Lightness = scipy.ndimage.gaussian_filter(given.lightness, sigma, mode="nearest")
    return blurred


@degradation("fade", "less contrast: black becomes L* 30, white L* 85")
def fade(given: Given) -> Lightness:
    """Lift the blacks and dull the whites, as in an old print."""
    return 30 * given.strength + given.lightness * np.float32(1 - 0.45 * given.strength)


@degradation(
    "orthochromatic", "film blind to red: L* of 0 R + 0.5 G + 0.5 B in linear light (Luo et al. 2021)"
)
def orthochromatic(given: Given) -> NDArray[np.floating]:
    """Film before about 1925: red lips are black, blue skies white; see `ORTHOCHROMATIC`."""
    return _film(given, ORTHOCHROMATIC)


@degradation(
    "panchromatic", "film for all colours: L* of 0.25 R + 0.35 G + 0.4 B in linear light (Kodak Tri-X 400)"
)
def panchromatic(given: Given) -> NDArray[np.floating]:
    """Film since about 1925, without a filter: skies are lighter than they look; see `PANCHROMATIC`."""
    return _film(given, PANCHROMATIC)


@degradation("rec601", "L* of the grey picture whose level is the Rec. 601 luma, as in grey JPEGs")
def rec601(given: Given) -> NDArray[np.floating]:
    """Grey as Pillow, OpenCV and most converters make it."""
    return _mixed(given, lightness_of_luma(given.photo, given.lightness))


@degradation("8bit-lab", "L* rounded to one of 256 levels")
def eight_bit_lab(given: Given) -> NDArray[np.floating]:
    """Lightness as OpenCV's 8-bit Lab stores it."""
    return _mixed(given, lightness_in_8_bits(given.photo, given.lightness))


@degradation("jpeg", "through a grey JPEG of quality 30; at other strengths, 100 − 70 × strength", most=1.4)
def jpeg(given: Given) -> Lightness:
    """Save the grey picture as JPEG, and read it back."""
    file = BytesIO()
    quality = max(1, round(100 - 70 * given.strength))
    Image.fromarray(_levels(given.lightness)).save(file, "JPEG", quality=quality)
    levels = np.asarray(Image.open(file))
    return rgb_to_lab(np.repeat(levels[..., None], 3, axis=-1))[0]


@degradation("scratches", "12 thin scratches from top to bottom, half of them light, half dark", most=10)
def scratches(given: Given) -> Lightness:
    """Draw nearly vertical scratches, 70% opaque and one pixel wide."""
    height, width = given.lightness.shape
    scratched, rows = given.lightness.copy(), np.arange(height)
    for number in range(round(12 * given.strength)):
        top = given.rng.uniform(0, width)
        bottom = top + given.rng.uniform(-0.05, 0.05) * width
        columns = np.floor(top + (bottom - top) * rows / height).astype(np.intp)
        inside = (columns >= 0) & (columns < width)
        shade = np.float32(100 if number % 2 == 0 else 0)
        place = rows[inside], columns[inside]
        scratched[place] += np.float32(0.7) * (shade - scratched[place])
    return scratched


@degradation(
    "halftone", "printed in black dots on a screen of 64 lines at 45°, then scanned with a blur of 1 pixel"
)
def halftone(given: Given) -> NDArray[np.floating]:
    """Print paper where the light exceeds the screen: the share of paper is the light of the original."""
    rows, columns = np.indices(given.lightness.shape)
    wave = 2 * np.pi * 64 / min(given.lightness.shape) / np.sqrt(2)
    screen = np.cos(wave * (rows + columns)) + np.cos(wave * (rows - columns))
    ranks = scipy.stats.rankdata(screen).reshape(screen.shape) / screen.size
    paper = (to_light(given.lightness) > ranks).astype(float)
    scanned = scipy.ndimage.gaussian_filter(paper, 1, mode="nearest")
    return _mixed(given, of_light(scanned))


@degradation(
    "size", "a quarter of the size, enlarged again; at other strengths, 4^strength times smaller", most=2
)
def size(given: Given) -> Lightness:
    """Reduce by averaging areas, and enlarge bicubically, as a thumbnail that somebody enlarged."""
    height, width = given.lightness.shape
    small = tuple(max(1, round(side / 4**given.strength)) for side in (width, height))
    picture = Image.fromarray(given.lightness).resize(small, Image.Resampling.BOX)
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def _film(given: Given, weights: tuple[float, float, float]) -> NDArray[np.floating]:
    """Return L* of an exposure: the light of R, G and B, weighted; weaker film sees partly as people do."""
    clean = to_light(given.lightness)
    exposure = LINEAR[given.photo] @ np.array(weights)
    return of_light(clean + given.strength * (exposure - clean))


def _mixed(given: Given, full: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return a mixture: all clean at strength 0, all degraded at strength 1."""
    return given.lightness + given.strength * (full - given.lightness)


def _levels(lightness: Lightness) -> NDArray[np.uint8]:
    """Return the grey levels, uint8 (H, W), of a lightness."""
    grey = neutral_photo(lightness)
    return np.ascontiguousarray(grey[..., 0])
