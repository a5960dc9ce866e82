"""Depthwise convolutions in training on the CPU."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn


def depthwise_in_float32(network: nn.Module) -> None:
    """Keep a network's depthwise convolutions out of autocast; nothing else changes.

    On the CPU oneDNN computes their gradients four to seven times faster in float32 than in bfloat16, which
    makes a step of an EfficientNet or MobileNet about a third faster.
    """
    for layer in network.modules():
        depthwise = isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels > 1
        if depthwise and not isinstance(layer.forward, partial):
            # Unlike a closure, a partial of a bound method follows a deep copy of the layer.
            layer.forward = partial(_without_autocast, layer.forward)


def _without_autocast(forward: Callable[[Tensor], Tensor], features: Tensor) -> Tensor:
    with torch.autocast(features.device.type, enabled=False):
        return forward(features.float())
