"""Running a network on arrays."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Arrays = NDArray[np.float32]


def runner(network: nn.Module, device: str) -> Callable[..., Arrays]:
    """Move a network to a device for inference, and return a function of arrays that runs it."""
    place = torch.device(device)
    network.eval().to(place)

    @torch.inference_mode()
    def run(*arrays: Arrays) -> Arrays:
        # The copies keep a network that writes to its input away from the caller's arrays.
        output: torch.Tensor = network(*(torch.from_numpy(np.array(array)).to(place) for array in arrays))
        result: Arrays = output.float().cpu().numpy()
        return result

    return run
