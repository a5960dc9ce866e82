"""The classification network of Qin, Mao & Meng on a pretrained ResNet-34."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ....datasets.base import RGB
from ....datasets.color.bins import gamut_bins
from ...learning.encoders import Backbone
from ...learning.network import ColorNetwork
from ..resnet34_regression.network import block

GRID = 625  #: Number of bins in the paper's last layer: a* and b* from −120 to 120 in steps of 10

NEIGHBOURS = 5
SPREAD = 5.0  #: Zhang 2016 §2.2: the true colour is shared among its 5 nearest bins by a Gaussian of σ = 5

SMALLEST_SHARE = 1e-5  #: A bin with a smaller share of the pixels starts like an empty one


class ClassificationNetwork(ColorNetwork):
    """Table 2: ResNet-34 up to conv3_x, three upsampling stages, two 1×1 layers over 625 bins of chroma.

    The paper's table says 3×3 for the last two layers, its text 1×1 ("actually, they are 1x1 kernel CNN
    layers"); we follow the text. The last upsampling repeats pixels, which commutes with everything after
    it, so it is done last: the same numbers for a quarter of the work.

    Only the bins that sRGB reaches take part in the softmax. Colours are decoded by the annealed mean (Zhang
    2016, eq. 5); the paper does not say how.

    Parameters
    ----------
    backbone
        timm's name of the architecture.
    temperature
        Temperature of the annealed mean: 1 takes the mean, values near 0 the mode.
    soft
        Whether the true colour is shared among its nearest bins, or goes to the nearest one.
    uniform
        Weight of rare colours; see `rarity_weights`. 1 weighs all colours equally.
    """

    def __init__(
        self, backbone: str, temperature: float, *, soft: bool = False, uniform: float = 1.0
    ) -> None:
        super().__init__()
        nodes = torch.from_numpy(gamut_bins().nodes)
        self.temperature = temperature
        self.uniform = uniform
        self.neighbours = NEIGHBOURS if soft else 1
        self.backbone = Backbone(backbone, (2,))
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2),
            *block(self.backbone.channels[0], 64),
            nn.Upsample(scale_factor=2),
            *block(64, 500),
        )
        self.hidden = nn.Sequential(nn.Conv2d(500, 1000, 1), nn.BatchNorm2d(1000), nn.ReLU())
        self.bins = nn.Conv2d(1000, GRID, 1)
        self.nodes: Tensor
        self.reachable: Tensor
        self.rarity: Tensor
        self.register_buffer("nodes", nodes)
        self.register_buffer("reachable", ((nodes + 120) / 10).long() @ torch.tensor([25, 1]))
        self.register_buffer("rarity", torch.ones(len(nodes)))

    def begin_with(self, photos: Iterable[RGB]) -> None:
        """Count how often the training photos show each bin, and start from these shares."""
        self.set_prior(torch.from_numpy(gamut_bins().prior(photos)).float())

    @torch.no_grad()
    def set_prior(self, prior: Tensor) -> None:
        """Set the weights of rare colours, and make the untrained network predict the prior everywhere.

        The prior is the share of training pixels in each bin, (Q,), summing to 1. The last layer's bias then
        is right on average (under the weights) and need not be learned over hundreds of steps. As the paper
        has a ReLU before the softmax, no bias is below 0.
        """
        self.rarity.copy_(rarity_weights(prior, self.uniform))
        assert self.bins.bias is not None
        self.bins.bias[self.reachable] = torch.log1p(prior * self.rarity / SMALLEST_SHARE)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the logits of the reachable bins, (N, Q, H/2, W/2)."""
        hidden = self.hidden(self.decoder(self.backbone(lightness)[0]))
        weight = self.bins.weight.index_select(0, self.reachable)
        bias = self.bins.bias.index_select(0, self.reachable) if self.bins.bias is not None else None
        return functional.relu(functional.conv2d(hidden, weight, bias))

    def chroma(self, prediction: Tensor) -> Tensor:
        """Take the annealed mean over the bins, and repeat each pixel."""
        shares = torch.softmax(prediction / self.temperature, dim=1)
        ab = torch.einsum("nqhw,qc->nchw", shares, self.nodes)
        return functional.interpolate(ab, scale_factor=2)

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the cross-entropy with the true colours' bins, weighted by the rarity of the nearest."""
        count, _, height, width = prediction.shape
        four = functional.pixel_unshuffle(ab, 2).reshape(count, 2, 4, height, width)
        bins, shares = self.encode(four.movedim(1, -1))
        likelihood = torch.log_softmax(prediction, dim=1)
        found = likelihood.gather(1, bins.movedim(-1, 1).flatten(1, 2)).reshape(count, -1, 4, height, width)
        cross_entropy = -(shares.movedim(-1, 1) * found).sum(1)
        return (self.rarity[bins[..., 0]] * cross_entropy).mean()

    def encode(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Share colours, a*b* (..., 2), among their nearest bins.

        Returns the bins, nearest first, and the share each has: both (..., neighbours).
        """
        # |x − n|² = |x|² − (2x·n − |n|²), and |x|² is the same for all bins n of a pixel.
        nearness = 2 * ab @ self.nodes.T - self.nodes.square().sum(1)
        nearest, bins = nearness.topk(self.neighbours)
        return bins, torch.softmax(nearest / (2 * SPREAD**2), dim=-1)


def rarity_weights(prior: Tensor, uniform: float) -> Tensor:
    """Return the weight of each bin's pixels: Zhang 2016, eq. 4, w ∝ ((1 − λ)·p + λ/Q)⁻¹, Σ p·w = 1.

    Parameters
    ----------
    prior
        Share of training pixels in each bin, (Q,), summing to 1.
    uniform
        λ, the share of the uniform distribution that is mixed in.

    Examples
    --------
    >>> rarity_weights(torch.tensor([0.75, 0.25]), uniform=0.0)
    tensor([0.6667, 2.0000])
    """
    weights = 1 / ((1 - uniform) * prior + uniform / len(prior))
    return weights / (prior * weights).sum()
