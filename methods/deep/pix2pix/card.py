"""pix2pix of Isola, Zhu, Zhou & Efros 2017."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from ....datasets.base import RGB
from ...base import Context, MethodInfo, register
from ...learning.parameters import CropParameters
from ...learning.perceptual_method import PerceptualMethod
from ...learning.pretrained import PERCEPTUAL_NETWORKS
from ...learning.schedule import Schedule, Schedules, ours

if TYPE_CHECKING:
    from ...learning.learner import Learner
    from ...learning.network import ColorNetwork
    from ...learning.training import Training


@register
class Pix2Pix(PerceptualMethod):
    """U-Net-256 against a 70×70 PatchGAN: adversarial, absolute and perceptual losses.

    The papers': both networks and their initialisation, Adam at 2e-4 with β₁ = 0.5, the learning rate
    falling to 0 over the second half, 100 times the absolute error, batches of 4 (Isola's for colorization),
    256², and a perceptual loss on VGG16's features. Ours: normalisation by instance, the perceptual loss's
    weight of 0.1, its stages and their weights (fast.ai's), 20 epochs and the mirroring. If VGG16's weights
    are not found, the perceptual loss uses MobileNetV2; without its weights there is no perceptual loss. The
    row says which.
    """

    info = MethodInfo(
        name="pix2pix",
        family="deep",
        source="Isola, Zhu, Zhou & Efros 2017, Image-to-Image Translation with Conditional Adversarial "
        "Networks, CVPR; Nayak et al., Image Coloring",
        trainable=True,
        all_threads=True,
        weights=PERCEPTUAL_NETWORKS,
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=2e-4, photos=32, min_steps=4),
        quick=Schedule(size=64, epochs=3, batch=8, learning_rate=2e-4, photos=4200, min_steps=60),
        long=ours(size=128, epochs=18, batch=16, learning_rate=2e-4, start_size=None),
        paper=Schedule(size=256, epochs=20, batch=4, learning_rate=2e-4),
    )

    class Parameters(PerceptualMethod.Parameters, CropParameters):
        """The shared parameters of training, and the losses."""

        size: int | None = Field(
            None, ge=32, description="side in pixels for training and prediction, a power of 2"
        )
        absolute: float = Field(100.0, ge=0, description="weight of the absolute error")
        perceptual: float = Field(0.1, ge=0, description="weight of the perceptual loss")

        @field_validator("size")
        @classmethod
        def _power_of_two(cls, size: int | None) -> int | None:
            if size is not None and size & (size - 1):
                raise ValueError("size must be a power of 2, such as 64, 128 or 256")
            return size

    parameters: Parameters

    def build_network(self, size: int) -> ColorNetwork:
        """Return the generator: 54,409,858 weights at 256²."""
        from .network import UNetGenerator  # imports torch

        return UNetGenerator(size)

    def smaller_sides(self, size: int) -> dict[int, str]:
        """Return none: the number of stages depends on the side, so the network takes no smaller one."""
        return {}

    @property
    def side_step(self) -> int:
        """The side that the trained generator's stages halve to one pixel: 64 for six stages.

        A smaller side would leave an inner stage a single pixel, which normalisation by instance cannot take.
        """
        from .network import UNetGenerator  # imports torch

        network = self._trained_network().network
        assert isinstance(network, UNetGenerator)
        return 1 << len(network.down)

    def prepare(self, network: ColorNetwork, photos: Iterable[RGB], context: Context) -> dict[str, str]:
        """Prepare network and perceptual loss, and note the generator's stages."""
        return {**super().prepare(network, photos, context), "generator": _stages(network)}

    def build_learner(self, training: Training) -> Learner:
        """Return generator and critic with their losses."""
        from .training import build_learner  # imports torch

        chosen = self.parameters
        return build_learner(training, chosen.absolute, chosen.perceptual, self.perception)


def _stages(network: ColorNetwork) -> str:
    """Return the number of stages and dropouts for the method's row."""
    from .network import DROPOUTS, ENCODER, UNetGenerator  # imports torch

    assert isinstance(network, UNetGenerator)
    stages = f"{len(network.down)} of {len(ENCODER)} stages"
    return f"{stages}, {network.dropouts} of {DROPOUTS} dropouts, instance normalisation"
