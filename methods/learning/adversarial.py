"""Training a generator against a critic, together with an absolute error and a perceptual loss."""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ...datasets.color.torch import lab_to_rgb
from .learner import Learner, Precision, Step, descend
from .network import ColorNetwork
from .perceptual import PerceptualLoss


class Player(NamedTuple):
    """One of the two networks, with its optimizer and, unless its learning rate is constant, a scheduler."""

    network: nn.Module
    optimizer: Optimizer
    scheduler: LRScheduler | None = None


class ContentLoss(nn.Module):
    """Distance from the true colours: the generator's own loss and, if given, a perceptual loss, weighted."""

    def __init__(
        self, network: ColorNetwork, own: float, perceptual: float, perception: PerceptualLoss | None
    ) -> None:
        super().__init__()
        self._loss, self._chroma = network.loss, network.chroma
        self._own, self._perceptual, self._perception = own, perceptual, perception

    def forward(self, prediction: Tensor, lightness: Tensor, ab: Tensor) -> Tensor:
        """Return the loss, a scalar, of a raw prediction."""
        loss = self._own * self._loss(prediction, ab)
        if self._perception is not None:
            rgb = lab_to_rgb(lightness, self._chroma(prediction))
            loss = loss + self._perceptual * self._perception(rgb, lab_to_rgb(lightness, ab))
        return loss


class Adversarial(Learner):
    """In each step the critic learns once from true and predicted colours, then the generator against it.

    The curve shows the content loss alone, because the adversarial loss depends on the critic as much.

    Parameters
    ----------
    generator
        A `ColorNetwork` in training.
    critic
        A network from L* and a*b* to logits of the colours being true.
    content
        The generator's other losses.
    precision
        As for `Learner`.
    """

    def __init__(self, generator: Player, critic: Player, content: ContentLoss, precision: Precision) -> None:
        parts = {"generator": generator, "critic": critic}
        super().__init__(
            {name: part.network for name, part in parts.items()},
            {name: part.optimizer for name, part in parts.items()},
            {name: part.scheduler for name, part in parts.items() if part.scheduler is not None},
            precision,
        )
        assert isinstance(generator.network, ColorNetwork)
        self._generator, self._critic, self.content = generator.network, critic.network, content
        self.chroma = generator.network.chroma

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one step of the critic and one of the generator."""
        prediction = self.predict(lightness)
        predicted = self.chroma(prediction).detach()
        critic_norm = descend(self.critic_loss(lightness, ab, predicted), self.optimizers["critic"])
        step = self.generator_step(prediction, lightness, ab)
        return replace(step, gradient_norm=torch.maximum(step.gradient_norm, critic_norm))

    def evaluate(self, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the content loss and the generator's a*b*."""
        prediction = self.predict(lightness)
        return self.content(prediction, lightness, ab), self.chroma(prediction)

    def generator_step(self, prediction: Tensor, lightness: Tensor, ab: Tensor) -> Step:
        """Take one step of the generator, given its raw prediction, on content and the critic's verdict."""
        predicted = self.chroma(prediction)
        content = self.content(prediction, lightness, ab)
        self._critic.requires_grad_(False)
        norm = descend(content + self._verdict(lightness, predicted, true=True), self.optimizers["generator"])
        self._critic.requires_grad_(True)
        return Step(content.detach(), norm, predicted.detach())

    def critic_loss(self, lightness: Tensor, ab: Tensor, predicted: Tensor) -> Tensor:
        """Return the mean of the critic's cross-entropies on true and on predicted colours."""
        return (self._verdict(lightness, ab, true=True) + self._verdict(lightness, predicted, true=False)) / 2

    def predict(self, lightness: Tensor) -> Tensor:
        """Return the generator's raw prediction in float32."""
        with self.autocast:
            prediction: Tensor = self._generator(lightness)
        return prediction.float()

    def _verdict(self, lightness: Tensor, ab: Tensor, *, true: bool) -> Tensor:
        """Return the cross-entropy of the critic's verdict with the label ``true``."""
        with self.autocast:
            logits = self._critic(lightness, ab)
        logits = logits.float()
        return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(true)))
