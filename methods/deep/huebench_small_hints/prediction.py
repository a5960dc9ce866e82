"""Both networks at work: one photo's lightness and hints in, automatic chroma and what hints change out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...base import Context, Hints
from ...learning.network import to_device
from ...resize import resize_plane
from ..huebench_small.network import SmallNetwork
from ..huebench_small.prediction import as_array, as_planes, within_memory
from ..huebench_small.weights import load_weights_into
from .network import HintNetwork, resized

GRID = 64
"""Side of the grid on which hints are spread, whatever the photo's size."""


def load_hint_network(path: Path) -> HintNetwork:
    """Return the network with the weights of a file; raises `UserError` if they do not fit."""
    network = HintNetwork()
    load_weights_into(network, path, "huebench-small-hints")
    return network.eval()


def predict(
    automatic: SmallNetwork,
    network: HintNetwork,
    lightness: NDArray[np.float32],
    size: int,
    hints: Hints,
    context: Context,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the automatic chroma of one photo, and what its hints add to it.

    Parameters
    ----------
    automatic, network
        The networks.
    lightness
        L* of the photo, float32 (H, W).
    size
        Side in pixels of the automatic network's input.
    hints
        Hints of the photo; at least one.
    context
        Device and threads.

    Returns
    -------
    tuple
        Chroma, float32 (size / 4, size / 4, 2), and differences of chroma, float32 (`GRID`, `GRID`, 2).

    Raises
    ------
    OutOfMemoryError
        If memory runs out.
    """
    device = torch.device(context.device)
    for each in (automatic, network):
        to_device(each, device)
    small, grid = resize_plane(lightness, (size, size)), resize_plane(lightness, (GRID, GRID))
    given = hints.resized(GRID, GRID)
    told = torch.tensor(np.dstack((given.ab, given.mask.astype(np.float32)))).permute(2, 0, 1)[None]

    def both() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        features = automatic.features(as_planes(small, device))
        ab = automatic.quarter(features).float()
        before = resized(ab, [GRID, GRID])
        added = network(features.float(), as_planes(grid, device), before, told.to(device))
        return as_array(ab), as_array(added)

    return within_memory(both, size, context)
