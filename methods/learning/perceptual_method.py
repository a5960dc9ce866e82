"""The base class of methods with a perceptual loss; torch is imported only when one fits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ...datasets.base import RGB
from ..base import Context
from .method import DeepMethod
from .pretrained import PerceptualParameters, first_file, lacking, perceptual_candidates

if TYPE_CHECKING:
    from .network import ColorNetwork
    from .perceptual import PerceptualLoss


class PerceptualMethod(DeepMethod):
    """A method whose training compares features of a pretrained network, where its weights are found."""

    class Parameters(DeepMethod.Parameters, PerceptualParameters):
        """The shared parameters of training, and the network of the loss."""

    parameters: Parameters

    perception: PerceptualLoss | None = None
    """The loss, set by `prepare`; ``None`` without weights."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Files of weights of the backbone, if any, and for the perceptual loss."""
        networks = perceptual_candidates(self.parameters.perceptual_network)
        return (*super().files, *first_file(networks, "auto", self.find_weights))

    @property
    def missing_weights(self) -> tuple[str, ...]:
        """The backbone, if any, and the best network for the perceptual loss, without weights here."""
        networks = perceptual_candidates(self.parameters.perceptual_network)
        return (*super().missing_weights, *lacking(networks, "auto", self.find_weights))

    def prepare(self, network: ColorNetwork, photos: Iterable[RGB], context: Context) -> dict[str, str]:
        """Prepare the network, and load the perceptual loss if there are weights for it."""
        from .perceptual import load_perceptual_loss  # imports torch

        notes = super().prepare(network, photos, context)
        self.perception, name = load_perceptual_loss(
            self.parameters.perceptual_network, self.find_weights, context.device
        )
        return {**notes, "perceptual network": name}
