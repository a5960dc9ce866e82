"""The two adversarial stages of NoGAN training; the first stage is plain supervision."""

from __future__ import annotations

import torch
from torch import Tensor

from ...learning.adversarial import Adversarial
from ...learning.learner import Step, descend
from ...learning.parallel import averaged

CRITIC_THRESHOLD = 0.65
"""The generator may learn from a critic whose loss is below this: DeOldify's; a guessing one has 0.693."""


class CriticPretraining(Adversarial):
    """Teaches a critic to tell true colours from a finished generator's; the generator stays as it is.

    DeOldify saves the generator's pictures first; as it does not change, making them on the way is the same.
    """

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one step of the critic."""
        made = self._made(lightness)
        loss = self.critic_loss(lightness, ab, made)
        norm = descend(loss, self.optimizers["critic"])
        return Step(loss.detach(), norm, made)

    def evaluate(self, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the critic's loss and the generator's a*b*."""
        made = self._made(lightness)
        return self.critic_loss(lightness, ab, made), made

    def train(self, mode: bool = True) -> None:
        """Put the critic alone into training mode."""
        super().train(mode)
        self.networks["generator"].eval()

    @torch.no_grad()
    def _made(self, lightness: Tensor) -> Tensor:
        return self.chroma(self.predict(lightness))


class Burst(Adversarial):
    """Lets critic or generator learn from a batch: the critic where its loss is 0.65 or more, else the other.

    Ours: DeOldify goes back to the critic after every step of the generator (fast.ai's adaptive switcher);
    here a critic below 0.65 stays as it is for as long as it stays below. Its loss on the batch itself
    decides, so a step depends on nothing but weights and batch.
    """

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one step of either network."""
        prediction = self.predict(lightness)
        made = self.chroma(prediction).detach()
        critic_loss = self.critic_loss(lightness, ab, made)
        if averaged(critic_loss.detach()).item() < CRITIC_THRESHOLD:
            return self.generator_step(prediction, lightness, ab)
        norm = descend(critic_loss, self.optimizers["critic"])
        return Step(self.content(prediction.detach(), lightness, ab), norm, made)
