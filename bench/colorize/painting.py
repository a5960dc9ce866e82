"""Turns lightness and chroma at a small size into the pixels of the output, strip by strip."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from ...datasets.color.gamut import fit_gamut
from ...methods.kernels.upsampling import upsample_rows
from .library import vips
from .picture import Picture
from .profiles import CurveProfile, curve_profile, srgb

Painter = Callable[[NDArray[np.float32], NDArray[np.float32], int], NDArray[Any]]
"""From L* (rows, W), the plane whose edges chroma follows and the first row's number, to RGB (rows, W, 3)."""


def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def output_profile(picture: Picture) -> bytes | None:
    """Return the profile of the output: the photo's own if it is for RGB; sRGB in place of grey and CMYK."""
    if picture.profile is None:
        return None
    space = ImageCms.ImageCmsProfile(BytesIO(picture.profile)).profile.xcolor_space
    return picture.profile if space == "RGB " else srgb_profile()


def painter(picture: Picture, planes: NDArray[np.float32]) -> Painter:
    """Return a function that colorizes strips of a photo.

    Parameters
    ----------
    picture
        The photo.
    planes
        Its chroma at a small size, from `upsampling.chroma_lines`.
    """
    profile = output_profile(picture)
    space = srgb() if profile is None or profile != picture.profile else curve_profile(profile)
    if space is not None:
        return _by_curves(picture, planes, space)
    return _by_tables(picture, planes, profile)


def _by_curves(picture: Picture, planes: NDArray[np.float32], space: CurveProfile) -> Painter:
    from .kernels import colorize_rows  # Numba is slow to import

    rays, by_bits = space.encoding
    tables = by_bits[picture.bits]

    def paint(lightness: NDArray[np.float32], guide: NDArray[np.float32], top: int) -> NDArray[Any]:
        levels = np.empty((*lightness.shape, 3), tables.dtype)
        lightness, guide = np.ascontiguousarray(lightness), np.ascontiguousarray(guide)
        colorize_rows(planes, lightness, guide, top, picture.height, rays, tables, levels)
        return levels

    return paint


def _by_tables(picture: Picture, planes: NDArray[np.float32], profile: bytes | None) -> Painter:
    """Leave the conversion to LittleCMS: the profile is not made of curves and a matrix."""
    dtype = np.uint16 if picture.bits == 16 else np.uint8

    def paint(lightness: NDArray[np.float32], guide: NDArray[np.float32], top: int) -> NDArray[Any]:
        chroma = fit_gamut(lightness, upsample_rows(planes, guide, top, picture.height))
        lab = np.concatenate([lightness[..., None], chroma], axis=2)
        image = vips().Image.new_from_array(lab, interpretation="lab")
        image.set_type(vips().GValue.blob_type, "icc-profile-data", profile)
        rgb = image.icc_export(depth=picture.bits, intent="relative")
        return np.asarray(rgb.numpy(), dtype)

    return paint
