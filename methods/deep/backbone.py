"""What deep methods on a pretrained backbone share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ...datasets.base import RGB
from ..base import Context
from .base import DeepMethod

if TYPE_CHECKING:
    from .networks.backbones import Backbone
    from .networks.base import ColorNetwork


class BackboneMethod(DeepMethod):
    """A deep method whose network has a pretrained ``backbone``; its row says which weights were had.

    Weights are looked for in the folder ``HUEBENCH_WEIGHTS``, in the cache of the Hugging Face hub and on
    the hub, which the ``smoke`` budget never asks; where there are none, training starts from scratch.
    """

    class Parameters(DeepMethod.Parameters):
        """As for every deep method, and which backbone with which weights."""

        backbone: str = Field("resnet34", description="timm's name of the encoder")
        weights: str = Field("auto", description="the encoder's weights: a file, a folder, auto or none")

    parameters: Parameters

    def prepare(self, network: ColorNetwork, packed: RGB, context: Context) -> None:
        """Load the backbone's weights where there are any."""
        from .networks.weights import find_weights, load_weights

        name = self.parameters.backbone
        path = find_weights(name, self.parameters.weights, download=context.budget != "smoke")
        if path is not None:
            backbone: Backbone = network.get_submodule("backbone")  # type: ignore[assignment]
            load_weights(backbone.features, name, path)
        self._notes["backbone weights"] = "none" if path is None else "imagenet"
