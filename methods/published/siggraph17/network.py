"""The network of Zhang, Zhu and others 2017, in the form of its PyTorch release."""

import torch
from torch import Tensor, nn

from ...learning.network import AB_RANGE
from ..eccv16.network import doubling, group

CLASSES = 529  #: Bins of a*b* in a 23×23 grid at a spacing of 10


class SIGGRAPH17Network(nn.Module):
    """A U-Net from lightness and colour hints to chroma.

    Takes L*, float32 (N, 1, H, W), 0…100; the hints' a*b*, (N, 2, H, W), 0 where there is none; and their
    mask, (N, 1, H, W), 1 at hinted pixels and 0 elsewhere. Without hints and mask there are no hints. Returns
    a*b*, float32 (N, 2, H, W). Height and width must be multiples of 8.

    `model_class` predicts a distribution for suggestions of colours; the chroma does not use it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.model1 = group(4, 64, 2)
        self.model2 = group(64, 128, 2)
        self.model3 = group(128, 256, 3)
        self.model4 = group(256, 512, 3)
        self.model5 = group(512, 512, 3, dilation=2)
        self.model6 = group(512, 512, 3, dilation=2)
        self.model7 = group(512, 512, 3)
        self.model8up = nn.Sequential(doubling(512, 256))
        self.model3short8 = nn.Sequential(_convolution(256, 256))
        self.model8 = nn.Sequential(
            nn.ReLU(),
            _convolution(256, 256),
            nn.ReLU(),
            _convolution(256, 256),
            nn.ReLU(),
            nn.BatchNorm2d(256),
        )
        self.model9up = nn.Sequential(doubling(256, 128))
        self.model2short9 = nn.Sequential(_convolution(128, 128))
        self.model9 = nn.Sequential(nn.ReLU(), _convolution(128, 128), nn.ReLU(), nn.BatchNorm2d(128))
        self.model10up = nn.Sequential(doubling(128, 128))
        self.model1short10 = nn.Sequential(_convolution(64, 128))
        self.model10 = nn.Sequential(nn.ReLU(), _convolution(128, 128), nn.LeakyReLU(0.2))
        self.model_class = nn.Sequential(nn.Conv2d(256, CLASSES, 1))
        self.model_out = nn.Sequential(nn.Conv2d(128, 2, 1), nn.Tanh())

    def forward(
        self, lightness: Tensor, hint_ab: Tensor | None = None, hint_mask: Tensor | None = None
    ) -> Tensor:
        """Return a*b*."""
        hints = torch.zeros_like(lightness).repeat(1, 2, 1, 1) if hint_ab is None else hint_ab / AB_RANGE
        mask = torch.zeros_like(lightness) if hint_mask is None else hint_mask
        first = self.model1(torch.cat(((lightness - 50) / 100, hints, mask), dim=1))
        second = self.model2(_every_second(first))
        third = self.model3(_every_second(second))
        features = self.model7(self.model6(self.model5(self.model4(_every_second(third)))))
        features = self.model8(self.model8up(features) + self.model3short8(third))
        features = self.model9(self.model9up(features) + self.model2short9(second))
        features = self.model10(self.model10up(features) + self.model1short10(first))
        ab: Tensor = self.model_out(features) * AB_RANGE
        return ab


def _convolution(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)


def _every_second(features: Tensor) -> Tensor:
    """Return every second pixel, from the first one on."""
    return features[:, :, ::2, ::2]
