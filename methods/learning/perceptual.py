"""Perceptual loss: the distance of two photos in the features of a classification network."""

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from ... import UserError
from ..pretrained.imagenet import IMAGENET
from ..pretrained.timm_weights import load_weights
from .pretrained import Finder, PerceptualNetwork, perceptual_candidates

FEATURES = {"vgg16_bn": (2, 3, 4), "mobilenetv2_100": (1, 2, 3)}
"""The possible networks, with their stages at a quarter, an eighth and a sixteenth of the side.

VGG16-bn's are the last features before pooling of its stages 3, 4 and 5.
"""

STAGE_WEIGHTS = (20.0, 70.0, 10.0)  #: Weights of the stages, as in fast.ai and DeOldify

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet, which both networks were trained with."""


class PerceptualLoss(nn.Module):
    """Weighted mean absolute differences of three stages' features of a frozen network of `FEATURES`."""

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


def load_perceptual_loss(
    chosen: PerceptualNetwork, find: Finder, device: str
) -> tuple[PerceptualLoss | None, PerceptualNetwork]:
    """Return a perceptual loss with pretrained weights, and its network's name for the method's row.

    Weights are looked for with ``auto``. Without them the loss is ``None`` and its name is ``none``, because
    the features of random weights measure nothing.

    Raises `UserError` if a network was named and its weights are not found.
    """
    for name in perceptual_candidates(chosen):
        path = find(name, "auto")
        if path is not None:
            loss = PerceptualLoss(name)
            load_weights(loss.features, name, path)
            return loss.to(torch.device(device)), name
    if chosen not in {"auto", "none"}:
        raise UserError(f"{chosen}: {IMAGENET[chosen].missing()}, or choose perceptual_network=auto")
    return None, "none"
