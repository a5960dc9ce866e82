"""Deep Koalarization of Baldassarre, González Morín & Rodés-Guirao 2017."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from .... import UserError
from ....datasets.base import RGB
from ...base import Context, MethodInfo, register
from ...learning.method import DeepMethod
from ...learning.parameters import SupervisedParameters
from ...learning.pretrained import (
    PretrainedPart,
    WeightsParameters,
    candidates,
    first_file,
    first_found,
    lacking,
)
from ...learning.schedule import Schedule, Schedules, ours
from ...pretrained.imagenet import IMAGENET

if TYPE_CHECKING:
    from ...learning.network import ColorNetwork
    from ...learning.training import Training

Classifier = Literal["inception_resnet_v2", "mobilenetv2_100", "tf_efficientnet_lite0"]

EMBEDDINGS: tuple[Classifier, ...] = ("inception_resnet_v2", "mobilenetv2_100", "tf_efficientnet_lite0")
"""timm's names of the frozen classifiers, best first."""

NO_EMBEDDING = "no embedding: an encoder–decoder"


@register
class InceptionFusion(DeepMethod):
    """An encoder–decoder that is given, at every pixel, the class scores of a frozen classifier.

    The paper's: the layers, Inception-ResNet-v2 as the classifier, on the photo enlarged to 299², L* in
    −1…1, a*b*/127, squared error, Adam at 1e-3, batches of 100, 224². Ours, as the paper does not say: 20
    epochs, the decay (×0.3 every third of them), the mirroring and He's initialisation; the shorter budgets
    take smaller batches. If the Inception network's weights are not found, MobileNetV2 or EfficientNet-Lite0
    gives the scores, on the photo enlarged to 224²; without any weights there is no fusion, and the method is
    a plain encoder–decoder. The row says which. The scores of each photo and of its mirror image are computed
    once in a training.
    """

    info = MethodInfo(
        name="inception-fusion",
        family="deep",
        source="Baldassarre, González Morín & Rodés-Guirao 2017, Deep Koalarization: Image Colorization "
        "using CNNs and Inception-ResNet-v2, arXiv:1712.03400",
        trainable=True,
        all_threads=True,
        weights=EMBEDDINGS,
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=1e-3, photos=32, min_steps=4),
        quick=Schedule(size=64, epochs=6, batch=20, learning_rate=1e-3, photos=4200, min_steps=60),
        long=ours(size=224, epochs=30, batch=40, learning_rate=1e-3, crop=1.0),
        paper=Schedule(size=224, epochs=20, batch=100, learning_rate=1e-3),
    )

    class Parameters(DeepMethod.Parameters, SupervisedParameters, WeightsParameters):
        """The shared parameters of training, and the classifier."""

        embedding: Literal["auto", "none"] | Classifier = Field(
            "auto", description="frozen classifier; auto: the first one whose weights are found"
        )

    parameters: Parameters

    @property
    def files(self) -> tuple[Path, ...]:
        """The file of weights of the classifier."""
        found = first_file(self._candidates(), self.parameters.weights, self.find_weights)
        return (*super().files, *found)

    @property
    def missing_weights(self) -> tuple[str, ...]:
        """The best classifier, if its weights are not here."""
        return lacking(self._candidates(), self.parameters.weights, self.find_weights)

    def choose(self, context: Context) -> dict[str, str]:
        """Return the first classifier whose weights are found."""
        found = first_found(self._candidates(), self.parameters.weights, self.find_weights)
        named = IMAGENET.get(self.parameters.embedding)
        if found is None and named is not None:
            raise UserError(f"{named.name}: {named.missing()}, or choose embedding=auto or weights=FILE")
        return {"embedding": found or NO_EMBEDDING}

    def build_network(self, size: int) -> ColorNetwork:
        """Return the network with random weights, with the chosen classifier if there is one."""
        from .network import InceptionFusionNetwork  # imports torch

        chosen = self.choices.get("embedding", EMBEDDINGS[0])
        return InceptionFusionNetwork("none" if chosen == NO_EMBEDDING else chosen)

    def pretrained(self) -> PretrainedPart | None:
        """Return the classifier."""
        chosen = self.choices["embedding"]
        if chosen == NO_EMBEDDING:
            return None
        return PretrainedPart("embedding.classifier", chosen, self.parameters.weights)

    def prepare(self, network: ColorNetwork, photos: Iterable[RGB], context: Context) -> dict[str, str]:
        """Load the classifier's weights; `choose` has found them, and names the classifier in the row."""
        super().prepare(network, photos, context)
        return {}

    def train_network(self, training: Training) -> None:
        """Train, with the class scores of each photo and its mirror image computed once.

        Those of crops are not kept, because a crop never comes again.
        """
        from .network import InceptionFusionNetwork  # imports torch

        network = training.network
        assert isinstance(network, InceptionFusionNetwork)
        if network.embedding is not None:
            network.embedding.remember(training.plan.crop == 1)
        super().train_network(training)
        if network.embedding is not None:
            network.embedding.remember(False)

    def _candidates(self) -> tuple[str, ...]:
        chosen = self.parameters.embedding
        if chosen == "none" or self.parameters.weights == "none":
            return ()
        return tuple(candidates(None if chosen == "auto" else chosen, self.parameters.weights, EMBEDDINGS))
