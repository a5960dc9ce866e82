"""ResNet-34 regression of Qin, Mao & Meng."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base import MethodInfo, register
from ...learning.method import DeepMethod
from ...learning.parameters import SupervisedParameters
from ...learning.pretrained import BACKBONES, BackboneParameters, WeightsParameters
from ...learning.schedule import Schedule, Schedules, ours

if TYPE_CHECKING:
    from ...learning.network import ColorNetwork


@register
class ResNet34Regression(DeepMethod):
    """A pretrained ResNet-34 up to conv4_x and a decoder of four stages, on the squared error of a*b*.

    The paper's: the layers of its Table 1, fine-tuning of all of them, Adam at 1e-4, batches of 128, 224².
    Ours, as the paper does not say: 20 epochs, the decay (×0.3 every third of them), the mirroring, and the
    scaling of input and output. The shorter budgets use 1e-3 and batches of 32 and 8.
    """

    info = MethodInfo(
        name="resnet34-regression",
        family="deep",
        source="Qin, Mao & Meng, Image Colorization with Deep Learning Model, §3.1",
        trainable=True,
        all_threads=True,
        weights=BACKBONES,
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=1e-3, photos=32, min_steps=4),
        quick=Schedule(size=64, epochs=8, batch=16, learning_rate=1e-3, photos=4200, min_steps=80),
        long=ours(size=224, epochs=40, batch=32, learning_rate=1e-3),
        paper=Schedule(size=224, epochs=20, batch=128, learning_rate=1e-4),
    )

    class Parameters(DeepMethod.Parameters, SupervisedParameters, WeightsParameters, BackboneParameters):
        """The shared parameters of training, and the pretrained backbone."""

    parameters: Parameters

    def build_network(self, size: int) -> ColorNetwork:
        """Return encoder and decoder with random weights."""
        from .network import RegressionNetwork  # imports torch

        return RegressionNetwork(self.backbone)
