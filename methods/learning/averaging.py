"""The weights that are judged and kept: an average over the steps, batch statistics of their own, or both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel, update_bn

from .learner import Learner


class WeightAverage:
    """An exponential moving average of the trained weights of a network, on torch's `AveragedModel`.

    The decay warms up, as in TensorFlow: after n steps it is at most (1 + n)/(10 + n), so that a short
    training is not dominated by its first weights.

    Parameters
    ----------
    network
        The network, on its device.
    decay
        Weight of the past in each step, such as 0.999.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._own = nn.ParameterList(weight for weight in network.parameters() if weight.requires_grad)
        self._average = AveragedModel(self._own, multi_avg_fn=partial(_follow, decay))

    def update(self) -> None:
        """Take the network's present weights into the average."""
        self._average.update_parameters(self._own)

    def swap(self) -> None:
        """Exchange the network's weights and the average."""
        for own, average in zip(self._own, self._average.module.parameters(), strict=True):
            own.data, average.data = average.data, own.data

    def state_dict(self) -> dict[str, Any]:
        """Return the average and the number of steps."""
        return self._average.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self._average.load_state_dict(state)


def _follow(decay: float, average: list[Tensor], own: list[Tensor], steps: Tensor) -> None:
    share = 1 - min(decay, (1 + int(steps)) / (10 + int(steps)))
    torch._foreach_lerp_(average, own, share)


@contextmanager
def judged_weights(learner: Learner, average: WeightAverage | None) -> Iterator[None]:
    """Give the generator its averaged weights inside the block, and what it had before afterwards."""
    network = learner.networks["generator"]
    buffers = {name: value.clone() for name, value in network.named_buffers()}
    if average is not None:
        average.swap()
    try:
        yield
    finally:
        if average is not None:
            average.swap()
        for name, value in network.named_buffers():
            value.copy_(buffers[name])


def recalibrate(learner: Learner, lightness: Iterable[Tensor]) -> None:
    """Measure the generator's batch statistics again on some batches of L*, as means over them all.

    In training they are running averages: they lag behind weights that move fast, and are not those of
    averaged weights at all.
    """
    with learner.autocast:
        update_bn(lightness, learner.networks["generator"])


def has_statistics(network: nn.Module) -> bool:
    """Return whether a network has batch normalisation that `recalibrate` can measure again.

    It must not touch the statistics of frozen parts, so a network with such parts keeps its own.
    """
    frozen = getattr(network, "frozen", ())
    return not frozen and any(isinstance(layer, _BatchNorm) for layer in network.modules())
