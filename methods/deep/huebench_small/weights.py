"""The shipped weights: float16 safetensors, read strictly."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from .... import UserError
from ....files import atomic

WEIGHTS = "weights.safetensors"


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a network's weights in float16, without counters: the same bytes for the same weights."""
    state = {
        name: tensor.half().contiguous()
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point()
    }
    with atomic(path) as partial:
        partial.write_bytes(save(state))


def load_weights_into(network: nn.Module, path: Path, method: str) -> None:
    """Load what `save_weights` wrote; names, shapes and dtype must match.

    Raises `UserError` if the file is missing, damaged, or not of the network of ``method``.
    """
    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(f"weights '{path}' cannot be read: {error}") from error
    own = network.state_dict()
    wanted = {name: tuple(value.shape) for name, value in own.items() if value.is_floating_point()}
    found = {name: tuple(value.shape) for name, value in state.items() if value.dtype == torch.float16}
    if wanted != found or len(found) < len(state):
        names = wanted.keys() | state.keys()
        wrong = min(name for name in names if wanted.get(name) != found.get(name))
        raise UserError(f"weights '{path}' are not of {method}: '{wrong}' is missing, extra or different")
    network.load_state_dict(own | {name: value.float() for name, value in state.items()})
