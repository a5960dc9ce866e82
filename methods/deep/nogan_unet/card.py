"""The U-Net of NoGAN training, after DeOldify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from ....datasets.base import RGB
from ....datasets.photos import PhotoSet
from ...base import Budget, Context, Epoch, MethodInfo, register
from ...learning.backbone import BackboneMethod
from ...learning.judge import Judge, judge_files, load_perceptual_loss
from ...learning.method import Schedule, Schedules

if TYPE_CHECKING:
    from torch import nn

    from ...learning.adversarial import Content
    from ...learning.learner import Learner
    from ...learning.network import ColorNetwork

GROWING = (1, 2, 3)
"""Pretraining sees the photos at thirds of the final side: 64, 128 and 192 pixels under ``paper``."""

FIRST_RATE, LAST_RATE = 2e-5, 5e-6
"""Learning rates of the generator in the first and the last adversarial cycle."""

CRITIC_RATE = 1e-4
CRITIC_FACTOR = 5
"""The critic's learning rate in its pretraining, and how much faster than the generator it learns later."""

ADVERSARIAL_BETAS = (0.0, 0.9)
CONTENT_WEIGHT = 1.5
"""What the content loss counts beside the critic's verdict."""

PAPER_RENDER_FACTOR = 35


@register
class NoGanUNet(BackboneMethod):
    """A U-Net that is trained almost without a GAN, and for a moment with one.

    (1) The generator learns from absolute and perceptual loss, on photos that grow to the final side;
    (2) a critic learns to tell its colours from true ones; (3) both are set against each other for 3 % of
    the photos, and of the checkpoints taken every 0.1 % of them, or every batch where that is more, the one
    with the best validation score is kept, or the last where nothing scores. (2) and (3) are repeated.

    DeOldify's: the networks' kind, the stages, losses 1 and 1.5, the critic's threshold of 0.65 and its
    five-fold learning rate, 2e-5 falling to 5e-6, Adam's β of (0, 0.9), VGG16-bn's stages 3 to 5 weighted
    20, 70, 10, the render factor. The paper's: five cycles, 0.1 %. Ours: what `NoGanGenerator` names, the
    turns of critic and generator (DeOldify goes back to the critic after every step of the generator, here
    a critic below 0.65 stays as it is for as long as it stays below), a checkpoint no oftener than every
    batch, the inflection point by mean AuC on validation photos instead of by eye, the training lengths, and
    Adam at 1e-3 with a decay where DeOldify has a one-cycle schedule. Where VGG16's weights cannot be had
    MobileNetV2 judges, and where its cannot either only the absolute error is left; the row says which.
    """

    info = MethodInfo(
        name="nogan-unet",
        family="deep",
        source="Balamurugan et al., Grayscale Image and Video Colorization using Generative Adversarial "
        "Networks; Antic 2019, DeOldify, github.com/jantic/DeOldify",
        trainable=True,
        seeded=True,
        all_threads=True,
        weights=("resnet34", "vgg16_bn", "mobilenetv2_100"),
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=1e-3, photos=16, min_steps=1),
        quick=Schedule(size=64, epochs=2, batch=16, learning_rate=1e-3, photos=2000, min_steps=12),
        paper=Schedule(size=192, epochs=5, batch=16, learning_rate=1e-3),
    )

    class Parameters(BackboneMethod.Parameters):
        """As for every method with a backbone, and the adversarial stages."""

        size: int | None = Field(None, ge=32, multiple_of=32, description="side of the last training photos")
        cycles: int | None = Field(None, ge=0, description="adversarial cycles; None: 5 under paper, else 1")
        burst: float = Field(0.03, gt=0, le=1, description="share of the photos in an adversarial burst")
        checkpoint: float = Field(
            0.001, gt=0, le=1, description="share of the photos between checkpoints, a batch at least"
        )
        critic_width: int | None = Field(
            None, ge=8, description="channels of the critic's first layer; None: 256 under paper, else 64"
        )
        judge: Judge = Field("auto", description="network of the perceptual loss; auto: what has weights")
        render_factor: int | None = Field(
            None,
            ge=2,
            le=128,
            description="a 16th of the side of prediction; None: 35 under paper, else size",
        )

    parameters: Parameters

    @property
    def files(self) -> tuple[Path, ...]:
        """The backbone's and the perceptual loss's weights."""
        return (*super().files, *judge_files(self.parameters.judge))

    def build_network(self, size: int) -> ColorNetwork:
        """Return the generator."""
        from .network import NoGanGenerator

        return NoGanGenerator(self.parameters.backbone)

    def prepare(self, network: ColorNetwork, packed: RGB, context: Context) -> None:
        """Load the backbone's weights and the perceptual loss where there are any."""
        super().prepare(network, packed, context)
        self._perception, self._notes["perceptual network"] = load_perceptual_loss(
            self.parameters.judge, context
        )

    def content(self, network: ColorNetwork) -> Content:
        """Return the absolute error and, where there is one, the perceptual loss."""
        from ...learning.adversarial import Content

        return Content(network, 1.0, 1.0, self._perception)

    def prediction_size(self, plan: Schedule, budget: Budget) -> int:
        """Return 16 times the render factor."""
        usual = PAPER_RENDER_FACTOR if budget == "paper" else plan.size // 16
        return 16 * (self.parameters.render_factor or usual)

    def smaller_sides(self) -> dict[int, str]:
        """Return those of smaller render factors."""
        return {16 * factor: f"render_factor={factor}" for factor in range(2, self._size // 16)}

    def train_network(
        self,
        network: ColorNetwork,
        train: PhotoSet,
        validation: PhotoSet,
        plan: Schedule,
        context: Context,
        key: str,
    ) -> None:
        """Pretrain the generator on growing photos, then alternate critic pretraining and bursts."""
        from torch import channels_last, device

        from ...learning.trainer import Trainer
        from .network import NoGanCritic

        critic_width = self.parameters.critic_width or (256 if context.budget == "paper" else 64)
        critic = NoGanCritic(critic_width).to(device(context.device)).to(memory_format=channels_last)
        chosen = self.parameters
        cycles = chosen.cycles if chosen.cycles is not None else (5 if context.budget == "paper" else 1)
        sides = growing_sides(plan.size)
        photos = len(train.packed(plan.size))
        between = max(plan.batch, ceil(chosen.checkpoint * photos))
        checkpoints = ceil(chosen.burst * photos / between)
        epochs = len(sides) * plan.epochs + cycles * checkpoints

        for i, side in enumerate(sides):
            stage = _stage(context, f"generator at {side}²", i * plan.epochs, epochs)
            learner = self.build_learner(network, plan, context)
            seen = self.batches(train, side, plan.batch, context)
            shown = self.batches(validation, side, plan.batch, context)
            name = f"generator-{side}"
            Trainer(learner, seen, shown, plan.epochs, stage, key, chosen.patience, name=name).run()

        few = seen.shorter(between)  # of the last side's photos, which is the final one
        chosen_points = []
        for cycle in range(cycles):
            trained = len(sides) * plan.epochs + cycle * checkpoints
            stage = replace(_stage(context, f"critic {cycle + 1}", 0, 1), log_epoch=lambda _: None)
            learner = self._against(network, critic, CRITIC_RATE / CRITIC_FACTOR, context, pretraining=True)
            Trainer(learner, seen, shown, 1, stage, key, name=f"critic-{cycle + 1}").run()

            stage = _stage(context, f"burst {cycle + 1}", trained, epochs)
            learner = self._against(network, critic, burst_rate(cycle, cycles), context)
            score = self._score(context) if shown.photos else None
            name = f"burst-{cycle + 1}"
            burst = Trainer(learner, few, shown, checkpoints, stage, key, score=score, name=name)
            burst.run()
            if score is not None:
                chosen_points.append(f"{burst.best_epoch} of {checkpoints}")
        if chosen_points:
            self._notes["inflection points"] = ", ".join(chosen_points)

    def _against(
        self,
        network: ColorNetwork,
        critic: nn.Module,
        rate: float,
        context: Context,
        *,
        pretraining: bool = False,
    ) -> Learner:
        """Return what sets generator and critic against each other; the critic learns five times as fast."""
        from torch import optim

        from ...learning.adversarial import Content, Trained
        from .critic import Burst, CriticPretraining

        def trained(part: nn.Module, rate: float) -> Trained:
            optimizer = optim.Adam(part.parameters(), lr=rate, betas=ADVERSARIAL_BETAS)
            return Trained(part, optimizer)

        learner = CriticPretraining if pretraining else Burst
        return learner(
            trained(network, rate),
            trained(critic, CRITIC_FACTOR * rate),
            Content(network, CONTENT_WEIGHT, CONTENT_WEIGHT, self._perception),
            self.precision(context),
        )

    def _score(self, context: Context) -> Callable[[], float] | None:
        validate = context.validate
        return None if validate is None else lambda: validate(self)


def growing_sides(size: int) -> list[int]:
    """Return the sides that pretraining goes through: thirds of the last, as multiples of 32.

    Examples
    --------
    >>> growing_sides(192), growing_sides(64), growing_sides(32)
    ([64, 128, 192], [32, 64], [32])
    """
    return sorted({32 * ceil(size * part / GROWING[-1] / 32) for part in GROWING})


def burst_rate(cycle: int, cycles: int) -> float:
    """Return the generator's learning rate in an adversarial cycle, counted from 0: evenly falling in log.

    Examples
    --------
    >>> [f"{burst_rate(cycle, 3):.0e}" for cycle in range(3)]
    ['2e-05', '1e-05', '5e-06']
    """
    done = cycle / max(1, cycles - 1)
    return float(FIRST_RATE * (LAST_RATE / FIRST_RATE) ** done)


def _stage(context: Context, name: str, before: int, epochs: int) -> Context:
    """Return a context whose progress names the stage and whose curve goes on where the last one ended."""

    def progress(done: int, total: int, what: str) -> None:
        context.progress(done, total, f"{name}: {what}")

    def log_epoch(epoch: Epoch) -> None:
        context.log_epoch(replace(epoch, epoch=before + epoch.epoch, epochs=epochs))

    return replace(context, progress=progress, log_epoch=log_epoch)
