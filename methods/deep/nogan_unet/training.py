"""The stages of NoGAN training, and what generator and critic learn in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn, optim

from ...base import Context, Epoch
from ...learning.adversarial import Adversarial, ContentLoss, Player
from ...learning.learner import Precision, Step, descend
from ...learning.network import to_device
from ...learning.parallel import mean_over_processes
from ...learning.perceptual import PerceptualLoss
from ...learning.trainer import Habits, Trainer
from ...learning.training import Training
from .network import NoGanCritic

if TYPE_CHECKING:
    from .card import NoGanUNet

GROWING = (1, 2, 3)  #: Pretraining uses thirds of the final side: 64, 128 and 192 pixels under ``paper``

FIRST_RATE, LAST_RATE = 2e-5, 5e-6
"""Learning rates of the generator in the first and the last adversarial cycle."""

CRITIC_RATE = 1e-4
CRITIC_FACTOR = 5  #: The critic's learning rate in its pretraining, and its ratio to the generator's later on

ADVERSARIAL_BETAS = (0.0, 0.9)
CONTENT_WEIGHT = 1.5  #: Weight of the content loss relative to the critic's verdict

CRITIC_THRESHOLD = 0.65
"""The generator learns from a critic whose loss is below this, as in DeOldify; guessing gives 0.693."""


class CriticPretraining(Adversarial):
    """Train the critic to tell true colours from those of a generator that no longer changes.

    DeOldify saves the generator's pictures first; predicting them during training gives the same pictures.
    """

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one step of the critic."""
        predicted = self._predicted(lightness)
        loss = self.critic_loss(lightness, ab, predicted)
        norm = descend(loss, self.optimizers["critic"])
        return Step(loss.detach(), norm, predicted)

    def evaluate(self, lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return the critic's loss and the generator's a*b*."""
        predicted = self._predicted(lightness)
        return self.critic_loss(lightness, ab, predicted), predicted

    def train(self, mode: bool = True) -> None:
        """Put only the critic into training mode."""
        super().train(mode)
        self.networks["generator"].eval()

    @torch.no_grad()
    def _predicted(self, lightness: Tensor) -> Tensor:
        return self.chroma(self.predict(lightness))


class Burst(Adversarial):
    """Train the critic on a batch if its loss there is 0.65 or more, else the generator.

    Ours: DeOldify goes back to the critic after every step of the generator (fast.ai's adaptive switcher);
    here a critic below 0.65 does not learn until its loss rises again. Its loss on the batch itself decides,
    so a step depends on weights and batch alone.
    """

    def step(self, lightness: Tensor, ab: Tensor) -> Step:
        """Take one step of either network."""
        prediction = self.predict(lightness)
        predicted = self.chroma(prediction).detach()
        critic_loss = self.critic_loss(lightness, ab, predicted)
        if mean_over_processes(critic_loss.detach()).item() < CRITIC_THRESHOLD:
            return self.generator_step(prediction, lightness, ab)
        norm = descend(critic_loss, self.optimizers["critic"])
        return Step(self.content(prediction.detach(), lightness, ab), norm, predicted)


@dataclass(frozen=True)
class Stages:
    """The stages of one NoGAN training: growing photos, then critic and burst in turns.

    Parameters
    ----------
    training
        The training, with the generator as its network.
    parameters
        The method's parameters.
    perception
        The perceptual loss, or ``None``.
    score
        Scores the generator on validation photos; the best checkpoint of a burst is kept. ``None`` keeps
        the last one.
    """

    training: Training
    parameters: NoGanUNet.Parameters
    perception: PerceptualLoss | None
    score: Callable[[], float] | None

    def run(self) -> None:
        """Pretrain the generator, then repeat critic pretraining and burst."""
        training, plan, key, chosen = self.training, self.training.plan, self.training.key, self.parameters
        paper = training.context.budget == "paper"
        cycles = (5 if paper else 1) if chosen.cycles is None else chosen.cycles
        critic = NoGanCritic(chosen.critic_width or (256 if paper else 64))
        critic = to_device(critic, training.device)
        sides = growing_sides(plan.size)
        photos = len(training.chosen)
        between = max(plan.batch, ceil(chosen.checkpoint * photos))
        checkpoints = ceil(chosen.burst * photos / between)
        epochs = len(sides) * plan.epochs + cycles * checkpoints

        for i, side in enumerate(sides):
            stage = _stage(training.context, f"generator at {side}²", i * plan.epochs, epochs)
            learner = training.supervised(ContentLoss(training.network, 1.0, 1.0, self.perception))
            seen, shown = training.batches(side)
            name = f"generator-{side}"
            Trainer(learner, seen, shown, plan.epochs, stage, key, training.habits, name=name).run()

        few = seen.shorter(between)  # the last side is the final one
        score = self.score if shown.photos else None
        best = Habits(keep_best=score is not None)
        points = []
        for cycle in range(cycles):
            trained = len(sides) * plan.epochs + cycle * checkpoints
            stage = _stage(training.context, f"critic {cycle + 1}", 0, 1)
            stage = replace(stage, log_epoch=lambda _: None)
            pretraining = CriticPretraining(*self._adversaries(critic, CRITIC_RATE / CRITIC_FACTOR))
            Trainer(pretraining, seen, shown, 1, stage, key, name=f"critic-{cycle + 1}").run()

            stage = _stage(training.context, f"burst {cycle + 1}", trained, epochs)
            burst = Burst(*self._adversaries(critic, burst_rate(cycle, cycles)))
            name = f"burst-{cycle + 1}"
            trainer = Trainer(
                burst, few, shown, checkpoints, stage, key, best, score, may_keep_none=True, name=name
            )
            trainer.run()
            if score is not None:
                points.append(f"{trainer.best_epoch} of {checkpoints}")
        if points:
            training.trained.notes["inflection points"] = ", ".join(points)

    def _adversaries(self, critic: nn.Module, rate: float) -> tuple[Player, Player, ContentLoss, Precision]:
        """Return generator and critic with new optimizers, the content loss and the precision."""

        def player(network: nn.Module, rate: float) -> Player:
            return Player(network, optim.Adam(network.parameters(), lr=rate, betas=ADVERSARIAL_BETAS))

        network = self.training.network
        return (
            player(network, rate),
            player(critic, CRITIC_FACTOR * rate),
            ContentLoss(network, CONTENT_WEIGHT, CONTENT_WEIGHT, self.perception),
            self.training.precision,
        )


def growing_sides(size: int) -> list[int]:
    """Return the sides of pretraining: thirds of the last one, as multiples of 32.

    >>> growing_sides(192), growing_sides(64), growing_sides(32)
    ([64, 128, 192], [32, 64], [32])
    """
    return sorted({32 * ceil(size * part / GROWING[-1] / 32) for part in GROWING})


def burst_rate(cycle: int, cycles: int) -> float:
    """Return the generator's learning rate in an adversarial cycle, counted from 0: log-linear decay.

    >>> [f"{burst_rate(cycle, 3):.0e}" for cycle in range(3)]
    ['2e-05', '1e-05', '5e-06']
    """
    done = cycle / max(1, cycles - 1)
    return float(FIRST_RATE * (LAST_RATE / FIRST_RATE) ** done)


def _stage(context: Context, name: str, before: int, epochs: int) -> Context:
    """Return a context whose progress names the stage, and whose curve continues the previous one."""

    def progress(done: int, total: int, what: str) -> None:
        context.progress(done, total, f"{name}: {what}")

    def log_epoch(epoch: Epoch) -> None:
        context.log_epoch(replace(epoch, epoch=before + epoch.epoch, epochs=epochs))

    return replace(context, progress=progress, log_epoch=log_epoch)
