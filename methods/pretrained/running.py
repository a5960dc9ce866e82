"""Running a network on arrays."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Arrays = NDArray[np.float32]


def runner(
    network: nn.Module, device: str, precision: Literal["fp32", "bf16"] = "fp32"
) -> Callable[..., Arrays]:
    """Move a network to a device for inference, and return a function of arrays that runs it.

    Channels lie last in memory, which convolutions prefer. Under ``bf16`` matrix products and convolutions
    compute in bfloat16; the weights stay in float32.
    """
    place = torch.device(device)
    network.eval().to(place).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run(*arrays: Arrays) -> Arrays:
        with torch.autocast(place.type, torch.bfloat16, enabled=precision == "bf16"):
            output: torch.Tensor = network(*(_tensor(array, place) for array in arrays))
        result: Arrays = output.float().cpu().numpy()
        return result

    return run


def _tensor(array: Arrays, place: torch.device) -> torch.Tensor:
    # The copy keeps a network that writes to its input away from the caller's array.
    tensor = torch.from_numpy(np.array(array)).to(place)
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
