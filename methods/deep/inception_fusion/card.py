"""Deep Koalarization of Baldassarre, González Morín & Rodés-Guirao 2017."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ....datasets.base import RGB
from ...base import Context, MethodInfo, register
from ...learning.backbone import WeightsParameters, imagenet_file, load_imagenet
from ...learning.method import Schedule, Schedules
from ...learning.supervised import SupervisedMethod

if TYPE_CHECKING:
    from ...learning.network import ColorNetwork

INCEPTION = "inception_resnet_v2"
"""timm's name of the frozen network."""


@register
class InceptionFusion(SupervisedMethod):
    """An encoder–decoder that is told, at every pixel, what a frozen Inception-ResNet-v2 sees in the photo.

    The paper's: the layers, L* in −1…1, a*b*/127, squared error, Adam at 1e-3, batches of 100, 224². Ours,
    where it is silent: 20 epochs, the decay (×0.3 every third of them), the mirroring and He's
    initialisation; the shorter budgets take smaller batches. Where the Inception network's weights cannot
    be had, it stays as it was initialised: a random projection of the photo, which the row says.
    """

    info = MethodInfo(
        name="inception-fusion",
        family="deep",
        source="Baldassarre, González Morín & Rodés-Guirao 2017, Deep Koalarization: Image Colorization "
        "using CNNs and Inception-ResNet-v2, arXiv:1712.03400",
        trainable=True,
        seeded=True,
        all_threads=True,
        weights=("inception_resnet_v2",),
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=1e-3, photos=32, min_steps=4),
        quick=Schedule(size=64, epochs=12, batch=40, learning_rate=1e-3, photos=4200, min_steps=60),
        paper=Schedule(size=224, epochs=20, batch=100, learning_rate=1e-3),
    )

    class Parameters(WeightsParameters):
        """As for every deep method, and the Inception network's weights."""

    parameters: Parameters

    @property
    def files(self) -> tuple[Path, ...]:
        """The Inception network's weights."""
        return imagenet_file(INCEPTION, self.parameters.weights)

    def build_network(self, size: int) -> ColorNetwork:
        """Return the network with random weights."""
        from .network import InceptionFusionNetwork

        return InceptionFusionNetwork(INCEPTION)

    def prepare(self, network: ColorNetwork, packed: RGB, context: Context) -> None:
        """Load the Inception network's weights where there are any."""
        inception = network.get_submodule("inception")
        self._notes["backbone weights"] = load_imagenet(
            inception, INCEPTION, self.parameters.weights, context
        )
