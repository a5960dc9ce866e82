"""The CNN–LSTM for pictures and films."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from .... import UserError
from ...base import Chroma, Context, Lightness, MethodInfo, register
from ...contract import Portable
from ...learning.method import DeepMethod
from ...learning.parameters import DecayParameters
from ...learning.schedule import Schedule, Schedules

if TYPE_CHECKING:
    from ...learning.network import ColorNetwork
    from ...learning.training import Training
    from .network import Remembering


@register
class CnnLstm(DeepMethod):
    """Five convolutions with merges, a classification of the scene, and an LSTM from frame to frame.

    The paper's: five layers of convolution and merge, each followed by batch normalisation; a fully connected
    softmax classification; the LSTM, left out for a single picture; half the squared error of a*b*. Ours, as
    the paper does not say: channels and strides; the merge (the layer's input, pooled, beside its answer);
    the scenes (eight groups of training photos by mean colour, as no set has labels for all); the LSTM's
    form (convolutional, Shi et al. 2015, arXiv:1506.04214, so that it remembers where a colour was); the
    decoder; and the training: on clips cut into pieces of a few frames, through which gradients flow, while
    the memory goes on to the next piece (truncated backpropagation through time). A quarter of the clips are
    learned without memory. The loss also has the squared error of how a*b* change from frame to frame: such
    changes are far smaller than the colours' own errors, hence its weight of 100.
    """

    info = MethodInfo(
        name="cnn-lstm",
        family="deep",
        source="Old School Image and Video Colorization (2023), after Thomas et al. 2018, ICSCET, "
        "doi:10.1109/ICSCET.2018.8537308",
        trainable=True,
        temporal=True,
        all_threads=True,
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=40, learning_rate=1e-3, min_steps=4),
        quick=Schedule(size=64, epochs=12, batch=20, learning_rate=1e-3, min_steps=100),
        long=Schedule(size=128, epochs=30, batch=40, learning_rate=1e-3, min_steps=1000),
        paper=Schedule(size=256, epochs=50, batch=40, learning_rate=1e-3),
    )

    class Parameters(DeepMethod.Parameters, DecayParameters):
        """The shared parameters of training, and those of the memory."""

        size: int | None = Field(
            None, ge=16, multiple_of=8, description="side in pixels for training and prediction"
        )
        frames: int = Field(4, ge=1, description="frames of a clip through which gradients flow")
        grain: float = Field(
            0, ge=0, le=20, description="noise in L* of every training frame, standard deviation"
        )
        steadiness: float = Field(
            100, ge=0, description="weight of the error of changes from frame to frame; 0: none"
        )
        memory: bool = Field(
            True, description="colorize with the memory of earlier frames; training is the same without"
        )

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._remembering: Remembering | None = None

    def build_network(self, size: int) -> ColorNetwork:
        """Return the network."""
        from .network import CnnLstmNetwork  # imports torch

        return CnnLstmNetwork()

    def train_network(self, training: Training) -> None:
        """Train on clips, piece by piece."""
        from .training import train_on_clips  # imports torch

        chosen = self.parameters
        train_on_clips(training, chosen.frames, chosen.grain, chosen.steadiness)

    def portable(self) -> Portable:
        """Return the network without memory; raises `UserError` with memory, or if it is not trained."""
        if self.parameters.memory:
            raise UserError(
                "cnn-lstm remembers the frames before, which a file with a contract cannot: "
                "train cnn-lstm[memory=false], and export that"
            )
        return super().portable()

    def start(self) -> None:
        """Forget the frames before."""
        self._remembering = None

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Colorize the next frames of the clip; see `DeepMethod.colorize`."""
        if not self.parameters.memory:
            return super().colorize(lightness, context)
        from ...learning.inference import TrainedNetwork  # imports torch
        from .network import CnnLstmNetwork, Remembering

        trained = self._trained_network()
        assert isinstance(trained.network, CnnLstmNetwork)
        self._remembering = self._remembering or Remembering(trained.network)
        with_memory = TrainedNetwork(self._remembering, trained.size)
        smaller = self.smaller_sides(trained.size)
        frames = [with_memory.colorize(lightness[i : i + 1], context, smaller) for i in range(len(lightness))]
        return np.concatenate(frames)
