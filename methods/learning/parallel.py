"""Trains one network in several processes, each with its own share of every batch.

The environment variables of ``torchrun`` (``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR``, ``MASTER_PORT``)
describe the group, so any launcher that sets them works. All processes start from the same weights and take
the same steps on the mean of their gradients, so their weights stay equal. A single process has no overhead.

Gradients are averaged after the backward pass instead of through ``DistributedDataParallel``, which supports
one network and one loss per step; adversarial steps have two, and which one learns depends on the batch.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import torch
from timm import layers
from torch import Tensor, distributed, nn

TIMEOUT = timedelta(hours=1)  #: Longest wait for another process; the first one may be scoring a checkpoint


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Join the other processes inside the block: over NCCL if each has a GPU, else over Gloo."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if device.type == "cuda":
        distributed.init_process_group("nccl", timeout=TIMEOUT, device_id=torch.device("cuda", 0))
    else:
        distributed.init_process_group("gloo", timeout=TIMEOUT)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def world_size() -> int:
    """Return the number of processes that train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Return the number of this process, from 0; only process 0 scores and writes checkpoints."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextmanager
def main_process_first() -> Iterator[None]:
    """Run the block in the first process before the others, so that they find its files on disk."""
    if rank() > 0:
        distributed.barrier()
    yield
    if rank() == 0 and world_size() > 1:
        distributed.barrier()


def own_share(photos: Tensor) -> Tensor:
    """Return this process's part of a batch."""
    return torch.tensor_split(photos, world_size())[rank()]


def sum_over_processes(values: Tensor) -> Tensor:
    """Return the sum of the values over all processes."""
    if world_size() > 1:
        values = values.clone()
        distributed.all_reduce(values)
    return values


def mean_over_processes(value: Tensor) -> Tensor:
    """Return the mean of the value over all processes."""
    return sum_over_processes(value) / world_size()


def average_gradients(gradients: Sequence[Tensor]) -> None:
    """Replace each gradient by its mean over all processes, in one message."""
    if world_size() == 1:
        return
    flat = mean_over_processes(torch.cat([gradient.flatten() for gradient in gradients]))
    means = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, mean in zip(gradients, means, strict=True):
        gradient.copy_(mean.view_as(gradient))


def from_first_process(value: float) -> float:
    """Return the first process's value in every process."""
    if world_size() == 1:
        return value
    answers: list[float] = [value]
    distributed.broadcast_object_list(answers, src=0)
    return answers[0]


def sync_batch_norm(network: nn.Module) -> None:
    """Let batch normalisation on GPUs see the whole batch; on CPUs torch cannot, so it sees its share.

    Unlike torch's conversion, timm's keeps the activations of timm's layers; a second conversion would drop
    them.
    """
    if world_size() == 1 or not next(network.parameters()).is_cuda:
        return
    if not any(isinstance(layer, nn.SyncBatchNorm) for layer in network.modules()):
        layers.convert_sync_batchnorm(network)  # type: ignore[attr-defined,no-untyped-call]
