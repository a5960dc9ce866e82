"""ResNet-34 classification of Qin, Mao & Meng."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ...base import MethodInfo, register
from ...learning.method import DeepMethod
from ...learning.parameters import SupervisedParameters
from ...learning.pretrained import BACKBONES, BackboneParameters, WeightsParameters
from ...learning.schedule import Schedule, Schedules, ours

if TYPE_CHECKING:
    from ...learning.network import ColorNetwork


@register
class ResNet34Classification(DeepMethod):
    """A pretrained ResNet-34 up to conv3_x that classifies every pixel into one of 625 bins of chroma.

    The paper's: the layers of its Table 2 (with 1×1 kernels at the end, as its text has it), bins of
    grid 10, cross-entropy with the nearest bin, Adam at 1e-4, batches of 3, 224². Ours, as the paper does
    not say: bins outside sRGB are masked, the last layer starts from the training photos' shares of the bins,
    colours are decoded by Zhang's annealed mean, 20 epochs, the decay and the mirroring. The shorter
    budgets use 1e-3 and batches of 16 and 4.
    """

    info = MethodInfo(
        name="resnet34-classification",
        family="deep",
        source="Qin, Mao & Meng, Image Colorization with Deep Learning Model, §3.2",
        trainable=True,
        all_threads=True,
        weights=BACKBONES,
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=4, learning_rate=1e-3, photos=16, min_steps=4),
        quick=Schedule(size=64, epochs=3, batch=8, learning_rate=1e-3, photos=4200, min_steps=60),
        long=ours(size=160, epochs=30, batch=16, learning_rate=1e-3),
        paper=Schedule(size=224, epochs=20, batch=3, learning_rate=1e-4),
    )

    class Parameters(DeepMethod.Parameters, SupervisedParameters, WeightsParameters, BackboneParameters):
        """The shared parameters of training, the pretrained backbone, and the decoding of the bins."""

        temperature: float = Field(
            0.38, gt=0, le=1, description="temperature of the annealed mean; 1: mean, near 0: mode"
        )

    parameters: Parameters

    def build_network(self, size: int) -> ColorNetwork:
        """Return encoder, decoder and classifier with random weights."""
        from .network import ClassificationNetwork  # imports torch

        return ClassificationNetwork(self.backbone, self.parameters.temperature)
