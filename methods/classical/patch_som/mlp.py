"""Patches, a self-organising map, and a neural network."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from threadpoolctl import threadpool_limits

from ....datasets.photos import PhotoSet
from ...base import Budget, Context, MethodInfo, register
from .codebook import Features, PatchCodebook

EPOCHS: dict[Budget, int] = {"smoke": 2, "quick": 5, "long": 20, "paper": 50}
"""Passes over the sample; the source does not say, so all are ours."""

STEPS_A_CALL = 50
"""Steps in one call of scikit-learn, which takes memory for pixels × nodes."""


@register
class PatchSomMLP(PatchCodebook):
    """Let a network with one hidden layer, trained by back-propagation, predict the node from the patch.

    The network is scikit-learn's `MLPClassifier` with Adam; its size and training are ours, because the
    source does not give them. Its probabilities replace the neighbours' votes.
    """

    class Parameters(PatchCodebook.Parameters):
        """The parameters of every patch classifier, and the network."""

        hidden: int = Field(100, ge=1, le=4096, description="units of the hidden layer")
        epochs: int | None = Field(
            None, ge=1, description="passes over the sample; None: depends on the budget"
        )
        learning_rate: float = Field(1e-3, gt=0, description="Adam's learning rate")
        batch: int = Field(1000, ge=1, description="pixels per step")

    parameters: Parameters
    info = MethodInfo(
        name="patch-som-mlp",
        family="classical",
        source="Richart & Visca 2017, Image Colorization with Neural Networks; Balamurugan et al., §2 F",
        trainable=True,
    )
    fitted = (*PatchCodebook.fitted, "scaling", "weights_in", "bias_in", "weights_out", "bias_out", "classes")
    scaling: NDArray[np.float32]
    weights_in: NDArray[np.float32]
    bias_in: NDArray[np.float32]
    weights_out: NDArray[np.float32]
    bias_out: NDArray[np.float32]
    classes: NDArray[np.intp]

    def learn(
        self, features: Features, nodes: NDArray[np.intp], validation: PhotoSet, context: Context
    ) -> None:
        """Train the network; keep its weights as plain arrays, so that no pickle is ever read."""
        from sklearn.neural_network import MLPClassifier  # slow to import

        chosen = self.parameters
        epochs = chosen.epochs or EPOCHS[context.budget]
        self.scaling = np.array(
            [features.mean(dtype=np.float64), features.std(dtype=np.float64) or 1], np.float32
        )
        # An integer would give every call of `partial_fit` the same order.
        random = np.random.RandomState(context.seed)
        network = MLPClassifier(
            (chosen.hidden,),
            learning_rate_init=chosen.learning_rate,
            batch_size=min(chosen.batch, len(features)),
            random_state=random,
        )
        classes, calls = np.unique(nodes), max(1, len(nodes) // (STEPS_A_CALL * chosen.batch))
        scaled = self._scaled(features)
        with threadpool_limits(1):  # BLAS sums in another order with other threads
            for epoch in range(epochs):
                loss = 0.0
                for part in np.array_split(random.permutation(len(nodes)), calls):
                    network.partial_fit(scaled[part], nodes[part], classes=classes)
                    loss += network.loss_ / calls
                context.progress(epoch + 1, epochs, f"training, loss {loss:.3f}")
        self.weights_in, self.weights_out = network.coefs_
        self.bias_in, self.bias_out = network.intercepts_
        self.classes = network.classes_

    def predict(self, features: Features) -> NDArray[np.float32]:
        """Run the network forward and decode its probabilities."""
        from scipy.special import log_softmax, softmax  # slow to import

        codewords = self.codewords[self.classes]
        with threadpool_limits(1):  # BLAS sums in another order with other threads
            hidden = np.maximum(self._scaled(features) @ self.weights_in + self.bias_in, 0)
            scores = hidden @ self.weights_out + self.bias_out
            if len(self.classes) == 2:  # for two classes scikit-learn has one logit and a sigmoid
                scores = np.hstack([np.zeros_like(scores), scores])
            if self.parameters.decoding == "majority":
                return np.asarray(codewords[scores.argmax(axis=1)])
            annealing = self.parameters.temperature if self.parameters.decoding == "annealed" else 1
            return np.asarray(
                softmax(log_softmax(scores, axis=1) / annealing, axis=1) @ codewords, np.float32
            )

    @property
    def parameter_count(self) -> int:
        """Weights and biases of the network."""
        arrays = ("weights_in", "bias_in", "weights_out", "bias_out")
        return sum(getattr(self, name).size for name in arrays if hasattr(self, name))

    def _scaled(self, features: Features) -> Features:
        mean, deviation = self.scaling
        return np.asarray((features - mean) / deviation, np.float32)
