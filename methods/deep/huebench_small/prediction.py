"""The network at work: one photo's lightness in, chroma at a quarter of its side out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...base import Context
from ...learning.network import to_device
from ...memory import OutOfMemoryError, is_out_of_memory
from ...threads import limit_threads
from .network import SmallNetwork
from .weights import load_weights_into

T = TypeVar("T")


def load_network(path: Path) -> SmallNetwork:
    """Return the network with the weights of a file; raises `UserError` if they do not fit."""
    network = SmallNetwork()
    load_weights_into(network, path, "huebench-small")
    return to_device(network, torch.device("cpu")).eval()


def predict(network: SmallNetwork, lightness: NDArray[np.float32], context: Context) -> NDArray[np.float32]:
    """Return chroma, float32 (S/4, S/4, 2), of one photo's L*, float32 (S, S).

    Raises `OutOfMemoryError` if memory runs out.
    """
    device = torch.device(context.device)
    to_device(network, device)

    def decoded() -> NDArray[np.float32]:
        return as_array(network(as_planes(lightness, device)).float())

    return within_memory(decoded, len(lightness), context)


def within_memory(compute: Callable[[], T], size: int, context: Context) -> T:
    """Run networks for one photo, on the context's threads; ``size`` is the side of their input.

    Raises `OutOfMemoryError` if memory runs out.
    """
    try:
        with limit_threads(context.threads), torch.inference_mode():
            return compute()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Outside of the handler, because the traceback would keep the tensors that filled the memory.
    raise OutOfMemoryError(
        f"the memory of the {context.device} is too small to colorize at {size}²: lower size"
    )


def as_planes(lightness: NDArray[np.float32], device: torch.device) -> Tensor:
    """Return one photo's L*, (H, W), as a network takes it, (1, 1, H, W), within 0…100."""
    return torch.tensor(lightness)[None, None].to(device).clamp(0, 100)


def as_array(planes: Tensor) -> NDArray[np.float32]:
    """Return one photo's planes, (1, C, H, W), as an array (H, W, C)."""
    return np.ascontiguousarray(planes[0].permute(1, 2, 0).cpu().numpy())
