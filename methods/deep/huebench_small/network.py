"""The network: EfficientNet-Lite0, features added top-down, and a distribution over bins of chroma."""

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from ....datasets.color.bins import gamut_bins
from ...learning.encoders import Backbone
from ...learning.network import ColorNetwork
from ..resnet34_classification.network import NEIGHBOURS, SPREAD, rarity_weights
from ..resnet34_regression.network import block

WIDTH = 128  #: Channels of the decoder

STRIDE = 4  #: The prediction has a quarter of the side of its input

REACH = 110  #: a* and b* of the table of soft labels, −110…110

UNIFORM = 0.95
"""Zhang's λ. He has 0.5; with 0.95 the rarest colours count about three times as much as grey."""

BALANCE = 0.5
"""Share of the weights of rare colours, as an exponent, that the trained network keeps.

Trained under weights w, the softmax learns shares in proportion to p · w. On validation photos, dividing by
√w gave better AuC and PSNR of a*b* than not dividing, and more colour than dividing by w.
"""

DISTANCE = 0.2  #: Weight of the distance between mean and true chroma, beside the cross-entropy

FROZEN = tuple(f"backbone.features.{part}." for part in ("conv_stem", "bn1", "blocks.0", "blocks.1"))
"""The encoder up to its features of stride 4: they are general, and their gradients cost the most."""


class SmallNetwork(ColorNetwork):
    """A light encoder and decoder; the softmax over the bins of sRGB is at a quarter of the input's side.

    The encoder's features of strides 4 to 32 are brought to `WIDTH` channels and added from the coarsest to
    the finest, as in a feature pyramid network (Lin et al. 2017). The mean over the coarsest features is
    added too, so that every pixel knows the whole photo. The loss is Zhang's (2016) cross-entropy with soft
    labels and weights for rare colours, plus the distance between the distribution's mean and the truth.

    Parameters
    ----------
    temperature
        Temperature of the annealed mean that decodes the distribution: 1 takes the mean, values near 0 the
        mode.
    """

    frozen = FROZEN

    def __init__(self, temperature: float) -> None:
        super().__init__()
        nodes = torch.from_numpy(gamut_bins().nodes)
        self.temperature = temperature
        self.backbone = Backbone("tf_efficientnet_lite0", (1, 2, 3, 4))
        self.laterals = nn.ModuleList(nn.Conv2d(count, WIDTH, 1) for count in self.backbone.channels)
        self.whole = nn.Conv2d(self.backbone.channels[-1], WIDTH, 1)
        depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH, bias=False)
        pointwise = (nn.Conv2d(WIDTH, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU())
        finest = nn.Sequential(depthwise, *pointwise)
        coarser = [nn.Sequential(*block(WIDTH, WIDTH)) for _ in self.backbone.channels[1:-1]]
        self.blocks = nn.ModuleList([finest, *coarser])
        self.bins = nn.Conv2d(WIDTH, len(nodes), 1)
        labels, shares = soft_labels(nodes)
        self.nodes: Tensor
        self.rarity: Tensor
        self.labels: Tensor
        self.shares: Tensor
        self.register_buffer("nodes", nodes, persistent=False)
        self.register_buffer("rarity", torch.ones(len(nodes)), persistent=False)
        self.register_buffer("labels", labels, persistent=False)
        self.register_buffer("shares", shares, persistent=False)

        for name, weight in self.named_parameters():
            weight.requires_grad = not name.startswith(FROZEN)

    def train(self, mode: bool = True) -> Self:
        """Put all but the frozen layers into training mode, or into evaluation mode."""
        super().train(mode)
        for name in FROZEN:
            self.get_submodule(name.removesuffix(".")).eval()
        return self

    @torch.no_grad()
    def set_prior(self, prior: Tensor) -> None:
        """Weigh rare colours, and start from the training photos' share of each bin, (Q,), summing to 1."""
        self.rarity.copy_(rarity_weights(prior, UNIFORM))
        assert self.bins.bias is not None
        self.bins.bias.copy_(torch.log(prior * self.rarity + 1e-5))
        nn.init.normal_(self.bins.weight, std=1e-3)

    @torch.no_grad()
    def balance(self) -> None:
        """Take the weights of rare colours back after training, but for `BALANCE`, from the last bias."""
        assert self.bins.bias is not None
        self.bins.bias -= (1 - BALANCE) * torch.log(self.rarity)

    def features(self, lightness: Tensor) -> Tensor:
        """Return the decoder's last features, (N, `WIDTH`, H/4, W/4)."""
        features = self.backbone(lightness)
        top: Tensor = self.laterals[-1](features[-1]) + self.whole(features[-1].mean((2, 3), keepdim=True))
        for i in range(len(features) - 2, -1, -1):
            above = functional.interpolate(top, scale_factor=2.0)
            top = self.blocks[i](self.laterals[i](features[i]) + above)
        return top

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the logits of the bins, (N, Q, H/4, W/4)."""
        logits: Tensor = self.bins(self.features(lightness))
        return logits

    def decode(self, prediction: Tensor) -> Tensor:
        """Return a*b* at a quarter of the side: the annealed mean (Zhang 2016, eq. 5), (N, 2, H/4, W/4)."""
        shares = torch.softmax(prediction / self.temperature, dim=1)
        return torch.einsum("nqhw,qc->nchw", shares, self.nodes)

    def chroma(self, prediction: Tensor) -> Tensor:
        """Return `decode` with bilinear upsampling."""
        return functional.interpolate(self.decode(prediction), scale_factor=float(STRIDE), mode="bilinear")

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the weighted cross-entropy with soft labels plus the weighted distance of the mean."""
        ab = functional.avg_pool2d(ab, STRIDE)
        a, b = (ab.round().long() + REACH).clamp(0, 2 * REACH).unbind(1)
        place = (a * (2 * REACH + 1) + b).flatten()
        labels, shares = self.labels[place], self.shares[place]
        likelihood = torch.log_softmax(prediction.permute(0, 2, 3, 1).flatten(0, 2), dim=1)
        cross_entropy = -(likelihood.gather(1, labels) * shares).sum(1)
        mean = likelihood.exp() @ self.nodes
        distance = torch.linalg.vector_norm(mean - ab.permute(0, 2, 3, 1).flatten(0, 2), dim=1)
        loss: Tensor = (self.rarity[labels[:, 0]] * (cross_entropy + DISTANCE * distance)).mean()
        return loss


def soft_labels(nodes: Tensor) -> tuple[Tensor, Tensor]:
    """Share every whole a*b* from −110 to 110 among its nearest bins by a Gaussian (Zhang 2016, §2.2).

    Returns the bins, nearest first, and their shares: both (221², `NEIGHBOURS`), a* outermost.
    """
    axis = torch.arange(-REACH, REACH + 1.0)
    squares = torch.cdist(torch.cartesian_prod(axis, axis), nodes).square()
    nearest, bins = squares.topk(NEIGHBOURS, largest=False)
    return bins, torch.softmax(-nearest / (2 * SPREAD**2), dim=1)
