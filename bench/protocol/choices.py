"""What a protocol may choose at each step of a photo's path: names, meanings and code.

A choice's text goes into the protocol's digest: a text that changes is another protocol. Add a choice by
adding an entry to a table below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ... import UserError
from ...datasets.base import RGB
from ...datasets.color.conversion import lab_to_rgb, neutral_photo, rgb_to_lab, rgb_to_yuv, yuv_to_rgb
from ...methods.base import Chroma, Lightness

if TYPE_CHECKING:
    from ...datasets.base import Entry
    from .references import ReferencePool

T = TypeVar("T", bound=Callable[..., object])

JPEG_QUALITY = 75
"""The default quality of JPEGs in Pillow and imageio, and so in most scripts."""


@dataclass(frozen=True)
class Choice(Generic[T]):
    """One of the ways to do a step.

    Attributes
    ----------
    text
        What it means, in the words of ``run.json`` and the report.
    apply
        The step itself.
    """

    text: str
    apply: T


def resized_by_pillow(filter_: Image.Resampling) -> Callable[[RGB, int], RGB]:
    """Return a step that resizes a photo, uint8 (H, W, 3), to a square with one of Pillow's filters."""

    def resize(rgb: RGB, size: int) -> RGB:
        return np.array(Image.fromarray(rgb).resize((size, size), filter_))

    return resize


def resized_by_two_taps(rgb: RGB, size: int) -> RGB:
    """Resize a photo bilinearly from the two nearest pixels per axis: shrinking aliases, as in OpenCV."""
    return _resized(rgb, _two_taps(rgb.shape[0], size), _two_taps(rgb.shape[1], size))


def resized_by_area(rgb: RGB, size: int) -> RGB:
    """Resize a photo by averaging the area under each new pixel, as OpenCV and TensorFlow do to shrink."""
    return _resized(rgb, _area(rgb.shape[0], size), _area(rgb.shape[1], size))


def own_lightness(photos: RGB, lightness: Lightness) -> Lightness:  # noqa: ARG001  # one signature for all
    """Return CIE L*."""
    return lightness


def lightness_in_8_bits(photos: RGB, lightness: Lightness) -> Lightness:  # noqa: ARG001
    """Return L* rounded to one of 256 levels, as 8-bit Lab stores it."""
    return _in_256_levels(lightness)


def lightness_of_luma(photos: RGB, lightness: Lightness) -> Lightness:  # noqa: ARG001
    """Return L* of the grey picture whose level is the photo's luma, rounded, as Pillow's mode L."""
    levels = np.rint(rgb_to_yuv(photos)[0] * 255).astype(np.uint8)
    return rgb_to_lab(np.repeat(levels[..., None], 3, axis=-1))[0]


def luma_as_lightness(photos: RGB, lightness: Lightness) -> Lightness:  # noqa: ARG001
    """Return 100 times the luma, 0…1, taken for L*."""
    return rgb_to_yuv(photos)[0] * np.float32(100)


def joined_in_lab(lightness: Lightness, chroma: Chroma) -> tuple[Lightness, Chroma]:
    """Keep both."""
    return lightness, chroma


def joined_in_8_bits(lightness: Lightness, chroma: Chroma) -> tuple[Lightness, Chroma]:
    """Round lightness to a 256th of 100 and chroma to whole numbers within −128…127."""
    return _in_256_levels(lightness), np.clip(np.rint(chroma), -128, 127).astype(np.float32)


def joined_in_yuv(lightness: Lightness, chroma: Chroma) -> tuple[Lightness, Chroma]:
    """Color the input, then put its luma back: the colours' U and V with the Y of the grey input."""
    luma, _ = rgb_to_yuv(neutral_photo(lightness))
    _, uv = rgb_to_yuv(lab_to_rgb(lightness, chroma))
    return rgb_to_lab(yuv_to_rgb(luma, uv))


def rounded(lightness: Lightness, chroma: Chroma) -> RGB:
    """Return the nearest levels."""
    return lab_to_rgb(lightness, chroma)


def truncated(lightness: Lightness, chroma: Chroma) -> RGB:
    """Return the levels below, by scikit-image's conversion, as the authors' scripts do."""
    from skimage.color import lab2rgb

    lab = np.concatenate([lightness[..., None], chroma], axis=-1)
    levels: RGB = (255 * np.clip(lab2rgb(lab), 0, 1)).astype(np.uint8)
    return levels


def truncated_then_jpeg(lightness: Lightness, chroma: Chroma) -> RGB:
    """Return the levels below, through a JPEG."""
    return through_jpeg(truncated(lightness, chroma))


def unchanged(photos: RGB) -> RGB:
    """Return the photos."""
    return photos


def through_jpeg(photos: RGB) -> RGB:
    """Save photos, uint8 (..., H, W, 3), as JPEG at Pillow's default quality, and read them back."""
    flat = photos.reshape(-1, *photos.shape[-3:])
    return np.stack([_through_jpeg(photo) for photo in flat]).reshape(photos.shape)


INTERPOLATION: dict[str, Choice[Callable[[RGB, int], RGB]]] = {
    "lanczos": Choice("Lanczos", resized_by_pillow(Image.Resampling.LANCZOS)),
    "bicubic": Choice("bicubic, antialiased (Pillow)", resized_by_pillow(Image.Resampling.BICUBIC)),
    "bilinear": Choice("bilinear, antialiased (Pillow)", resized_by_pillow(Image.Resampling.BILINEAR)),
    "bilinear-aliased": Choice("bilinear, two taps, not antialiased (OpenCV)", resized_by_two_taps),
    "area": Choice("mean of the area under a pixel", resized_by_area),
}

GREY: dict[str, Choice[Callable[[RGB, Lightness], Lightness]]] = {
    "lightness": Choice("CIE L* of sRGB, D65", own_lightness),
    "lightness-8-bit": Choice("CIE L* of sRGB, D65, rounded to 256 levels", lightness_in_8_bits),
    "luma": Choice("L* of the grey whose level is the Rec. 601 luma, rounded", lightness_of_luma),
    "luma-as-lightness": Choice("100 × Rec. 601 luma, taken for L*", luma_as_lightness),
}

MERGE: dict[str, Choice[Callable[[Lightness, Chroma], tuple[Lightness, Chroma]]]] = {
    "lab": Choice("the input's own L*, the predicted a*b*", joined_in_lab),
    "lab-8-bit": Choice("8-bit Lab: the input's own L*, the predicted a*b*, both rounded", joined_in_8_bits),
    "yuv": Choice("the input's own luma Y, U and V of the coloured picture (Rec. 601)", joined_in_yuv),
}

SAVE: dict[str, Choice[Callable[[Lightness, Chroma], RGB]]] = {
    "round": Choice("sRGB uint8, rounded to nearest, clipped to the gamut in linear RGB", rounded),
    "truncate": Choice("sRGB uint8, truncated, by scikit-image", truncated),
    "truncate-jpeg": Choice(
        f"sRGB uint8, truncated, by scikit-image, then JPEG of quality {JPEG_QUALITY}", truncated_then_jpeg
    ),
}

TRUTH: dict[str, Choice[Callable[[RGB], RGB]]] = {
    "photo": Choice("the resized photo", unchanged),
    "jpeg": Choice(f"the resized photo, through a JPEG of quality {JPEG_QUALITY}", through_jpeg),
}

NEAR_GREY = {"scored": "scored, and flagged", "left-out": "left out, for every method"}
"""What happens to photos whose truth is near-grey."""

FLOW = {
    "dis": "dense inverse search (OpenCV, medium preset) on the lightness that methods see, both ways; exact "
    "where the dataset knows it"
}
"""How the motion between the frames of a clip is found."""

NEVER = "never the photo itself, the same content or a near-duplicate"
"""Photos that are never references, whatever the choice."""

ChooseReferences: TypeAlias = "Callable[[ReferencePool, Entry, Lightness, int], list[Entry]]"
"""From a pool, a target, its lightness as methods see it, and a seed to the references of the target."""

REFERENCE_CHOICE: dict[str, Choice[ChooseReferences]] = {
    "similar": Choice(
        f"nearest lightness: 32-bin histogram and 8×8 thumbnail, L2; {NEVER}",
        lambda pool, target, lightness, _: [pool.similar(target, lightness)],
    ),
    "random": Choice(
        f"random, seeded by the photo's id; {NEVER}",
        lambda pool, target, lightness, seed: [pool.random(target, lightness, seed)],
    ),
    "category": Choice(
        f"the first of the random ones that has the photo's category; {NEVER}",
        lambda pool, target, lightness, seed: pool.of_category(target, lightness, seed),
    ),
    "neighbours": Choice(
        f"the four nearest in lightness as one picture, 2×2, each at half its size; {NEVER}",
        lambda pool, target, lightness, _: pool.neighbours(target, lightness),
    ),
}
"""How a method's reference photos are chosen from the training sample."""

_NAMES: dict[str, tuple[str, ...]] = {
    "interpolation": tuple(INTERPOLATION),
    "grey": tuple(GREY),
    "merge": tuple(MERGE),
    "save": tuple(SAVE),
    "truth": tuple(TRUTH),
    "near_grey": tuple(NEAR_GREY),
    "flow": tuple(FLOW),
    "reference_choice": tuple(REFERENCE_CHOICE),
}

USUAL = {field: names[0] for field, names in _NAMES.items()}
"""Field of the protocol → the default choice, the first of its table."""


def check_choice(field: str, name: str) -> None:
    """Raise `UserError` if a field has no such choice."""
    if name not in _NAMES[field]:
        raise UserError(f"protocol: {field} '{name}' must be one of {', '.join(_NAMES[field])}")


def _in_256_levels(lightness: Lightness) -> Lightness:
    levels: Lightness = np.rint(lightness * np.float32(2.55)) / np.float32(2.55)
    return levels


def _through_jpeg(photo: RGB) -> RGB:
    file = BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(file))


def _resized(rgb: RGB, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> RGB:
    """Weight the rows and the columns of a photo, and round."""
    resized = np.einsum("yh,hwc,xw->yxc", rows, rgb.astype(np.float64), columns, optimize=True)
    levels: RGB = np.clip(np.rint(resized), 0, 255).astype(np.uint8)
    return levels


def _two_taps(length: int, size: int) -> NDArray[np.float64]:
    """Return weights (size, length): pixel centres at half, the edge repeated."""
    place = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
    first = np.floor(place).astype(np.intp)
    weights = np.zeros((size, length))
    weights[np.arange(size), first] = 1 - (place - first)
    weights[np.arange(size), np.minimum(first + 1, length - 1)] += place - first
    return weights


def _area(length: int, size: int) -> NDArray[np.float64]:
    """Return weights (size, length): each pixel's share of the interval under the new one."""
    edges = np.arange(size + 1) * length / size
    pixels = np.arange(length)
    low = np.maximum(edges[:-1, None], pixels)
    high = np.minimum(edges[1:, None], pixels + 1)
    shares: NDArray[np.float64] = np.maximum(high - low, 0) * size / length
    return shares
