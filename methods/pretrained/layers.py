"""Layers that DeOldify and DDColor share, under the entry names of their files; for inference only."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class SpectralConvolution(nn.Module):
    """A convolution under spectral norm in its old form, with singular vectors that are stored, not computed.

    The weight is ``weight_orig`` / (u · W v), where W is ``weight_orig`` with one row per output channel.

    Parameters
    ----------
    before, after
        Channels.
    kernel
        Side of the kernel; the padding keeps the size.
    bias
        Whether there is one.
    axes
        1 for sequences, 2 for pictures.
    """

    bias: nn.Parameter | None
    weight_u: Tensor
    weight_v: Tensor

    def __init__(
        self, before: int, after: int, kernel: int, *, bias: bool = False, axes: Literal[1, 2] = 2
    ) -> None:
        super().__init__()
        self.weight_orig = nn.Parameter(torch.empty(after, before, *[kernel] * axes))
        nn.init.kaiming_normal_(self.weight_orig)
        self.register_parameter("bias", nn.Parameter(torch.zeros(after)) if bias else None)
        matrix = self.weight_orig.detach().flatten(1)
        v = functional.normalize(matrix.sum(0), dim=0)
        self.register_buffer("weight_u", functional.normalize(matrix @ v, dim=0))
        self.register_buffer("weight_v", v)

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, after, …) for (N, before, …)."""
        # Not a matrix product: under autocast that would round the norm to bf16.
        norm = torch.dot(self.weight_u, (self.weight_orig.flatten(1) * self.weight_v).sum(1))
        weight = self.weight_orig / norm
        convolve = functional.conv2d if weight.ndim == 4 else functional.conv1d
        return convolve(features, weight, self.bias, padding=weight.shape[-1] // 2)


class PixelShuffleUpsampling(nn.Module):
    """Enlarges by pixel shuffling, and blurs: a 2×2 mean with the first row and column repeated.

    Parameters
    ----------
    convolution
        A 1×1 convolution to factor² times as many channels as come out.
    normalised
        Whether batch normalisation follows it, before the ReLU.
    factor
        Factor of the side.
    """

    def __init__(self, convolution: nn.Module, *, normalised: int | None = None, factor: int = 2) -> None:
        super().__init__()
        norm = [] if normalised is None else [nn.BatchNorm2d(normalised)]
        self.conv = nn.Sequential(convolution, *norm)
        self.factor = factor

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, channels / factor², factor · H, factor · W)."""
        sharp = functional.pixel_shuffle(torch.relu(self.conv(features)), self.factor)
        # Padding of torch's own would copy maps whose channels lie last, twice.
        padded = torch.cat((sharp[:, :, :1], sharp), dim=2)
        padded = torch.cat((padded[..., :1], padded), dim=3)
        return functional.avg_pool2d(padded, 2, stride=1)


class DecoderBlock(nn.Module):
    """Doubles the side and joins the encoder's features of that side.

    What follows is a subclass's: it adds the convolutions, and applies them to the result.

    Parameters
    ----------
    before
        Channels of the deep features.
    width
        Channels to which they are reduced.
    skipped
        Channels of the encoder's features.
    """

    def __init__(self, before: int, width: int, skipped: int) -> None:
        super().__init__()
        projection = SpectralConvolution(before, 4 * width, 1)
        self.shuf = PixelShuffleUpsampling(projection, normalised=4 * width)
        self.bn = nn.BatchNorm2d(skipped)

    def join(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return the joined features, after a ReLU, at the side of ``skip``."""
        up = self.shuf(features)
        if up.shape[2:] != skip.shape[2:]:  # the encoder rounds odd sides up
            up = functional.interpolate(up, skip.shape[2:], mode="nearest")
        return torch.relu(torch.cat((up, self.bn(skip)), dim=1))


def convolution(before: int, after: int, *more: nn.Module) -> nn.Sequential:
    """Return a 3×3 convolution under spectral norm, ReLU and batch normalisation, and what follows them."""
    return nn.Sequential(SpectralConvolution(before, after, 3), nn.ReLU(), nn.BatchNorm2d(after), *more)
