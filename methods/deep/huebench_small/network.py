"""The network: EfficientNet-Lite0, features added top-down, and a*b* at a quarter of the input's side."""

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...learning.encoders import Backbone
from ...learning.network import AB_RANGE, ColorNetwork, neutral
from ..resnet34_regression.network import block

WIDTH = 128  #: Channels of the decoder

STRIDE = 4  #: The prediction has a quarter of the side of its input

SMOOTH = 4.0  #: Added to squared distances in the loss, so that its slope stays finite at the true colour

SATURATION = 1.1
"""Factor of the trained network's chroma: a mean of possible colours is duller than the truth."""

DROP_PATH = 0.2  #: Share of the photos for which training skips the deepest residual block

DROPOUT = 0.2  #: Share of the last features that training sets to zero

CONTRAST = 0.35
"""Training makes photos darker and brighter: their lightness gets an exponent from e^−0.35 to e^0.35."""

FROZEN = tuple(f"backbone.features.{part}." for part in ("conv_stem", "bn1", "blocks.0", "blocks.1"))
"""The encoder up to its features of stride 4: they are general, and their gradients cost the most."""


class SmallNetwork(ColorNetwork):
    """A light encoder and decoder; the chroma is at a quarter of the input's side.

    The encoder's features of strides 4 to 32 are brought to `WIDTH` channels and added from the coarsest to
    the finest, as in a feature pyramid network (Lin et al. 2017). The mean over the coarsest features is
    added too, so that every pixel knows the whole photo. The loss is the mean distance to the true
    a*b*: what AuC measures.
    """

    frozen = FROZEN

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone("tf_efficientnet_lite0", (1, 2, 3, 4), DROP_PATH)
        self.laterals = nn.ModuleList(nn.Conv2d(count, WIDTH, 1) for count in self.backbone.channels)
        self.whole = nn.Conv2d(self.backbone.channels[-1], WIDTH, 1)
        depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH, bias=False)
        pointwise = (nn.Conv2d(WIDTH, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU())
        finest = nn.Sequential(depthwise, *pointwise)
        coarser = [nn.Sequential(*block(WIDTH, WIDTH)) for _ in self.backbone.channels[1:-1]]
        self.blocks = nn.ModuleList([finest, *coarser])
        self.dropout = nn.Dropout2d(DROPOUT)
        self.color = neutral(nn.Conv2d(WIDTH, 2, 1))

        for name, weight in self.named_parameters():
            weight.requires_grad = not name.startswith(FROZEN)

    def train(self, mode: bool = True) -> Self:
        """Put all but the frozen layers into training mode, or into evaluation mode."""
        super().train(mode)
        for name in FROZEN:
            self.get_submodule(name.removesuffix(".")).eval()
        return self

    @torch.no_grad()
    def enliven(self) -> None:
        """Multiply the chroma of the trained network by `SATURATION`."""
        for weight in self.color.parameters():
            weight.mul_(SATURATION)

    def features(self, lightness: Tensor) -> Tensor:
        """Return the decoder's last features, (N, `WIDTH`, H/4, W/4)."""
        features = self.backbone(shaded(lightness) if self.training else lightness)
        top: Tensor = self.laterals[-1](features[-1]) + self.whole(features[-1].mean((2, 3), keepdim=True))
        for i in range(len(features) - 2, -1, -1):
            above = functional.interpolate(top, scale_factor=2.0)
            top = self.blocks[i](self.laterals[i](features[i]) + above)
        return top

    def quarter(self, features: Tensor) -> Tensor:
        """Return a*b* from `features`, (N, 2, H/4, W/4)."""
        ab: Tensor = self.color(self.dropout(features))
        return ab * AB_RANGE

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b* at a quarter of the side, (N, 2, H/4, W/4)."""
        return self.quarter(self.features(lightness))

    def chroma(self, prediction: Tensor) -> Tensor:
        """Return the prediction at the input's side, with bilinear upsampling."""
        return functional.interpolate(prediction, scale_factor=float(STRIDE), mode="bilinear")

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the mean distance to the true chroma at a quarter of the side."""
        error = prediction - functional.avg_pool2d(ab, STRIDE)
        return torch.sqrt(error.square().sum(1) + SMOOTH).mean()


def shaded(lightness: Tensor) -> Tensor:
    """Make each photo's L*, (N, 1, H, W), darker or brighter by a random exponent; 0 and 100 stay."""
    exponents = torch.exp(torch.empty(len(lightness), 1, 1, 1).uniform_(-CONTRAST, CONTRAST))
    return 100 * (lightness / 100).clamp(0, 1) ** exponents.to(lightness)
