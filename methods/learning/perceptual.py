"""Perceptual loss: the distance of two photos in the features of a classification network."""

from __future__ import annotations

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES = {"vgg16_bn": (2, 3, 4), "mobilenetv2_100": (1, 2, 3)}
"""Networks that can serve, and their stages at a quarter, an eighth and a sixteenth of the side.

VGG16-bn's are the last features before pooling of its stages 3, 4 and 5.
"""

STAGE_WEIGHTS = (20.0, 70.0, 10.0)
"""What each stage's mean absolute difference counts: fast.ai's and DeOldify's."""

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, which both networks were trained with."""


class PerceptualLoss(nn.Module):
    """Weighted mean absolute differences of three stages' features; the network is frozen.

    Parameters
    ----------
    name
        A key of `FEATURES`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.features: nn.Module = timm.create_model(name, features_only=True, out_indices=FEATURES[name])
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(DEVIATION)[:, None, None])
        self.eval().requires_grad_(False)

    def forward(self, rgb: Tensor, true_rgb: Tensor) -> Tensor:
        """Return the loss, a scalar, of sRGB photos (N, 3, H, W), 0…1, against the true ones."""
        features = self.features((rgb - self.mean) / self.deviation)
        with torch.no_grad():
            true_features = self.features((true_rgb - self.mean) / self.deviation)
        terms = [
            weight * functional.l1_loss(ours, true)
            for weight, ours, true in zip(STAGE_WEIGHTS, features, true_features, strict=True)
        ]
        return torch.stack(terms).sum()
