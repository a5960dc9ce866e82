"""ResNet-34 classification with rare colours weighted up, after Zhang, Isola & Efros 2016."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ...datasets.base import RGB
from ..base import Context, MethodInfo, register
from ..learning.backbone import BackboneMethod
from .resnet34_classification import SCHEDULES, BinParameters, build_classifier, count_colours

if TYPE_CHECKING:
    from ..learning.network import ColorNetwork


@register
class ResNet34Rebalanced(BackboneMethod):
    """ResNet-34 classification with soft encoding, class rebalancing and the annealed mean.

    What the paper names as future work (its §7), with Zhang's numbers: each true colour is shared among
    its 5 nearest bins (σ = 5), a pixel counts by w ∝ ((1 − λ)·p + λ/Q)⁻¹ of its bin with λ = 0.5, and
    T = 0.38. Ours: p is the share of each bin among the training photos, not smoothed, because the bins
    that photos never show take part through λ/Q alone.
    """

    info = MethodInfo(
        name="resnet34-rebalanced",
        family="deep",
        source="Qin, Mao & Meng, Image Colorization with Deep Learning Model, §7; Zhang, Isola & Efros "
        "2016, Colorful Image Colorization, ECCV",
        trainable=True,
        seeded=True,
        all_threads=True,
        weights=("resnet34",),
    )
    schedules = SCHEDULES

    class Parameters(BinParameters):
        """As for classification, and how strongly rare colours are weighted up."""

        uniform: float = Field(
            0.5, gt=0, le=1, description="λ, share of the uniform prior; 1: no rebalancing"
        )

    parameters: Parameters

    def build_network(self, size: int) -> ColorNetwork:
        """Return encoder, decoder and classifier with random weights."""
        return build_classifier(self.parameters, soft=True)

    def prepare(self, network: ColorNetwork, packed: RGB, context: Context) -> None:
        """Load the backbone's weights and count how rare each bin is among the training photos."""
        super().prepare(network, packed, context)
        count_colours(network, packed, self.parameters.uniform)
