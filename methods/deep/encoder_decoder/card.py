"""The encoder–decoder CNN of Shrivastava et al. 2022."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ...base import MethodInfo, register
from ...learning.method import DeepMethod
from ...learning.parameters import SupervisedParameters
from ...learning.schedule import Schedule, Schedules, ours

if TYPE_CHECKING:
    from ...learning.network import ColorNetwork


@register
class EncoderDecoder(DeepMethod):
    """Sixteen convolution and upsampling layers, trained from scratch on the squared error of a*b*.

    From the paper: the layers, Adam at 5e-4 with a step-wise decay, batches of 40, photos of 256², and 10, 20
    or 50 epochs; ``paper`` takes 20, for which the paper shows curves. Ours, because the paper does not state
    them: the decay (×0.3 every third of the training), the mirroring, He's initialisation, and the scaling of
    input and output.
    """

    info = MethodInfo(
        name="encoder-decoder",
        family="deep",
        source="Shrivastava et al. 2022, Image Colorization: Bringing Grayscale Images to Life using Deep "
        "Learning & Computer Vision, IJIRCCE 10(7)",
        trainable=True,
        all_threads=True,
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=40, learning_rate=5e-4, photos=80, min_steps=4),
        quick=Schedule(size=64, epochs=8, batch=20, learning_rate=5e-4, photos=4200, min_steps=60),
        long=ours(size=256, epochs=30, batch=40, learning_rate=1e-3),
        paper=Schedule(size=256, epochs=20, batch=40, learning_rate=5e-4),
    )

    class Parameters(DeepMethod.Parameters, SupervisedParameters):
        """The shared parameters of training."""

        size: int | None = Field(
            None, ge=16, multiple_of=8, description="side in pixels for training and prediction"
        )

    parameters: Parameters

    def build_network(self, size: int) -> ColorNetwork:
        """Return the network with 6,219,410 weights."""
        from .network import EncoderDecoderNetwork  # imports torch

        return EncoderDecoderNetwork()
