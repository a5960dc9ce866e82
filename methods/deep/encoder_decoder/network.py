"""The encoder–decoder network of Shrivastava et al. 2022."""

from collections.abc import Iterator, Sequence

from torch import Tensor, nn
from torch.nn import functional

from ...learning.network import AB_RANGE, ColorNetwork, center_lightness, neutral

ENCODER = ((64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 1), (256, 1))
"""Channels and stride of each 3×3 convolution, as in the paper's table."""


class EncoderDecoderNetwork(ColorNetwork):
    """Sixteen layers, 6,219,410 weights; the side of a photo must be a multiple of 8.

    In the paper's text the encoder ends at 8×8×256, in its layer table at 32×32×256; only the table is
    consistent. The scaling (L* to −1…1, a*b* by 110) is ours; the paper does not give one.

    >>> sum(weight.numel() for weight in EncoderDecoderNetwork().parameters())
    6219410
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *convolutions(1, ENCODER),
            *convolutions(256, ((128, 1),)),
            nn.Upsample(scale_factor=2),
            *convolutions(128, ((64, 1),)),
            nn.Upsample(scale_factor=2),
            *convolutions(64, ((32, 1), (16, 1))),
            neutral(nn.Conv2d(16, 2, 3, padding=1)),
            nn.Tanh(),
            nn.Upsample(scale_factor=2),
        )

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b*/110, in −1…1."""
        prediction: Tensor = self.layers(center_lightness(lightness))
        return prediction

    def chroma(self, prediction: Tensor) -> Tensor:
        """Scale the prediction back to a*b*."""
        return prediction * AB_RANGE

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the mean squared error of a*b*/110."""
        return functional.mse_loss(prediction, ab / AB_RANGE)


def convolutions(before: int, layers: Sequence[tuple[int, int]]) -> Iterator[nn.Module]:
    """Yield a 3×3 convolution and a ReLU for each (channels, stride) of ``layers``.

    They are initialised as in He et al. 2015: with torch's default the signal loses a factor of √6 per
    layer, and after twelve layers all photos look the same.
    """
    for after, stride in layers:
        convolution = nn.Conv2d(before, after, 3, stride, padding=1)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]  # it has one
        yield convolution
        yield nn.ReLU()
        before = after
