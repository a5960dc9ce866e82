"""Deep Koalarization of Baldassarre, González Morín & Rodés-Guirao 2017."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base import MethodInfo, register
from ...learning.method import DeepMethod, Schedule, Schedules, SupervisedParameters
from ...learning.pretrained import PretrainedPart, WeightsParameters

if TYPE_CHECKING:
    from ...learning.network import ColorNetwork

INCEPTION = "inception_resnet_v2"  #: timm's name of the frozen network


@register
class InceptionFusion(DeepMethod):
    """An encoder–decoder that is given, at every pixel, the class scores of a frozen Inception-ResNet-v2.

    The paper's: the layers, L* in −1…1, a*b*/127, squared error, Adam at 1e-3, batches of 100, 224². Ours,
    as the paper does not say: 20 epochs, the decay (×0.3 every third of them), the mirroring and He's
    initialisation; the shorter budgets take smaller batches. If the Inception network's weights are not
    found, it keeps its random weights and is a random projection of the photo; the row says so.
    """

    info = MethodInfo(
        name="inception-fusion",
        family="deep",
        source="Baldassarre, González Morín & Rodés-Guirao 2017, Deep Koalarization: Image Colorization "
        "using CNNs and Inception-ResNet-v2, arXiv:1712.03400",
        trainable=True,
        all_threads=True,
        weights=(INCEPTION,),
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=1e-3, photos=32, min_steps=4),
        quick=Schedule(size=64, epochs=12, batch=40, learning_rate=1e-3, photos=4200, min_steps=60),
        paper=Schedule(size=224, epochs=20, batch=100, learning_rate=1e-3),
    )

    class Parameters(DeepMethod.Parameters, SupervisedParameters, WeightsParameters):
        """The shared parameters of training, and the Inception network's weights."""

    parameters: Parameters

    def pretrained(self) -> PretrainedPart:
        """Return the Inception network."""
        return PretrainedPart("inception", INCEPTION, self.parameters.weights)

    def build_network(self, size: int) -> ColorNetwork:
        """Return the network with random weights."""
        from .network import InceptionFusionNetwork  # imports torch

        return InceptionFusionNetwork(INCEPTION)
