"""Deep Koalarization: an encoder–decoder that fuses the class scores of a frozen classifier."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...learning.network import ColorNetwork, center_lightness, neutral
from ..encoder_decoder.network import ENCODER, convolutions
from .embedding import Embedding

CHROMA_RANGE = 127.0  #: The divisor of a*b*, as in the authors' code

CLASSES = 1000


class InceptionFusionNetwork(ColorNetwork):
    """Encoder, fusion with 1,000 class scores, decoder; sides are multiples of 8.

    timm's Inception-ResNet-v2 has 1,000 classes, the authors' has 1,001.

    Parameters
    ----------
    embedding
        timm's name of the classifier that gives the scores; ``none`` makes a plain encoder–decoder.
    """

    frozen = ("embedding.",)

    def __init__(self, embedding: str) -> None:
        super().__init__()
        self.embedding = None if embedding == "none" else Embedding(embedding)
        self.encoder = nn.Sequential(*convolutions(1, ENCODER))
        scores = 0 if self.embedding is None else CLASSES
        self.fusion = nn.Sequential(nn.Conv2d(256 + scores, 256, 1), nn.ReLU())
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
        features = self.encoder(center_lightness(lightness))
        if self.embedding is not None:
            classes = self.embedding(lightness).to(features.dtype)
            tiled = classes[:, :, None, None].expand(-1, -1, *features.shape[2:])
            features = torch.cat((features, tiled), dim=1)
        prediction: Tensor = self.decoder(self.fusion(features))
        return prediction

    def chroma(self, prediction: Tensor) -> Tensor:
        """Scale the prediction back to a*b*."""
        return prediction * CHROMA_RANGE

    def loss(self, prediction: Tensor, ab: Tensor) -> Tensor:
        """Return the mean squared error of a*b*/127."""
        return functional.mse_loss(prediction, ab / CHROMA_RANGE)
