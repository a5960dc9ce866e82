"""The network at work: one photo's lightness in, chroma at a quarter of its side out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...base import Context
from ...learning.network import to_device
from ...memory import OutOfMemoryError, is_out_of_memory
from ...threads import limit_threads
from .network import SmallNetwork
from .weights import load_weights_into


class LightnessToChroma(nn.Module):
    """The network with its decoding: a*b*, (N, 2, S/4, S/4), from L*, (N, 1, S, S)."""

    def __init__(self, network: SmallNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b*."""
        return self.network.decode(self.network(lightness))


def load_network(path: Path) -> SmallNetwork:
    """Return the network with the weights of a file; raises `UserError` if they do not fit."""
    network = SmallNetwork(temperature=1.0)
    load_weights_into(network, path)
    return to_device(network, torch.device("cpu")).eval()


def predict(network: SmallNetwork, lightness: NDArray[np.float32], context: Context) -> NDArray[np.float32]:
    """Return chroma, float32 (S/4, S/4, 2), of one photo's L*, float32 (S, S).

    Raises `OutOfMemoryError` if memory runs out.
    """
    device = torch.device(context.device)
    to_device(network, device)
    planes = torch.tensor(lightness)[None, None]
    try:
        with limit_threads(context.threads), torch.inference_mode():
            ab = network.decode(network(planes.to(device).clamp(0, 100)).float())
        return np.ascontiguousarray(ab[0].permute(1, 2, 0).cpu().numpy())
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        memory = f"the memory of the {device.type} is too small to colorize at {len(lightness)}²"
    raise OutOfMemoryError(f"{memory}: lower size")
