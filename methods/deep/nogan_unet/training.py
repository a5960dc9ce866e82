"""The stages of NoGAN training, and what generator and critic learn in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn, optim

from ...base import Context, Epoch
from ...learning.adversarial import Adversarial, ContentLoss, Player
from ...learning.data import LabBatches
from ...learning.learner import Precision, Step, descend
from ...learning.network import to_device
from ...learning.parallel import mean_over_processes
from ...learning.perceptual import PerceptualLoss
from ...learning.reproducible import epoch_seed
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

PARTS = 100  #: Parts of an epoch in which progress is counted

SIDE_RATES = (1.0, 0.1, 0.05)
"""Factors of the learning rate on growing photos: DeOldify's 1e-3, 1e-4 and 5e-5."""

ENCODER_RATES = {
    "backbone.features.bn1": 1e-3,
    "backbone.features.conv1": 1e-3,
    "backbone.features.layer1": 1e-3,
    "backbone.features.layer2": 1e-3,
    "backbone.": 1e-3**0.5,
}
"""Discriminative rates of a pretrained encoder, by prefix: a thousandth of the decoder's rate for the first
of fast.ai's two groups of ResNet's layers, and the geometric mean for the second and for other encoders."""

LEAST_STEPS = 200
"""Steps of an adversarial burst at least, above smoke, but no more than `MOST_PASSES` over the photos."""

MOST_PASSES = 1
"""Passes over few photos that a burst may be stretched to: a critic learns them by heart in more."""

MOST_CHECKPOINTS, FEW_CHECKPOINTS = 20, 5
"""Checkpoints of a burst at most, as each is scored on validation photos; the second for shorter budgets."""

CRITIC_WIDTH, SMALL_CRITIC_WIDTH = 256, 64
"""Channels of the critic's first layer: DeOldify's, and those of the shorter budgets."""

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
class Bursts:
    """The lengths of the adversarial bursts: steps in all, and between two checkpoints."""

    steps: int
    between: int

    @property
    def checkpoints(self) -> int:
        """Number of checkpoints in a burst."""
        return ceil(self.steps / self.between)


@dataclass(frozen=True)
class Course:
    """The whole training, of which each stage is a part in progress and curves.

    Parameters
    ----------
    context
        That of the training.
    epochs
        Number of epochs in its curves.
    critics
        Number of pretrainings of critics, each an epoch that has no curve.
    """

    context: Context
    epochs: int
    critics: int

    def stage(self, name: str, before: int, epochs: int, critics: int = 0) -> Context:
        """Return a context whose progress names the stage, and whose curve continues the previous one.

        Parameters
        ----------
        name
            The stage.
        before, critics
            Number of epochs in the curves, and of pretrainings of critics, before it.
        epochs
            Number of its own epochs.
        """

        def progress(done: int, total: int, what: str) -> None:
            place = before + critics + epochs * done / total
            self.context.progress(
                round(PARTS * place), PARTS * (self.epochs + self.critics), f"{name}: {what}"
            )

        def log_epoch(epoch: Epoch) -> None:
            self.context.log_epoch(replace(epoch, epoch=before + epoch.epoch, epochs=self.epochs))

        return replace(self.context, progress=progress, log_epoch=log_epoch)


@dataclass(frozen=True)
class Stages:
    """The stages of one NoGAN training: growing photos, then critic and burst in turns.

    Parameters
    ----------
    training
        The training, with the generator as its network. If it has a score, the best checkpoint of a burst is
        kept, else the last one.
    parameters
        The method's parameters.
    perception
        The perceptual loss, or ``None``.
    """

    training: Training
    parameters: NoGanUNet.Parameters
    perception: PerceptualLoss | None

    def run(self) -> None:
        """Pretrain the generator, then repeat critic pretraining and burst; note what was done."""
        plan, notes = self.training.plan, self.training.trained.notes
        cycles, bursts = self._cycles, self._bursts()
        sides = growing_sides(plan.size)
        before = len(sides) * plan.epochs
        course = Course(self.training.context, before + cycles * bursts.checkpoints, cycles)
        seen, shown = self._pretrain(sides, course)
        if not cycles:
            return
        width = self.parameters.critic_width or (CRITIC_WIDTH if self._full else SMALL_CRITIC_WIDTH)
        # Seeded here, because a resumed training does not draw what an uninterrupted one has drawn before.
        torch.manual_seed(epoch_seed(self.training.context.seed, 0, "critic"))
        critic = to_device(NoGanCritic(width), self.training.device)
        self.training.network.get_submodule("backbone").requires_grad_(False)
        kept = []
        for cycle in range(cycles):
            epochs = before + cycle * bursts.checkpoints
            context = course.stage(f"critic {cycle + 1}", epochs, 1, critics=cycle)
            self._pretrain_critic(cycle, critic, seen, shown, context)
            context = course.stage(f"burst {cycle + 1}", epochs, bursts.checkpoints, critics=cycle + 1)
            few = seen.shorter(bursts.between * plan.batch)
            kept.append(self._burst(cycle, critic, few, shown, bursts.checkpoints, context))
        few_steps = len(few) * bursts.checkpoints
        notes["critic"] = f"{width} channels in the first layer, DeOldify's has {CRITIC_WIDTH}"
        notes["bursts"] = f"{cycles} of {few_steps} steps, {bursts.checkpoints} checkpoints, decoder only"
        if self.training.score is not None and shown.photos:
            notes["inflection points"] = ", ".join(
                f"{best} of {bursts.checkpoints}" if best else "none: no checkpoint of the burst helped"
                for best in kept
            )

    @property
    def _full(self) -> bool:
        return self.training.context.budget in {"long", "paper"}

    @property
    def _cycles(self) -> int:
        usual = 5 if self.training.context.budget == "paper" else 1
        return usual if self.parameters.cycles is None else self.parameters.cycles

    def _bursts(self) -> Bursts:
        """Return the lengths of bursts: a share of the photos, but not fewer steps than the floor."""
        chosen, batch, photos = self.parameters, self.training.plan.batch, len(self.training.chosen)
        passes = MOST_PASSES * ceil(photos / batch)
        floor = 1 if self.training.context.budget == "smoke" else min(LEAST_STEPS, passes)
        steps = max(ceil(chosen.burst * photos / batch), chosen.burst_steps or floor)
        most_often = ceil(steps / (MOST_CHECKPOINTS if self._full else FEW_CHECKPOINTS))
        between = max(most_often, ceil(chosen.checkpoint * photos / batch))
        return Bursts(steps, min(between, max(1, photos // batch)))

    def _pretrain(self, sides: Sequence[int], course: Course) -> tuple[LabBatches, LabBatches]:
        """Train the generator on growing photos, each side at a lower rate; return the last batches."""
        training, network = self.training, self.training.network
        pretrained = training.trained.notes["backbone weights"] != "none"
        falls = rates_of(len(sides))
        told = []
        for i, (side, fall) in enumerate(zip(sides, falls, strict=True)):
            batches, last = training.batches(side), i == len(sides) - 1
            epochs = training.plan.epochs
            context = course.stage(f"generator at {side}²", i * epochs, epochs)
            factors = {
                prefix: fall * (factor if pretrained else 1) for prefix, factor in ENCODER_RATES.items()
            }
            learner = training.supervised(
                ContentLoss(network, 1.0, 1.0, self.perception), {**factors, "": fall}
            )
            trainer = Trainer(
                learner,
                *batches,
                epochs,
                context,
                training.key,
                training.habits if last else replace(training.habits, keep_best=False, patience=None),
                training.score,
                name=f"generator-{side}",
            )
            trainer.run()
            facts = trainer.facts()
            told.append(f"{facts['epochs']} at a rate of {fall * training.plan.learning_rate:g}")
        encoder = "discriminative rates" if pretrained else "one rate, as its encoder is not pretrained"
        training.trained.notes |= facts | {"epochs": "; ".join(told), "generator": encoder}
        return batches

    def _pretrain_critic(
        self, cycle: int, critic: nn.Module, seen: LabBatches, shown: LabBatches, context: Context
    ) -> None:
        learner = CriticPretraining(*self._adversaries(critic, CRITIC_RATE / CRITIC_FACTOR))
        Trainer(
            learner,
            seen,
            shown,
            1,
            replace(context, log_epoch=lambda _: None),
            self.training.key,
            name=f"critic-{cycle + 1}",
        ).run()

    def _burst(
        self,
        cycle: int,
        critic: nn.Module,
        few: LabBatches,
        shown: LabBatches,
        checkpoints: int,
        context: Context,
    ) -> int:
        """Train both against each other; return the checkpoint that was kept, 0 for none."""
        trainer = Trainer(
            Burst(*self._adversaries(critic, burst_rate(cycle, self._cycles))),
            few,
            shown,
            checkpoints,
            context,
            self.training.key,
            Habits(keep_best=self.training.score is not None),
            self.training.score,
            may_keep_none=True,
            name=f"burst-{cycle + 1}",
        )
        trainer.run()
        return trainer.best_epoch

    def _adversaries(self, critic: nn.Module, rate: float) -> tuple[Player, Player, ContentLoss, Precision]:
        """Return generator and critic with new optimizers, the content loss and the precision.

        Of the generator only the decoder learns: fast.ai's last group of layers.
        """

        def player(network: nn.Module, rate: float) -> Player:
            weights = [weight for weight in network.parameters() if weight.requires_grad]
            return Player(network, optim.Adam(weights, lr=rate, betas=ADVERSARIAL_BETAS))

        network = self.training.network
        return (
            player(network, rate),
            player(critic, CRITIC_FACTOR * rate),
            ContentLoss(network, CONTENT_WEIGHT, CONTENT_WEIGHT, self.perception),
            self.training.precision,
        )


def rates_of(sides: int) -> tuple[float, ...]:
    """Return the factor of the learning rate at each side of pretraining, DeOldify's at its three sides.

    >>> rates_of(3), rates_of(2), rates_of(1)
    ((1.0, 0.1, 0.05), (1.0, 0.1), (1.0,))
    """
    return SIDE_RATES[:sides]


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
