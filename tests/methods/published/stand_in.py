"""Stand-in weights: values that depend only on an entry's name and shape and on one gain per network.

The golden numbers were made with weights of the same rule, so it may not change.
"""

from collections.abc import Callable, Collection
from hashlib import sha256
from math import prod, sqrt

import numpy as np
import torch

SPECTRAL_VARIANCE = 0.2
"""Factor of the running variance after a convolution under spectral norm, whose output is small."""

TABLES = ("query_feat", "query_embed", "level_embed")
"""Modules whose weight is a table to look up."""

ITERATIONS = 30

GAINS = {"eccv16": 3.0, "siggraph17": 1.6, "ddcolor": 1.6, "ddcolor-tiny": 1.6}
"""Network → gain; 1 for the others."""

State = dict[str, torch.Tensor]


def stand_in(state: State, gain: float) -> State:
    """Return weights for all entries; index tables, `mean` and `std` keep their values."""
    made = {name: _entry(name, old, gain, state.keys()) for name, old in state.items()}
    for name in state:
        if name.endswith(".weight_orig"):
            u, v = _singular_vectors(made[name].flatten(1).double().numpy())
            stem = name.removesuffix("orig")
            made[f"{stem}u"], made[f"{stem}v"] = torch.from_numpy(u).float(), torch.from_numpy(v).float()
    return made


def _entry(name: str, old: torch.Tensor, gain: float, names: Collection[str]) -> torch.Tensor:
    if not old.is_floating_point() or name.rpartition(".")[2] in ("mean", "std"):
        return old.clone()
    rng = np.random.default_rng(int.from_bytes(sha256(name.encode()).digest()[:8], "little"))
    return torch.from_numpy(np.asarray(_draw(name, tuple(old.shape), gain, names, rng), np.float32))


def _draw(name: str, shape: tuple[int, ...], gain: float, names: Collection[str], rng: np.random.Generator):
    module, _, leaf = name.rpartition(".")
    parent, _, own = module.rpartition(".")
    normal: Callable[[], np.ndarray] = lambda: rng.standard_normal(shape)  # noqa: E731
    if leaf == "running_var":
        factor = SPECTRAL_VARIANCE if f"{parent}.0.weight_orig" in names else 1.0
        return factor * rng.uniform(0.5, 1.5, shape)
    if leaf == "running_mean":
        return 0.1 * normal()
    if own in TABLES:
        return normal()
    if len(shape) > 1:
        return sqrt(gain / prod(shape[1:])) * normal()
    if leaf.endswith("weight") or leaf.startswith("gamma"):
        return 1 + 0.1 * normal()
    return 0.1 * normal()


def _singular_vectors(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    u = np.full(len(matrix), len(matrix) ** -0.5)
    for _ in range(ITERATIONS):
        v = matrix.T @ u
        v /= np.linalg.norm(v)
        u = matrix @ v
        u /= np.linalg.norm(u)
    return u, v
