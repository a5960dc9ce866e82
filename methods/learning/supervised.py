"""Deep methods that are trained to lower their network's own loss."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from pydantic import Field

from ..base import Context
from .method import DeepMethod, Schedule

if TYPE_CHECKING:
    from .learner import ContentLoss, Learner
    from .network import ColorNetwork


class SupervisedMethod(DeepMethod):
    """A method whose network is trained with Adam and a step-wise decay of the learning rate.

    A subclass sets `info` and `schedules` and implements `build_network`.
    """

    class Parameters(DeepMethod.Parameters):
        """As for every deep method, and how the learning rate decays."""

        decay_epochs: int | None = Field(None, ge=1, description="epochs to a decay; None: a third of all")
        decay: float = Field(0.3, gt=0, le=1, description="what a decay multiplies the learning rate by")
        compiled: bool = Field(False, description="train through torch.compile")

    parameters: Parameters

    def build_learner(self, network: ColorNetwork, plan: Schedule, context: Context) -> Learner:
        """Return Adam on `content`."""
        from torch import optim

        from .learner import Supervised

        chosen = self.parameters
        trained = [weight for weight in network.parameters() if weight.requires_grad]
        optimizer = optim.Adam(trained, lr=plan.learning_rate)
        decay_epochs = chosen.decay_epochs or ceil(plan.epochs / 3)
        scheduler = optim.lr_scheduler.StepLR(optimizer, decay_epochs, chosen.decay)
        return Supervised(
            network,
            optimizer,
            scheduler,
            self.precision(context),
            compiled=chosen.compiled,
            content=self.content(network),
        )

    def content(self, network: ColorNetwork) -> ContentLoss | None:
        """Return the loss of a raw prediction, given L* and true a*b*; ``None`` for the network's own."""
        return None
