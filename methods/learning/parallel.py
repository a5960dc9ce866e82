"""Several processes that train one network together, each on its own share of every batch.

Who they are stands in the environment variables of ``torchrun`` (``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR``,
``MASTER_PORT``), so whatever sets these can start them. All begin with the same weights, take the same steps
on the mean of their gradients, and so hold the same weights throughout. A process alone pays nothing.

Gradients are averaged after the backward pass instead of through ``DistributedDataParallel``, which knows one
network and one loss a step; adversarial steps have two of each, and which one learns depends on the batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

PATIENCE = timedelta(hours=1)
"""How long a process waits for the others: the first may be scoring a checkpoint meanwhile."""


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Join the other processes for a while: over NCCL with a GPU each, else over Gloo."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if device.type == "cuda":
        distributed.init_process_group("nccl", timeout=PATIENCE, device_id=torch.device("cuda", 0))
    else:
        distributed.init_process_group("gloo", timeout=PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def processes() -> int:
    """Return how many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Return which of them this is, from 0; the first alone scores, and writes checkpoints."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextmanager
def first_alone() -> Iterator[None]:
    """Let the first process do something before the others do it: what it leaves on disk serves them all."""
    if rank() > 0:
        distributed.barrier()
    yield
    if rank() == 0 and processes() > 1:
        distributed.barrier()


def own_share(photos: Tensor) -> Tensor:
    """Return the part of some photos that is this process's."""
    return torch.tensor_split(photos, processes())[rank()]


def added(values: Tensor) -> Tensor:
    """Return the sum of every process's values."""
    if processes() > 1:
        values = values.clone()
        distributed.all_reduce(values)
    return values


def averaged(value: Tensor) -> Tensor:
    """Return the mean of every process's value."""
    return added(value) / processes()


def average_gradients(gradients: Sequence[Tensor]) -> None:
    """Replace each gradient by the mean of every process's, in one message."""
    if processes() == 1:
        return
    flat = averaged(torch.cat([gradient.flatten() for gradient in gradients]))
    means = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, mean in zip(gradients, means, strict=True):
        gradient.copy_(mean.view_as(gradient))


def firsts(value: float) -> float:
    """Return the first process's value to all."""
    if processes() == 1:
        return value
    answers: list[float] = [value]
    distributed.broadcast_object_list(answers, src=0)
    return answers[0]


def share_statistics(network: nn.Module) -> None:
    """Let batch normalisation on GPUs see the whole batch; on CPUs, where torch cannot, it sees its share.

    timm's conversion keeps the activations of its own layers, which torch's drops, and which a second
    conversion would drop as well.
    """
    if processes() == 1 or not next(network.parameters()).is_cuda:
        return
    if not any(isinstance(layer, nn.SyncBatchNorm) for layer in network.modules()):
        from timm import layers

        layers.convert_sync_batchnorm(network)  # type: ignore[attr-defined,no-untyped-call]
