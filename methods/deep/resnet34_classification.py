"""ResNet-34 classification of Qin, Mao & Meng."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ...datasets.base import RGB
from ..base import Context, MethodInfo, register
from ..learning.backbone import BackboneMethod
from ..learning.method import Schedule, Schedules

if TYPE_CHECKING:
    from ..learning.network import ColorNetwork

SCHEDULES = Schedules(
    smoke=Schedule(size=32, epochs=1, batch=4, learning_rate=1e-3, photos=16, min_steps=4),
    quick=Schedule(size=64, epochs=6, batch=16, learning_rate=1e-3, photos=4200, min_steps=80),
    paper=Schedule(size=224, epochs=20, batch=3, learning_rate=1e-4),
)


class BinParameters(BackboneMethod.Parameters):
    """As for every method with a backbone, and how colours are read off the bins."""

    temperature: float = Field(0.38, gt=0, le=1, description="of the annealed mean; 1: mean, near 0: mode")


@register
class ResNet34Classification(BackboneMethod):
    """A pretrained ResNet-34 up to conv3_x that votes for one of 625 bins of chroma at every pixel.

    The paper's: the layers of its Table 2 (with 1×1 kernels at the end, as its text has it), bins of
    grid 10, cross-entropy with the nearest bin, Adam at 1e-4, batches of 3, 224². Ours, where it is silent:
    bins outside sRGB are masked, the last layer begins with the training photos' own shares of the bins,
    colours are read off by Zhang's annealed mean, 20 epochs, the decay and the mirroring. The shorter
    budgets learn at 1e-3 from batches of 16 and 4.
    """

    info = MethodInfo(
        name="resnet34-classification",
        family="deep",
        source="Qin, Mao & Meng, Image Colorization with Deep Learning Model, §3.2",
        trainable=True,
        seeded=True,
        all_threads=True,
        weights=("resnet34",),
    )
    schedules = SCHEDULES
    Parameters = BinParameters
    parameters: BinParameters

    def build_network(self, size: int) -> ColorNetwork:
        """Return encoder, decoder and classifier with random weights."""
        return build_classifier(self.parameters, soft=False)

    def prepare(self, network: ColorNetwork, packed: RGB, context: Context) -> None:
        """Load the backbone's weights and count how often the training photos show each bin."""
        super().prepare(network, packed, context)
        count_colours(network, packed, uniform=1.0)


def count_colours(network: ColorNetwork, packed: RGB, uniform: float) -> None:
    """Tell a classification network how often photos show each bin; ``uniform`` as for `rarity_weights`."""
    import torch

    from ...datasets.color.bins import gamut_bins
    from ..learning.resnet34 import ClassificationNetwork

    assert isinstance(network, ClassificationNetwork)
    network.begin_with(torch.from_numpy(gamut_bins().prior(packed)).float(), uniform)


def build_classifier(parameters: BinParameters, *, soft: bool) -> ColorNetwork:
    """Return a classification network over the bins that sRGB reaches."""
    import torch

    from ...datasets.color.bins import gamut_bins
    from ..learning.resnet34 import ClassificationNetwork

    nodes = torch.from_numpy(gamut_bins().nodes)
    return ClassificationNetwork(parameters.backbone, nodes, parameters.temperature, soft=soft)
