"""The interface of a colorizing network, for the trainer and for inference."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from itertools import chain
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

from ...datasets.base import RGB

N = TypeVar("N", bound=nn.Module)

AB_RANGE = 110.0
"""No sRGB colour has |a*| or |b*| above 108; the field scales chroma by 110 (Zhang 2016, Isola 2017)."""


class ColorNetwork(nn.Module, ABC):
    """A network from lightness to chroma, with its own scaling and its own loss.

    It takes square photos whose side is a multiple of its total stride.
    """

    #: Prefixes of the weights that training never changes; checkpoints leave them out.
    frozen: ClassVar[tuple[str, ...]] = ()

    def begin_with(self, photos: Iterable[RGB]) -> None:
        """Start from statistics of the training photos, uint8 (S, S, 3) each; by default from none."""

    @abstractmethod
    def forward(self, lightness: Tensor) -> Tensor:
        """Return the raw prediction, in the network's own unit, from L*, float (N, 1, H, W), 0…100."""

    @abstractmethod
    def chroma(self, prediction: Tensor) -> Tensor:
        """Turn a raw prediction into CIE a*b*, float (N, 2, H, W)."""

    @abstractmethod
    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the scalar loss of supervised training, given the true a*b* (N, 2, H, W)."""


def to_device(network: N, device: torch.device) -> N:
    """Move a network to a device, in channels-last layout, which convolutions prefer.

    A network that is there already is returned at once: it is asked for before every photo or frame.
    """
    if all(_is_there(tensor, device) for tensor in chain(network.parameters(), network.buffers())):
        return network
    return network.to(device).to(memory_format=torch.channels_last)


def _is_there(tensor: Tensor, device: torch.device) -> bool:
    return tensor.device == device and (
        tensor.ndim != 4 or tensor.is_contiguous(memory_format=torch.channels_last)
    )


def center_lightness(lightness: Tensor) -> Tensor:
    """Scale L* from 0…100 to −1…1."""
    return lightness / 50 - 1


def within_gamut(ab: Tensor) -> Tensor:
    """Clip a*b* to ±110, the range of sRGB."""
    return torch.clamp(ab, -AB_RANGE, AB_RANGE)


def neutral(layer: nn.Conv2d) -> nn.Conv2d:
    """Make a network's last layer small, so that training starts near grey, not at random colours."""
    nn.init.normal_(layer.weight, std=1e-3)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
