"""Chroma at full resolution from a network that works at one size."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..base import Chroma, Lightness
from .memory import OutOfMemoryError, largest_fitting, ran_out
from .network import ColorNetwork, within_gamut

GPU_PHOTOS = 16
"""Photos a call on a GPU; on the CPU one."""


@torch.inference_mode()
def predict(
    network: ColorNetwork, lightness: Lightness, size: int, smaller: Mapping[int, str] | None = None
) -> Chroma:
    """Colorize photos of any size with a network that sees squares.

    L* is squashed to ``size``², whatever its aspect, with a triangle filter. Training squashes the photos in
    RGB with a box filter of half that width (`PhotoSet.packed`), so what it sees is a little sharper. The
    predicted chroma is resized bilinearly to the photo's own size and clipped to ±110.

    Kernels may round differently for another number of photos, so every call has the same number: one on
    the CPU, `GPU_PHOTOS` on a GPU, the last call filled up with black. A photo's answer therefore does not
    depend on the photos beside it.

    Parameters
    ----------
    network
        The network, on its device.
    lightness
        float32 (N, H, W), 0…100.
    size
        Side at which the network works.
    smaller
        Sides below ``size``, ascending, at which the network works too, and the parameter that asks for
        each, such as ``{16: "size=16"}``: for the advice when memory runs out.

    Returns
    -------
    numpy.ndarray
        float32 (N, H, W, 2).

    Raises
    ------
    OutOfMemoryError
        If memory runs out; the message says which parameter would fit.
    """
    device = next(network.parameters()).device
    photos = GPU_PHOTOS if device.type == "cuda" else 1
    network.eval()
    ab = np.empty((*lightness.shape, 2), np.float32)
    for start in range(0, len(lightness), photos):
        part = lightness[start : start + photos]
        batch = torch.zeros(photos, 1, *lightness.shape[1:])
        batch[: len(part), 0] = torch.from_numpy(np.array(part, np.float32))
        answer = _colorize(network, batch, size)
        if answer is None:
            raise OutOfMemoryError(_advice(network, batch, size, smaller or {}))
        ab[start : start + photos] = answer[: len(part)].permute(0, 2, 3, 1).numpy()
    return ab


def _colorize(network: ColorNetwork, lightness: Tensor, size: int) -> Tensor | None:
    """Return a*b* at the photos' own size, or ``None`` where memory runs out.

    The exception ends here, because its traceback would keep the tensors that filled the memory.
    """
    try:
        small = _resize(lightness.to(next(network.parameters()).device), (size, size)).clamp(0, 100)
        ab = network.chroma(network(small).float())
        return within_gamut(_resize(ab, lightness.shape[2:])).cpu()
    except (RuntimeError, MemoryError) as error:
        if ran_out(error):
            return None
        raise


def _resize(photos: Tensor, size: tuple[int, ...]) -> Tensor:
    if tuple(photos.shape[2:]) == tuple(size):
        return photos
    return functional.interpolate(photos, list(size), mode="bilinear", antialias=True)


def _advice(network: ColorNetwork, batch: Tensor, size: int, smaller: Mapping[int, str]) -> str:
    says = f"the memory of the {next(network.parameters()).device.type} is too small to colorize at {size}²"
    largest = largest_fitting(list(smaller), lambda side: _colorize(network, batch, side) is not None)
    if largest is None:
        return f"{says} and at every smaller side that this network takes: free some, or use another device"
    return f"{says}: {smaller[largest]} would fit now"
