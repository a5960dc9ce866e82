"""A generator small enough to see who learns from what."""

from torch import nn

from huebench.methods.learning.network import ColorNetwork


class Generator(ColorNetwork):
    """One convolution, and what follows it."""

    def __init__(self, *after: nn.Module) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), *after)

    def forward(self, lightness):
        return self.layer(lightness / 100)

    def chroma(self, prediction):
        return 100 * prediction

    def loss(self, prediction, ab):
        return (prediction - ab / 100).abs().mean()
