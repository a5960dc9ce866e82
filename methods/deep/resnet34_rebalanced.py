"""ResNet-34 classification with higher weights for rare colours, after Zhang, Isola & Efros 2016."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ..base import MethodInfo, register
from ..learning.pretrained import BACKBONES
from .resnet34_classification import ResNet34Classification

if TYPE_CHECKING:
    from ..learning.network import ColorNetwork


@register
class ResNet34Rebalanced(ResNet34Classification):
    """ResNet-34 classification with soft encoding, class rebalancing and the annealed mean.

    The paper names these as future work (its §7); the numbers are Zhang's: each true colour is shared among
    its 5 nearest bins (σ = 5), a pixel counts by w ∝ ((1 − λ)·p + λ/Q)⁻¹ of its bin with λ = 0.5, and
    T = 0.38. Ours: p is each bin's share among the training photos, not smoothed, because bins that the
    photos never show take part through λ/Q alone.
    """

    info = MethodInfo(
        name="resnet34-rebalanced",
        family="deep",
        source="Qin, Mao & Meng, Image Colorization with Deep Learning Model, §7; Zhang, Isola & Efros "
        "2016, Colorful Image Colorization, ECCV",
        trainable=True,
        all_threads=True,
        weights=BACKBONES,
    )

    class Parameters(ResNet34Classification.Parameters):
        """The parameters of the classification, and the weight of rare colours."""

        uniform: float = Field(
            0.5, gt=0, le=1, description="λ, share of the uniform prior; 1: no rebalancing"
        )

    parameters: Parameters

    def build_network(self, size: int) -> ColorNetwork:
        """Return encoder, decoder and classifier with random weights."""
        from .resnet34_classification.network import ClassificationNetwork  # imports torch

        chosen = self.parameters
        return ClassificationNetwork(self.backbone, chosen.temperature, soft=True, uniform=chosen.uniform)
