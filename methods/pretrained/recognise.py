"""What a file of weights is: by its digest, or by the names and shapes of its entries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch

from ... import UserError
from ...files import file_digest
from ..base import methods
from .checkpoint import Checkpoint
from .imagenet import ImageNetWeights
from .method import PublishedMethod
from .reading import Shapes, faults_of_entries, read_weights, shapes
from .store import checkpoints
from .timm_weights import match_names, whole_network

State = Mapping[str, torch.Tensor]


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
    state = read_weights(path)
    fitting = [each for each in known.values() if _fits(state, each)]
    named = [each for each in fitting if Path(each.file).stem == path.stem]
    return named or fitting


def check_entries(path: Path, checkpoint: Checkpoint) -> None:
    """Raise `UserError` unless a file has the entries of the network that some weights are for."""
    state = read_weights(path)
    if not _fits(state, checkpoint):
        raise UserError(f"'{path}' does not have the entries of {checkpoint.method}{_how(state, checkpoint)}")


def nearest(path: Path) -> str:
    """Return the published network whose entries a file comes nearest to, and how it differs; or ``""``."""
    state = read_weights(path)
    published = [each for each in checkpoints().values() if not isinstance(each, ImageNetWeights)]
    shared = {each.name: len(_expected(each.method).keys() & state.keys()) for each in published}
    best = max(published, key=lambda each: shared[each.name])
    if 2 * shared[best.name] < len(_expected(best.method).keys() | state.keys()):
        return ""
    return f"it comes nearest to {best.method}{_how(state, best)}"


def _how(state: State, checkpoint: Checkpoint) -> str:
    """Return how entries differ from those of a published network, after a colon."""
    if isinstance(checkpoint, ImageNetWeights):  # timm's may have other names
        return ""
    return f": {faults_of_entries(_expected(checkpoint.method), shapes(state))}"


def _fits(state: State, checkpoint: Checkpoint) -> bool:
    if isinstance(checkpoint, ImageNetWeights):
        return _fits_encoder(state, checkpoint.name)
    return not faults_of_entries(_expected(checkpoint.method), shapes(state))


def _fits_encoder(state: State, name: str) -> bool:
    """Return whether a state dict can be loaded into a timm network, whose entries may have other names."""
    try:
        match_names(whole_network(name), state, Path(), name)
    except UserError:
        return False
    return True


@cache
def _expected(method: str) -> Shapes:
    cls = methods.get(method)
    assert issubclass(cls, PublishedMethod)
    with torch.device("meta"):
        return shapes(cls().build_network().state_dict())
