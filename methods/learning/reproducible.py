"""Reproducible training: torch's random state and deterministic kernels."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

import numpy as np
import torch


@contextmanager
def reproducible(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch and, on the CPU, allow deterministic kernels only; restore the caller's state afterwards.

    On a GPU a seed fixes weights, order and flips, but not the last bits: the deterministic kernels for
    upsampling and pooling are several times slower there.
    """
    before = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[0] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(device.type == "cpu")
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before)


def epoch_seed(seed: int, epoch: int, stage: str) -> int:
    """Return the seed of one epoch of one stage, independent of earlier epochs, so any can be resumed."""
    words = np.random.SeedSequence([seed, epoch, crc32(stage.encode())]).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))
