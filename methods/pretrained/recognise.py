"""What a file of weights is: by its digest, or by the names and shapes of its entries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch

from ... import UserError
from ...files import file_digest
from ..published import network
from .checkpoint import Checkpoint
from .reading import COUNTER, read_weights
from .store import checkpoints

Shapes = Mapping[str, tuple[int, ...]]


def recognise(path: Path) -> list[Checkpoint]:
    """Return the weights that a file may be; more than one if they share a network.

    A published digest decides, then the entries, then the file's name.

    Raises `UserError` if the file cannot be read.
    """
    known = checkpoints()
    digest = file_digest(path)
    for each in known.values():
        if digest in each.digests:
            return [each]
    shapes = _shapes(read_weights(path))
    fitting = [each for each in known.values() if _fits(shapes, each.method)]
    named = [each for each in fitting if Path(each.file).stem == path.stem]
    return named or fitting


def check_entries(path: Path, checkpoint: Checkpoint) -> None:
    """Raise `UserError` unless a file has the entries of the network that some weights are for."""
    if not _fits(_shapes(read_weights(path)), checkpoint.method):
        raise UserError(f"'{path}' does not have the entries of {checkpoint.method}")


def _fits(shapes: Shapes, method: str) -> bool:
    expected = _expected(method)
    counters = {name for name in expected if name.endswith(COUNTER)}
    return expected == {name: expected[name] for name in counters} | dict(shapes)


@cache
def _expected(method: str) -> Shapes:
    with torch.device("meta"):
        return _shapes(network(method).state_dict())


def _shapes(state: Mapping[str, torch.Tensor]) -> Shapes:
    return {name: tuple(value.shape) for name, value in state.items()}
