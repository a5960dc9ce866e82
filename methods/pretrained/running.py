"""Running a network on arrays."""

import numpy as np
import torch
from torch import nn

from .method import Planes, Run


def runner(network: nn.Module, device: str) -> Run:
    """Move a network to a device for inference, and return a function of arrays that runs it."""
    place = torch.device(device)
    network.eval().to(place)

    @torch.inference_mode()
    def run(*arrays: Planes) -> Planes:
        # The copies keep a network that writes to its input away from the caller's arrays.
        output: torch.Tensor = network(*(torch.from_numpy(np.array(array)).to(place) for array in arrays))
        result: Planes = output.float().cpu().numpy()
        return result

    return run
