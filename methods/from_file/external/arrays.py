"""The way in and out of a network, as its contract declares it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ....datasets.color.conversion import encoded_grey, neutral_photo, rgb_to_lab
from ...base import Chroma, Context
from ...contract import SCALES, Contract, Input, Output, Pillow, Resize
from ...kernels.upsampling import upsample_chroma
from ...resize import resize_plane

Arrays = NDArray[np.float32]

FILTERS: dict[Pillow, Image.Resampling] = {
    "pillow-bilinear": Image.Resampling.BILINEAR,
    "pillow-bicubic": Image.Resampling.BICUBIC,
}


@dataclass(frozen=True)
class Box:
    """The rectangle that the network sees, and the part of it that the photo fills, in pixels."""

    height: int
    width: int
    filled: tuple[int, int]


def box_of(chosen: Input, shape: tuple[int, int], size: int | None) -> Box:
    """Return the rectangle for a photo of a height and width; ``size`` replaces the contract's."""
    wanted = size or chosen.size
    if wanted == "photo":
        height, width = (-(-side // chosen.multiple) * chosen.multiple for side in shape)
        return Box(height, width, shape)
    height, width = (wanted, wanted) if isinstance(wanted, int) else wanted
    if chosen.fit == "stretch":
        return Box(height, width, (height, width))
    factor = min(height / shape[0], width / shape[1])
    filled = (min(height, max(1, round(shape[0] * factor))), min(width, max(1, round(shape[1] * factor))))
    return Box(height, width, filled)


def photo_array(chosen: Input, plane: Arrays, box: Box) -> Arrays:
    """Return a photo as the network takes it, float32 (1, C, H, W) or (1, H, W, C).

    Parameters
    ----------
    chosen
        The input's contract.
    plane
        L*, float32 (H, W), 0…100.
    box
        The rectangle that the network sees.
    """
    shares = _shares(chosen, plane, box.filled).clip(0, 1)
    below, right = box.height - box.filled[0], box.width - box.filled[1]
    shares = np.pad(shares, ((0, below), (0, right)), mode="edge")
    black, white = SCALES[chosen.range]
    photo = np.repeat((black + (white - black) * shares)[None], chosen.count, axis=0)
    if stated := chosen.statistics:
        photo = (photo - _column(stated.mean)) / _column(stated.std)
    photo = photo if chosen.layout == "NCHW" else np.moveaxis(photo, 0, -1)
    return np.ascontiguousarray(photo[None], np.float32)


def extra_arrays(contract: Contract, plane: Arrays, box: Box, context: Context) -> dict[str, Arrays]:
    """Return the further inputs by name; noise depends on the seed, the photo and the input's name."""
    found = {}
    for name, extra in contract.extra.items():
        sides = {"height": box.height, "width": box.width}
        shape = tuple(side if isinstance(side, int) else sides[side] for side in extra.shape)
        if extra.fill == "noise":
            seed = np.concatenate((plane.ravel(), np.frombuffer(name.encode(), np.uint8)))
            found[name] = context.rng(seed).standard_normal(shape, np.float32)
        else:
            found[name] = np.full(shape, extra.fill, np.float32)
    return found


def chroma_of(chosen: Output, answer: Arrays, box: Box, lightness: Arrays, bins: Arrays | None) -> Chroma:
    """Return a*b*, float32 (H, W, 2), at the photo's own height and width.

    Parameters
    ----------
    chosen
        The output's contract.
    answer
        The output, float32 (1, C, H, W) or (1, H, W, C), at any resolution.
    box
        The rectangle that the network saw.
    lightness
        The photo's L*, float32 (H, W), 0…100.
    bins
        The a*b* of each bin, for a distribution.
    """
    planes = answer[0] if chosen.layout == "NCHW" else np.moveaxis(answer[0], -1, 0)
    sides = zip(planes.shape[1:], box.filled, (box.height, box.width), strict=True)
    height, width = (max(1, round(side * filled / whole)) for side, filled, whole in sides)
    planes = planes[:, :height, :width]
    shape = (lightness.shape[0], lightness.shape[1])
    match chosen.resize:
        case "pillow-bilinear" | "pillow-bicubic" as how:
            levels = (255 * _rgb(chosen, planes)).astype(np.uint8)  # not rounded, as in codes with Pillow
            chroma = rgb_to_lab(_by_pillow(levels, shape, how))[1]
        case "edges":
            chroma = upsample_chroma(np.moveaxis(_ab(chosen, planes, bins), 0, -1), lightness)
        case how:
            chroma = np.moveaxis(resized(_ab(chosen, planes, bins), shape, how), 0, -1)
    return chroma.clip(-110, 110)


def resized(planes: Arrays, shape: tuple[int, int], how: Resize) -> Arrays:
    """Resize planes, float32 (C, H, W), to a height and width."""
    if planes.shape[1:] == shape:
        return planes.copy()
    if how == "triangle":
        return np.stack([resize_plane(np.ascontiguousarray(plane), shape) for plane in planes])
    from ...pretrained.resampling import stretch  # imports torch

    return stretch(planes, shape, how)


def _shares(chosen: Input, plane: Arrays, shape: tuple[int, int]) -> Arrays:
    """Return the photo at a height and width, float32 (H, W): 0 for black and 1 for white."""
    is_rgb, percent = chosen.channels == "RGB", np.float32(100)
    share: Arrays
    match chosen.resize:
        case "pillow-bilinear" | "pillow-bicubic" as how:
            if plane.shape == shape and not is_rgb:
                return plane / percent
            photo = _by_pillow(neutral_photo(plane), shape, how)
            grey = photo[..., 0].astype(np.float32)
            share = grey / np.float32(255) if is_rgb else rgb_to_lab(photo)[0] / percent
        case how:
            whole = encoded_grey(plane) if is_rgb else plane / percent
            share = resized(whole[None], shape, how)[0]
    return share


def _by_pillow(photo: NDArray[np.uint8], shape: tuple[int, int], how: Pillow) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(photo).resize((shape[1], shape[0]), FILTERS[how]))


def _ab(chosen: Output, planes: Arrays, bins: Arrays | None) -> Arrays:
    """Return a*b*, float32 (2, H, W), of an output (C, H, W)."""
    if chosen.kind == "ab":
        return planes * np.float32(chosen.factor)
    if chosen.kind == "RGB":
        _, ab = rgb_to_lab(np.rint(255 * _rgb(chosen, planes)).astype(np.uint8))
        return np.moveaxis(ab, -1, 0)
    assert bins is not None
    logs = planes if chosen.logits else np.log(planes.clip(1e-30))
    weights = np.exp((logs - logs.max(axis=0)) / np.float32(chosen.temperature))
    mean: Arrays = np.einsum("qhw,qc->chw", weights / weights.sum(axis=0), bins)
    return mean


def _rgb(chosen: Output, planes: Arrays) -> Arrays:
    """Return sRGB, float32 (H, W, 3), 0…1, of an output (3, H, W)."""
    if stated := chosen.statistics:
        planes = planes * _column(stated.std) + _column(stated.mean)
    black, white = SCALES[chosen.range]
    return ((np.moveaxis(planes, 0, -1) - black) / (white - black)).clip(0, 1)


def _column(values: tuple[float, ...]) -> Arrays:
    return np.array(values, np.float32).reshape(-1, 1, 1)
