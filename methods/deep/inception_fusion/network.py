"""Deep Koalarization: an encoder–decoder that fuses the class scores of a frozen Inception-ResNet-v2."""

from __future__ import annotations

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...learning.network import ColorNetwork, center_lightness, neutral
from ..encoder_decoder.network import ENCODER, convolutions

CHROMA_RANGE = 127.0  #: The divisor of a*b*, as in the authors' code

PAPER_SIDE, INCEPTION_SIDE = 224, 299
SMALLEST_INCEPTION_SIDE = 75  #: Below this side the last stages of Inception-ResNet-v2 would have no pixels


class InceptionFusionNetwork(ColorNetwork):
    """Encoder, fusion with 1,000 class scores, decoder; sides are multiples of 8.

    For the Inception network the photo is padded to a black 299² canvas, not stretched; at sides other than
    224 the canvas keeps that proportion, which is ours. timm's network has 1,000 classes, the authors' 1,001.

    Parameters
    ----------
    classifier
        timm's name of the Inception network.
    """

    frozen = ("inception.",)

    def __init__(self, classifier: str) -> None:
        super().__init__()
        self.inception: nn.Module = timm.create_model(classifier, in_chans=1).eval().requires_grad_(False)
        self.encoder = nn.Sequential(*convolutions(1, ENCODER))
        self.fusion = nn.Sequential(nn.Conv2d(256 + 1000, 256, 1), nn.ReLU())
        self.decoder = nn.Sequential(
            *convolutions(256, ((128, 1),)),
            nn.Upsample(scale_factor=2),
            *convolutions(128, ((64, 1), (64, 1))),
            nn.Upsample(scale_factor=2),
            *convolutions(64, ((32, 1),)),
            neutral(nn.Conv2d(32, 2, 3, padding=1)),
            nn.Tanh(),
            nn.Upsample(scale_factor=2),
        )

    def forward(self, lightness: Tensor) -> Tensor:
        """Return a*b*/127, in −1…1."""
        photo = center_lightness(lightness)
        with torch.no_grad():
            classes = self.inception(on_canvas(photo))
        features = self.encoder(photo)
        tiled = classes[:, :, None, None].expand(-1, -1, *features.shape[2:])
        prediction: Tensor = self.decoder(self.fusion(torch.cat((features, tiled), dim=1)))
        return prediction

    def chroma(self, prediction: Tensor) -> Tensor:
        """Scale the prediction back to a*b*."""
        return prediction * CHROMA_RANGE

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the mean squared error of a*b*/127."""
        return functional.mse_loss(prediction, ab / CHROMA_RANGE)

    def train(self, mode: bool = True) -> InceptionFusionNetwork:
        """Put everything into training mode except the frozen network, whose statistics must not change."""
        super().train(mode)
        self.inception.eval()
        return self


def on_canvas(photo: Tensor) -> Tensor:
    """Put squares (N, 1, S, S) of −1…1 in the middle of a black canvas, 299² for 224²."""
    side = photo.shape[-1]
    canvas = max(SMALLEST_INCEPTION_SIDE, round(side * INCEPTION_SIDE / PAPER_SIDE))
    before = (canvas - side) // 2
    after = canvas - side - before
    return functional.pad(photo, (before, after, before, after), value=-1.0)
