"""The choices that are compared: protocols that differ in one step, and definitions of the metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from PIL import Image

from ...datasets.base import RGB
from ...datasets.color.conversion import rgb_to_lab
from ...methods.base import Lightness
from ..metrics import get_metric
from ..protocol.presets import DEFAULT, presets
from ..protocol.protocol import Protocol

METRICS = ("psnr", "ssim", "colorfulness", "auc")
"""The metrics by which protocols are compared."""

BASE = "as in huebench"
"""The text of the row with which all others are compared."""

PIXELS, WRAPPED, SQUARED = "pixels", "psnr of wrapped differences", "mean squared error"
"""Columns beside those of metrics: pixels of the decoded photo, and two values of the saved one."""


@dataclass(frozen=True)
class ProtocolVariant:
    """A variant of the protocol, under which the same methods are scored.

    Attributes
    ----------
    text
        What differs from the base protocol.
    protocol
        The protocol.
    after
        Changes the finished pictures, uint8 (N, H, W, 3), given their protocol and their lightness.
    """

    text: str
    protocol: Protocol
    after: Callable[[Protocol, RGB, Lightness], RGB] = lambda protocol, photos, lightness: photos  # noqa: ARG005


@dataclass(frozen=True)
class Definition:
    """Another definition of a metric, of the same predictions.

    Attributes
    ----------
    metric
        The metric of `METRICS`, or one of its differences, that it is compared with.
    text
        What differs.
    value
        Returns the value of a set from a table with one row per photo and one column per metric's column.
    """

    metric: str
    text: str
    value: Callable[[pd.DataFrame], float]


def variants(base: Protocol) -> Iterator[ProtocolVariant]:
    """Yield the base protocol, those that differ from it in one step, and the named ones."""
    crop: Literal["squash", "center-crop"] = "squash" if base.resize == "center-crop" else "center-crop"
    luma = replace(base, grey="luma")
    yield ProtocolVariant(BASE, base)
    yield ProtocolVariant("resized bicubically (Pillow)", replace(base, interpolation="bicubic"))
    yield ProtocolVariant("resized bilinearly, antialiased (Pillow)", replace(base, interpolation="bilinear"))
    yield ProtocolVariant(
        "resized bilinearly, aliased (OpenCV)", replace(base, interpolation="bilinear-aliased")
    )
    yield ProtocolVariant("resized by area", replace(base, interpolation="area"))
    yield ProtocolVariant(
        "cropped at the centre" if crop == "center-crop" else "squashed", replace(base, resize=crop)
    )
    yield ProtocolVariant("at 7/8 of the size (224 of 256)", replace(base, size=base.size * 7 // 8))
    yield ProtocolVariant("grey: Rec. 601 luma", luma)
    yield ProtocolVariant("grey: Rec. 601 luma, its Y kept (YUV)", replace(luma, merge="yuv"))
    yield ProtocolVariant("grey: Rec. 601 luma taken for L*", replace(base, grey="luma-as-lightness"))
    yield ProtocolVariant("8-bit Lab", replace(base, grey="lightness-8-bit", merge="lab-8-bit"))
    yield ProtocolVariant("half the resolution, L* replaced by the input's", base, chroma_of_half)
    yield ProtocolVariant("half the resolution, L* kept: RGB as the network made it", base, through_half)
    yield ProtocolVariant("levels truncated", replace(base, save="truncate"))
    yield ProtocolVariant("levels truncated, predictions through JPEG", replace(base, save="truncate-jpeg"))
    yield ProtocolVariant("truth through JPEG", replace(base, truth="jpeg"))
    yield ProtocolVariant("both through JPEG", replace(base, save="truncate-jpeg", truth="jpeg"))
    yield ProtocolVariant("without near-grey photos", replace(base, near_grey="left-out"))
    for name, preset in presets.items().items():
        theirs = replace(preset.protocol, metrics=base.metrics)
        if name != DEFAULT and theirs != base:  # ideepcolor only adds hints
            yield ProtocolVariant(f"all of protocol {name}", theirs)


def through_half(protocol: Protocol, photos: RGB, lightness: Lightness) -> RGB:  # noqa: ARG001
    """Return the pictures of a network that works at half the size, enlarged bilinearly: L* is its own."""
    return np.stack([_through_half(photo) for photo in photos])


def chroma_of_half(protocol: Protocol, photos: RGB, lightness: Lightness) -> RGB:
    """Return the chroma of the same pictures with the input's lightness."""
    _, chroma = rgb_to_lab(through_half(protocol, photos, lightness))
    return protocol.restore(lightness, chroma)


def by_metric(name: str) -> Callable[[pd.DataFrame], float]:
    """Return the table's value of a registered metric, from the columns of its photos."""
    metric = get_metric(name)

    def value(photos: pd.DataFrame) -> float:
        first, *others = (photos[column] for column in metric.columns)
        match metric.aggregate:
            case "mean_gap":
                return abs(float(first.mean() - others[0].mean()))
            case "mean_absolute_difference":
                return float((first - others[0]).abs().mean())
            case "pooled":
                return float(np.average(first, weights=others[0]))
            case _:
                return float(first.mean())

    return value


def _through_half(photo: RGB) -> RGB:
    image = Image.fromarray(photo)
    half = image.resize((image.width // 2, image.height // 2), Image.Resampling.BILINEAR)
    return np.asarray(half.resize(image.size, Image.Resampling.BILINEAR))


def wrapped_psnr(truth: RGB, predicted: RGB) -> float:
    """Return 20·log10(255/√MSE) with differences and squares taken in uint8, where they wrap round at 256."""
    return float(10 * np.log10(255**2 / max(np.mean((truth - predicted) ** 2), 1 / 12)))


def mean_squared_error(truth: RGB, predicted: RGB) -> float:
    """Return the mean squared difference of all levels."""
    return float(np.square(truth.astype(np.float64) - predicted).mean())


DEFINITIONS = (
    Definition("psnr", "differences in uint8, which wrap", lambda photos: float(photos[WRAPPED].mean())),
    Definition(
        "psnr",
        "MSE pooled over photos",
        lambda photos: float(10 * np.log10(255**2 / photos[SQUARED].mean())),
    ),
    Definition("psnr", "at most 50 dB per photo", by_metric("psnr_capped")),
    Definition("ssim", "uniform 7×7 window (scikit-image's default)", by_metric("ssim_uniform")),
    Definition("ssim", "uniform 7×7 window, data range 225", by_metric("ssim_uniform_225")),
    Definition("colorfulness", "of absolute rg and yb", by_metric("colorfulness_abs")),
    Definition("delta_colorfulness", BASE, by_metric("delta_colorfulness")),
    Definition("delta_colorfulness", "per photo", by_metric("delta_colorfulness_per_image")),
    Definition("delta_colorfulness", "of absolute rg and yb", by_metric("delta_colorfulness_abs")),
    Definition(
        "auc",
        "photos weighted by their original pixels",
        lambda photos: float(np.average(photos["auc"], weights=photos[PIXELS])),
    ),
    Definition("auc_rebalanced", BASE, by_metric("auc_rebalanced")),
    Definition(
        "auc_rebalanced", "each photo alone, prior not smoothed", by_metric("auc_rebalanced_per_photo")
    ),
)
"""The other definitions, by metric; the first of a metric that is not in `METRICS` is its base."""
