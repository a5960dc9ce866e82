"""pix2pix: the U-Net generator and the 70×70 PatchGAN critic of Isola et al. 2017."""

from itertools import pairwise
from math import log2

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...learning.network import AB_RANGE, ColorNetwork, center_lightness

ENCODER = (64, 128, 256, 512, 512, 512, 512, 512)
"""Channels of the stages; each halves the side, so 256² ends at one pixel."""

DROPOUT_FROM = 5
"""From this stage inwards the decoder has dropout of one half: its first three stages at 256²."""

DROPOUTS = 3  #: Number of stages with dropout at 256²

CRITIC = ((64, 2), (128, 2), (256, 2), (512, 1))
"""Channels and stride of the 4×4 convolutions before the critic's verdict."""

SLOPE = 0.2  #: Slope of the leaky ReLU


class UNetGenerator(ColorNetwork):
    """U-Net-256: eight stages down, eight up, each up stage given the features of its mirror image.

    Sides are powers of two. Below 256 the innermost stages are omitted, as they would have no pixels: 64²
    leaves six stages, one of them with dropout. Normalisation is by instance, each photo by its own
    statistics, in training as in colorizing. The authors colorize with the statistics of the batch that they
    colorize, which for one photo is the same; running averages of training would lag behind. Ours: dropout is
    off when colorizing, so that a photo has one answer.
    """

    def __init__(self, size: int = 256) -> None:
        super().__init__()
        channels = ENCODER[: min(len(ENCODER), int(log2(size)))]
        last = len(channels) - 1
        self.down = nn.ModuleList(
            _down(before, after, first=i == 0, normalised=i not in (0, last))
            for i, (before, after) in enumerate(pairwise((1, *channels)))
        )
        self.up = nn.ModuleList(
            _up(channels[i] * (1 if i == last else 2), channels[i - 1], dropout=i >= DROPOUT_FROM)
            for i in range(last, 0, -1)
        )
        self.head = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * channels[0], 2, 4, 2, 1), nn.Tanh())
        self.apply(initialise)

    @property
    def dropouts(self) -> int:
        """Number of stages with dropout."""
        return sum(isinstance(layer, nn.Dropout) for layer in self.up.modules())

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b*/110, in −1…1."""
        features = center_lightness(lightness)
        skipped = []
        for stage in self.down:
            features = stage(features)
            skipped.append(features)
        skipped.pop()
        for stage in self.up:
            features = torch.cat((stage(features), skipped.pop()), dim=1)
        prediction: Tensor = self.head(features)
        return prediction

    def chroma(self, prediction: Tensor) -> Tensor:
        """Scale the prediction back to a*b*."""
        return prediction * AB_RANGE

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the mean absolute error of a*b*/110."""
        return functional.l1_loss(prediction, ab / AB_RANGE)


class PatchCritic(nn.Module):
    """Judges whether each 70×70 patch of a photo, L* and a*b* together, has its true colours."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for after, stride in CRITIC:
            layers.append(nn.Conv2d(before, after, 4, stride, 1, bias=before == 3))
            layers += [nn.BatchNorm2d(after)] if before != 3 else []
            layers.append(nn.LeakyReLU(SLOPE))
            before = after
        self.layers = nn.Sequential(*layers, nn.Conv2d(before, 1, 4, 1, 1))
        self.apply(initialise)

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """Return one logit per patch, (N, 1, h, w), for L* (N, 1, H, W) and a*b* (N, 2, H, W)."""
        photo = torch.cat((center_lightness(lightness), ab / AB_RANGE), dim=1)
        verdict: Tensor = self.layers(photo)
        return verdict


def initialise(layer: nn.Module) -> None:
    """Draw a layer's weights as Isola et al. do: normal, σ = 0.02; normalisation around 1."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm2d | nn.InstanceNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


def _down(before: int, after: int, *, first: bool, normalised: bool) -> nn.Sequential:
    activation = [] if first else [nn.LeakyReLU(SLOPE)]
    normalisation = [nn.InstanceNorm2d(after, affine=True)] if normalised else []
    return nn.Sequential(*activation, nn.Conv2d(before, after, 4, 2, 1, bias=False), *normalisation)


def _up(before: int, after: int, *, dropout: bool) -> nn.Sequential:
    convolution = nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)
    return nn.Sequential(
        nn.ReLU(), convolution, nn.InstanceNorm2d(after, affine=True), *([nn.Dropout(0.5)] if dropout else [])
    )
