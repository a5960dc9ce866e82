"""The network of Zhang, Isola and Efros 2016, in the form of its PyTorch release."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...learning.network import AB_RANGE

BINS = 313  #: Bins of a*b* in the gamut of sRGB, at a spacing of 10


class ECCV16Network(nn.Module):
    """Seven groups of convolutions down to an eighth of the side, and a distribution over bins of chroma.

    Takes L*, float32 (N, 1, H, W), 0…100, and returns a*b*, float32 (N, 2, H, W). Height and width must be
    multiples of 8. The last layer, a learned map of the distribution to chroma, stands for the centres of
    the bins.
    """

    def __init__(self) -> None:
        super().__init__()
        self.model1 = group(1, 64, 2, stride=2)
        self.model2 = group(64, 128, 2, stride=2)
        self.model3 = group(128, 256, 3, stride=2)
        self.model4 = group(256, 512, 3)
        self.model5 = group(512, 512, 3, dilation=2)
        self.model6 = group(512, 512, 3, dilation=2)
        self.model7 = group(512, 512, 3)
        self.model8 = nn.Sequential(
            doubling(512, 256),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, BINS, 1),
        )
        self.model_out = nn.Conv2d(BINS, 2, 1, bias=False)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b*."""
        features = (lightness - 50) / 100
        for each in (
            self.model1,
            self.model2,
            self.model3,
            self.model4,
            self.model5,
            self.model6,
            self.model7,
        ):
            features = each(features)
        shares = torch.softmax(self.model8(features), dim=1)
        ab = functional.interpolate(self.model_out(shares), scale_factor=4, mode="bilinear")
        return ab * AB_RANGE


def group(before: int, width: int, count: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Return convolutions with ReLU, the last with a stride, and batch normalisation after the last ReLU."""
    layers: list[nn.Module] = []
    for i in range(count):
        step = stride if i == count - 1 else 1
        layers += [nn.Conv2d(before if i == 0 else width, width, 3, step, dilation, dilation), nn.ReLU()]
    return nn.Sequential(*layers, nn.BatchNorm2d(width))


def doubling(before: int, after: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution that doubles the side."""
    return nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
