"""What deep methods on pretrained networks share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ...datasets.base import RGB
from ..base import Context
from ..weights import local_weights
from .supervised import SupervisedMethod

if TYPE_CHECKING:
    from torch import nn

    from .network import ColorNetwork


def imagenet_file(name: str, where: str) -> tuple[Path, ...]:
    """Return the file of a timm network's ImageNet weights if one lies in a folder here, for `Method.files`.

    Weights from the hub are left out: they do not change, and a plan must not ask the network.
    """
    found = local_weights(name, where)
    return () if found is None else (found,)


def load_imagenet(network: nn.Module, name: str, where: str, context: Context) -> Literal["imagenet", "none"]:
    """Load a timm network's ImageNet weights, or leave it as it is; return which, for the method's row.

    Weights are looked for in the folder ``HUEBENCH_WEIGHTS``, in the cache of the Hugging Face hub and on
    the hub, which the ``smoke`` budget never asks.
    """
    from .weights import find_weights, load_weights

    path = find_weights(name, where, download=context.budget != "smoke")
    if path is None:
        return "none"
    load_weights(network, name, path)
    return "imagenet"


class WeightsParameters(SupervisedMethod.Parameters):
    """As for every deep method, and which pretrained weights."""

    weights: str = Field("auto", description="pretrained weights: a file, a folder, auto or none")


class BackboneMethod(SupervisedMethod):
    """A deep method whose network has a ``backbone``; its row says which weights that began with.

    Where no weights can be had, training starts from scratch.
    """

    class Parameters(WeightsParameters):
        """As for every method with pretrained weights, and of which backbone."""

        backbone: str = Field("resnet34", description="timm's name of the encoder")

    parameters: Parameters

    @property
    def files(self) -> tuple[Path, ...]:
        """The backbone's weights."""
        return imagenet_file(self.parameters.backbone, self.parameters.weights)

    def prepare(self, network: ColorNetwork, packed: RGB, context: Context) -> None:
        """Load the backbone's weights where there are any."""
        chosen = self.parameters
        features = network.get_submodule("backbone.features")
        self._notes["backbone weights"] = load_imagenet(features, chosen.backbone, chosen.weights, context)
