"""The generator and the critic of NoGAN training, after DeOldify and fast.ai."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from ...learning.encoders import Backbone
from ...learning.network import AB_RANGE, ColorNetwork, center_lightness, neutral

ATTENTION_STAGE = 1  #: Number of the decoder's stage with self-attention, at an eighth of the side

CRITIC_STAGES = 3
SLOPE = 0.2  #: Slope of the critic's leaky ReLU


class NoGanGenerator(ColorNetwork):
    """A U-Net on a ResNet-34, with spectral norm, self-attention and sub-pixel upsampling.

    The stages, joints and attention of DeOldify's variant of fast.ai's dynamic U-Net, which adds batch
    normalisation to the convolutions under spectral norm (fast.ai's has none there). Ours: it predicts
    a*b*/110 through a tanh instead of a photo in RGB, whose lightness would be thrown away, and that last
    layer is not under spectral norm; the decoder has fast.ai's width, where DeOldify's for ResNet-34 has 1.5
    times as many channels; the convolutions before pixel shuffling have a bias, where DeOldify's have batch
    normalisation instead; and the last upsampling and the two convolutions after it are built like those
    before, where DeOldify's upsampling has weight norm and no blur there, and its convolutions no batch
    normalisation. Any side works: each stage is resized to the features that it is joined with.

    Parameters
    ----------
    backbone
        timm's name of the encoder, with five stages.
    """

    def __init__(self, backbone: str = "resnet34") -> None:
        super().__init__()
        self.backbone = Backbone(backbone, (0, 1, 2, 3, 4))
        *skipped, deepest = self.backbone.channels
        self.middle = nn.Sequential(
            nn.BatchNorm2d(deepest),
            nn.ReLU(),
            *convolution(deepest, 2 * deepest),
            *convolution(2 * deepest, deepest),
        )
        self.stages = nn.ModuleList()
        width = deepest
        for i, channels in enumerate(reversed(skipped)):
            stage = DecoderStage(width, channels, last=i == len(skipped) - 1, attentive=i == ATTENTION_STAGE)
            self.stages.append(stage)
            width = stage.width
        self.enlarge = SubPixelUpsampling(width, width)
        self.refine = nn.Sequential(*convolution(width + 1, width + 1), *convolution(width + 1, width + 1))
        self.head = neutral(nn.Conv2d(width + 1, 2, 1))

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b*/110, in −1…1."""
        *skipped, features = self.backbone(lightness)
        features = self.middle(features)
        for stage, skip in zip(self.stages, reversed(skipped), strict=True):
            features = stage(features, skip)
        photo = center_lightness(lightness)
        features = torch.cat((_fit(self.enlarge(features), photo), photo), dim=1)
        return torch.tanh(self.head(features + self.refine(features)))

    def chroma(self, prediction: Tensor) -> Tensor:
        """Scale the prediction back to a*b*."""
        return prediction * AB_RANGE

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the mean absolute error of a*b*/110."""
        return functional.l1_loss(prediction, ab / AB_RANGE)


class DecoderStage(nn.Module):
    """Doubles the side, joins the encoder's features, and convolves twice, into ``width`` channels."""

    def __init__(self, before: int, skipped: int, *, last: bool, attentive: bool) -> None:
        super().__init__()
        joined = before // 2 + skipped
        self.width = joined // 2 if last else joined
        self.enlarge = SubPixelUpsampling(before, before // 2)
        self.normalise = nn.BatchNorm2d(skipped)
        attention = [SelfAttention(self.width)] if attentive else []
        self.convolve = nn.Sequential(
            nn.ReLU(), *convolution(joined, self.width), *convolution(self.width, self.width), *attention
        )

    def forward(self, features: Tensor, skipped: Tensor) -> Tensor:
        """Return features at the side of ``skipped``."""
        joined = torch.cat((_fit(self.enlarge(features), skipped), self.normalise(skipped)), dim=1)
        result: Tensor = self.convolve(joined)
        return result


class SubPixelUpsampling(nn.Module):
    """Doubles the side by pixel shuffling; starts as nearest-neighbour upsampling (ICNR).

    A 2×2 mean after it takes the checkerboard out (Sugawara et al. 2018), as in DeOldify.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        projection = nn.Conv2d(before, 4 * after, 1)
        first_of_four = nn.init.kaiming_normal_(torch.empty(after, before, 1, 1))
        with torch.no_grad():
            projection.weight.copy_(first_of_four.repeat_interleave(4, dim=0))
        nn.init.zeros_(projection.bias)  # type: ignore[arg-type]  # it has one
        self.layers = nn.Sequential(
            spectral_norm(projection),
            nn.ReLU(),
            nn.PixelShuffle(2),
            nn.ReplicationPad2d((1, 0, 1, 0)),
            nn.AvgPool2d(2, stride=1),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, after, 2·H, 2·W) for (N, before, H, W)."""
        result: Tensor = self.layers(features)
        return result


class SelfAttention(nn.Module):
    """Self-attention between all positions (Zhang et al. 2019, SAGAN); starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = spectral_norm(nn.Conv1d(channels, channels // 8, 1, bias=False))
        self.key = spectral_norm(nn.Conv1d(channels, channels // 8, 1, bias=False))
        self.value = spectral_norm(nn.Conv1d(channels, channels, 1, bias=False))
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        places = features.flatten(2)
        attention = torch.softmax(self.query(places).transpose(1, 2) @ self.key(places), dim=-1)
        seen = self.value(places) @ attention.transpose(1, 2)
        result: Tensor = self.share * seen + places
        return result.reshape(features.shape)


class NoGanCritic(nn.Module):
    """DeOldify's critic of L* and a*b*: convolutions with spectral norm, dropout and self-attention.

    Ours: the last convolution is padded, so that sides of 32 work too.

    Parameters
    ----------
    width
        Channels of the first layer; each of three stages doubles them.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [spectral_norm(nn.Conv2d(3, width, 4, 2, 1)), nn.LeakyReLU(SLOPE)]
        layers.append(nn.Dropout2d(0.075))
        for i in range(CRITIC_STAGES):
            layers += [
                spectral_norm(nn.Conv2d(width, width, 3, 1, 1)),
                nn.LeakyReLU(SLOPE),
                nn.Dropout2d(0.15),
            ]
            layers += [spectral_norm(nn.Conv2d(width, 2 * width, 4, 2, 1)), nn.LeakyReLU(SLOPE)]
            width *= 2
            layers += [SelfAttention(width)] if i == 0 else []
        layers += [spectral_norm(nn.Conv2d(width, width, 3, 1, 1)), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(width, 1, 4, 1, 1, bias=False)))

    def forward(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """Return logits (N, 1, h, w) of the colours being true, for L* (N, 1, H, W) and a*b* (N, 2, H, W)."""
        verdict: Tensor = self.layers(torch.cat((center_lightness(lightness), ab / AB_RANGE), dim=1))
        return verdict


def convolution(before: int, after: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Return a 3×3 convolution under spectral norm, ReLU and batch normalisation, in fast.ai's order."""
    layer = nn.Conv2d(before, after, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(layer.weight)
    return spectral_norm(layer), nn.ReLU(), nn.BatchNorm2d(after)


def _fit(features: Tensor, other: Tensor) -> Tensor:
    """Resize features to the side of others, as the encoder rounds odd sides up."""
    if features.shape[2:] == other.shape[2:]:
        return features
    return functional.interpolate(features, size=other.shape[2:])
