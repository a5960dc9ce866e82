"""DeOldify's generators: fast.ai's dynamic U-Net with spectral norm and self-attention."""

from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...pretrained.layers import DecoderBlock, PixelShuffleUpsampling, SpectralConvolution, convolution

STEM = 64  #: Channels of the encoder's stem
ATTENTIVE = 1  #: Number of the block that ends in self-attention
RANGE = 3.0  #: The output lies within ±3, in units of ImageNet's deviation


class DeOldify(nn.Module):
    """A U-Net from a grey photo to a colour photo.

    Takes grey RGB, float32 (N, 3, H, W), normalised by ImageNet's mean and deviation, and returns RGB in the
    same unit. Height and width must be multiples of 16.

    Parameters
    ----------
    encoder
        timm's name of the encoder, a ResNet.
    deep
        Whether blocks are ``deep``, with two convolutions that widen the joined features by half, or
        ``wide``, with one to a fixed number of channels.
    """

    def __init__(self, encoder: str, *, deep: bool) -> None:
        super().__init__()
        body, channels = resnet_body(encoder)
        skips, width = [STEM, *channels[:-1]], channels[-1]
        middle = nn.Sequential(convolution(width, 2 * width), convolution(2 * width, width))
        layers: list[nn.Module] = [body, nn.BatchNorm2d(width), nn.ReLU(), middle]
        for i, skip in enumerate(reversed(skips)):
            kind = DeepBlock if deep else WideBlock
            block = kind(width, skip, last=i == len(skips) - 1, attentive=i == ATTENTIVE)
            layers.append(block)
            width = block.width
        last = PixelShuffleUpsampling(WeightNormConvolution(width, 4 * width))
        joined = width + 3
        head = nn.Sequential(SpectralConvolution(joined, 3, 1, bias=True))
        self.layers = nn.ModuleList([*layers, last, JoinInput(), Refinement(joined), head, Range()])

    def forward(self, photo: Tensor) -> Tensor:
        """Return RGB."""
        body, norm, relu, middle, *blocks, last, join, refine, head, scale = self.layers
        skips, features = _run_body(body, photo)
        features = middle(relu(norm(features)))
        for block, skip in zip(blocks, reversed(skips), strict=True):
            features = block(features, skip)
        colors: Tensor = scale(head(refine(join(last(features), photo))))
        return colors


def resnet_body(name: str) -> tuple[nn.Sequential, list[int]]:
    """Return timm's ResNet without pooling and classifier, as a sequence, and the channels of its stages.

    Its stem's convolution is number 0, batch normalisation 1, ReLU 2, max pooling 3, and the stages 4 to 7.
    """
    net: Any = timm.create_model(name)
    stages = [net.layer1, net.layer2, net.layer3, net.layer4]
    channels = [info["num_chs"] for info in net.feature_info[1:]]
    return nn.Sequential(net.conv1, net.bn1, net.act1, net.maxpool, *stages), channels


def _run_body(body: nn.Module, photo: Tensor) -> tuple[list[Tensor], Tensor]:
    """Return the features to skip to, the stem's before pooling first, and the last stage's."""
    convolve, norm, relu, pool, *stages = body.children()
    skips = [relu(norm(convolve(photo)))]
    features = pool(skips[0])
    for stage in stages:
        features = stage(features)
        skips.append(features)
    return skips[:-1], skips[-1]


class DeepBlock(DecoderBlock):
    """A block of the artistic generator."""

    def __init__(self, before: int, skipped: int, *, last: bool, attentive: bool) -> None:
        super().__init__(before, before // 2, skipped)
        joined = before // 2 + skipped
        self.width = int(1.5 * (joined // 2 if last else joined))
        attention = [SelfAttention(self.width)] if attentive else []
        self.conv1 = convolution(joined, self.width)
        self.conv2 = convolution(self.width, self.width, *attention)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return features at the side of ``skip``."""
        result: Tensor = self.conv2(self.conv1(self.join(features, skip)))
        return result


class WideBlock(DecoderBlock):
    """A block of the stable and the video generator."""

    def __init__(self, before: int, skipped: int, *, last: bool, attentive: bool) -> None:
        width = 256 if last else 512
        super().__init__(before, width, skipped)
        self.width = width
        attention = [SelfAttention(self.width)] if attentive else []
        self.conv = convolution(width + skipped, width, *attention)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return features at the side of ``skip``."""
        result: Tensor = self.conv(self.join(features, skip))
        return result


class SelfAttention(nn.Module):
    """Self-attention between all positions (Zhang et al. 2019, SAGAN), without scaling."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = SpectralConvolution(channels, channels // 8, 1, axes=1)
        self.key = SpectralConvolution(channels, channels // 8, 1, axes=1)
        self.value = SpectralConvolution(channels, channels, 1, axes=1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        places = features.flatten(2)
        shares = torch.softmax(self.query(places).transpose(1, 2) @ self.key(places), dim=1)
        result: Tensor = self.gamma * (self.value(places) @ shares) + places
        return result.reshape(features.shape)


class WeightNormConvolution(nn.Module):
    """A 1×1 convolution with bias under weight norm in its old form, weight_g · weight_v / |weight_v|."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.weight_v = nn.Parameter(nn.init.kaiming_normal_(torch.empty(after, before, 1, 1)))
        self.weight_g = nn.Parameter(torch.ones(after, 1, 1, 1))
        self.bias = nn.Parameter(torch.zeros(after))

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, after, H, W) for (N, before, H, W)."""
        norm = self.weight_v.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)
        return functional.conv2d(features, self.weight_v * (self.weight_g / norm), self.bias)


class JoinInput(nn.Module):
    """Joins the features with the network's input."""

    def forward(self, features: Tensor, photo: Tensor) -> Tensor:
        """Return (N, C + 3, H, W)."""
        return torch.cat((features, photo), dim=1)


class Refinement(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(
                nn.Sequential(SpectralConvolution(channels, channels, 3, bias=True), nn.ReLU())
                for _ in range(2)
            )
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        result: Tensor = features + self.layers(features)
        return result


class Range(nn.Module):
    """A sigmoid that is stretched to ±3."""

    def forward(self, features: Tensor) -> Tensor:
        """Return values of the same shape."""
        return 2 * RANGE * torch.sigmoid(features) - RANGE
