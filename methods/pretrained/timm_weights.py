"""Pretrained weights of timm models: mapped strictly, never unpickled."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import timm
import torch
from timm.models import adapt_input_conv
from torch import Tensor, nn

from ... import UserError
from .reading import read_weights


@cache
def whole_network(name: str) -> Mapping[str, Tensor]:
    """Return the entries of a whole timm network, without memory for their values."""
    with torch.device("meta"):
        state: Mapping[str, Tensor] = timm.create_model(name).state_dict()
    return state


def load_weights(backbone: nn.Module, name: str, path: Path) -> None:
    """Load a file of weights into a backbone, which may be only the first stages of the architecture.

    The file must contain the whole architecture: under timm's names, or under other names in the same order
    with the same shapes, as torchvision's files do. For a backbone with one input channel the first
    convolution is summed over its three channels, as in timm.

    Raises `UserError` if the file cannot be read or is of another architecture, or if timm's backbone has
    weights that are missing in the whole architecture.
    """
    state = read_weights(path)
    names = match_names(whole_network(name), state, path, name)
    # With `features_only` timm joins the first two parts of some names: `stages.0` becomes `stages_0`.
    names = {key.replace(".", "_", 1): found for key, found in names.items()} | names
    picked = {}
    for key, own in backbone.state_dict().items():
        counter = key.endswith("num_batches_tracked")
        if not counter and key not in names:
            raise UserError(
                f"backbone {name} cannot take its weights from '{path}': timm has its '{key}' under another "
                "name there; choose another backbone, or weights=none"
            )
        weight = own if counter else state[names[key]]
        one_channel = weight.ndim == 4 and weight.shape[1] == 3 and own.shape[1] == 1
        picked[key] = adapt_input_conv(1, weight) if one_channel else weight.reshape(own.shape)
    backbone.load_state_dict(picked)


def match_names(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], path: Path, name: str
) -> dict[str, str]:
    """Return the file's name of each expected weight; every weight must be matched.

    The counters of batch normalisation are ignored: older files lack them, and no result depends on them.

    Raises `UserError` if neither the names nor the order and shapes agree.
    """
    wanted = {key: value for key, value in expected.items() if not key.endswith("num_batches_tracked")}
    given = {key: value for key, value in found.items() if not key.endswith("num_batches_tracked")}
    by_name = wanted.keys() == given.keys()
    names = dict(zip(wanted, wanted if by_name else given, strict=False))
    if len(wanted) == len(given):
        wrong = [key for key in wanted if not _alike(key, wanted[key], names[key], given[names[key]])]
        if not wrong:
            return names
        first = wrong[0]
        problem = (
            f"'{first}' is {tuple(wanted[first].shape)} and '{names[first]}' is "
            f"{tuple(given[names[first]].shape)}"
        )
    else:
        problem = f"it has {len(given)} weights instead of {len(wanted)}"
    raise UserError(f"weights '{path}' are not of {name}: {problem}")


def _alike(key: str, expected: Tensor, other: str, found: Tensor) -> bool:
    if key.rpartition(".")[2] != other.rpartition(".")[2]:
        return False
    if expected.ndim > 1 and found.ndim > 1:  # a linear layer is a convolution over its whole input
        return expected.flatten(1).shape == found.flatten(1).shape
    return expected.shape == found.shape
