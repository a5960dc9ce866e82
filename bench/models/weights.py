"""Exports a method's weights as a safetensors file, under the network's own names of entries."""

from __future__ import annotations

from pathlib import Path

from ... import UserError
from ...files import atomic
from ...methods.contract import Portable


def export_weights(portable: Portable, file: Path) -> int:
    """Write a network's weights, and return the number of entries; the file is read back and compared.

    Parameters
    ----------
    portable
        The network; see `Method.portable`.
    file
        A new file.

    Raises
    ------
    UserError
        If the file does not hold the same weights.
    """
    import torch
    from safetensors.torch import load_file, save

    state = {name: entry.cpu().contiguous().clone() for name, entry in portable.network.state_dict().items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic(file) as partial:
        partial.write_bytes(save(state))  # `save_file` makes a file that only its owner can read
        again = load_file(partial)
        if state.keys() != again.keys() or not all(torch.equal(state[name], again[name]) for name in state):
            raise UserError(f"'{file}' was not written: read back, it has other weights; check the disk")
    return len(state)
