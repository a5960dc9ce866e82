"""Reading state dicts: without running any code of the file, out of known wrappers, and strictly."""

from __future__ import annotations

import argparse
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ... import UserError

State = dict[str, Tensor]

Shapes = Mapping[str, tuple[int, ...]]
"""Name of an entry → its shape."""

WRAPPERS: dict[str, tuple[str, ...]] = {
    "params": (),  # BasicSR, as in DDColor's files
    "model": ("opt", "optimizer", "epoch", "scaler", "args"),  # fast.ai (DeOldify); iColoriT's training
}
"""Keys under which published files hold the state dict, each with what may stand beside it."""

_UNKNOWN = re.compile(r"(?:Unsupported global:|unsupported) GLOBAL (\S+)")
"""The two ways in which torch names what it would have to import."""

COUNTER = "num_batches_tracked"
"""Last part of the name of batch normalisation's counters: old files lack them, and no result needs them."""


def read_weights(path: Path) -> State:
    """Read a state dict from a safetensors file, or from torch's format without running any of its code.

    A state dict under one of the `WRAPPERS` is taken out of it.

    Raises `UserError` if the file cannot be read, or holds anything else.
    """
    try:
        with path.open(
            "rb"
        ) as stream:  # safetensors opens files unseen, and `bench check` must see which are read
            content = load_file(path) if is_safetensors(path) else _load(stream)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise UserError(f"weights '{path}' cannot be read: {_reason(error)}") from error
    except Exception as error:
        if type(error).__module__.startswith("safetensors"):
            damaged = "the file is damaged, or not in safetensors' format"
            raise UserError(f"weights '{path}' cannot be read: {damaged}") from error
        raise
    return _unwrapped(content, path)


def is_safetensors(path: Path) -> bool:
    """Return whether a file is in safetensors' format, whatever its name; raises `OSError`.

    Such a file begins with the length of its header, in 8 bytes, and the header's brace.
    """
    with path.open("rb") as stream:
        start = stream.read(9)
    return start[8:] == b"{"


def load_strictly(network: nn.Module, state: State, path: Path, name: str) -> None:
    """Load a state dict into a network; all names and shapes must agree, but for missing `COUNTER` entries.

    Raises `UserError`, which names the first entries that differ.
    """
    own = network.state_dict()
    if faults := faults_of_entries(shapes(own), shapes(state)):
        raise UserError(f"weights '{path}' are not of {name}: {faults}")
    counters = {key: value for key, value in own.items() if key.endswith(COUNTER)}
    network.load_state_dict(counters | state, strict=True)


def shapes(state: Mapping[str, Tensor]) -> Shapes:
    """Return the shape of every entry."""
    return {name: tuple(value.shape) for name, value in state.items()}


def faults_of_entries(own: Shapes, given: Shapes) -> str:
    """Return how given entries differ from a network's own, the first three; ``""`` if they fit."""
    faults = [f"'{key}' is missing" for key in own.keys() - given.keys() if not key.endswith(COUNTER)]
    faults += [f"'{key}' is unknown" for key in given.keys() - own.keys()]
    faults += [
        f"'{key}' is {given[key]} instead of {own[key]}"
        for key in own.keys() & given.keys()
        if given[key] != own[key]
    ]
    more = f", and {len(faults) - 3} more" if len(faults) > 3 else ""
    return f"{', '.join(sorted(faults)[:3])}{more}"


def _load(stream: BinaryIO) -> Any:
    # A stream has no name, by which torch would choose another format.
    # iColoriT's files hold the arguments of the training script beside the weights.
    with torch.serialization.safe_globals([argparse.Namespace]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch also warns of what it refuses
        return torch.load(stream, map_location="cpu", weights_only=True)


def _reason(error: Exception) -> str:
    """Return torch's reason without its advice, which runs over many lines."""
    text = str(error)
    if unknown := _UNKNOWN.search(text):
        return f"they hold a {unknown[1]}, which only code could rebuild, and no code of a file is run"
    if "TorchScript" in text:
        return "they hold a whole network with its code, which is not run: save model.state_dict() alone"
    if isinstance(error, KeyError | EOFError | pickle.UnpicklingError) or "PytorchStreamReader" in text:
        return "the file is damaged, or not in torch's format"
    return text.partition(". ")[0].strip()


def _unwrapped(content: Any, path: Path) -> State:
    not_a_state = UserError(
        f"weights '{path}' are not a state dict: save model.state_dict() and nothing else"
    )
    if not isinstance(content, dict) or not content:
        raise not_a_state
    if _is_state(content):
        return content
    wrapper = next((key for key in WRAPPERS if key in content), None)
    beside = WRAPPERS.get(wrapper or "", ())
    unknown = sorted(str(key) for key in content if key != wrapper and key not in beside)
    if wrapper is None or unknown:
        known = ", ".join(f"'{key}'" for key in WRAPPERS)
        named = ", ".join(f"'{key}'" for key in unknown[:5])
        raise UserError(
            f"weights '{path}' are not a state dict: unknown entries {named}; it may stand under {known}"
        )
    if not _is_state(content[wrapper]):
        raise not_a_state
    state: State = content[wrapper]
    return state


def _is_state(content: Any) -> bool:
    return isinstance(content, dict) and all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    )
