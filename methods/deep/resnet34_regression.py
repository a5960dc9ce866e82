"""ResNet-34 regression of Qin, Mao & Meng."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import MethodInfo, register
from ..learning.backbone import BackboneMethod
from ..learning.method import Schedule, Schedules

if TYPE_CHECKING:
    from ..learning.network import ColorNetwork


@register
class ResNet34Regression(BackboneMethod):
    """A pretrained ResNet-34 up to conv4_x and a decoder of four stages, on the squared error of a*b*.

    The paper's: the layers of its Table 1, fine-tuning of all of them, Adam at 1e-4, batches of 128, 224².
    Ours, where it is silent: 20 epochs, the decay (×0.3 every third of them), the mirroring, and the
    scaling of input and output. The shorter budgets learn at 1e-3 from batches of 32 and 8.
    """

    info = MethodInfo(
        name="resnet34-regression",
        family="deep",
        source="Qin, Mao & Meng, Image Colorization with Deep Learning Model, §3.1",
        trainable=True,
        seeded=True,
        all_threads=True,
        weights=("resnet34",),
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=1e-3, photos=32, min_steps=4),
        quick=Schedule(size=64, epochs=15, batch=32, learning_rate=1e-3, photos=4200, min_steps=80),
        paper=Schedule(size=224, epochs=20, batch=128, learning_rate=1e-4),
    )

    def build_network(self, size: int) -> ColorNetwork:
        """Return encoder and decoder with random weights."""
        from ..learning.resnet34 import RegressionNetwork

        return RegressionNetwork(self.parameters.backbone)
