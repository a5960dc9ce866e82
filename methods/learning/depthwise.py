"""Depthwise convolutions in training on the CPU."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Forward = Callable[[Tensor], Tensor]


def depthwise_in_float32(network: nn.Module) -> None:
    """Keep a network's depthwise convolutions out of autocast; nothing else changes.

    On the CPU oneDNN computes their gradients four to seven times faster in float32 than in bfloat16, which
    makes a step of an EfficientNet or MobileNet about a third faster.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels > 1:
            layer.forward = _without_autocast(layer.forward)  # type: ignore[method-assign, assignment]


def _without_autocast(forward: Forward) -> Forward:
    def run(features: Tensor) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            return forward(features.float())

    return run
