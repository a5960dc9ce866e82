"""pix2pix of Isola, Zhu, Zhou & Efros 2017."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from ....datasets.base import RGB
from ...base import Context, MethodInfo, register
from ...learning.judge import Judge, judge_files, load_perceptual_loss
from ...learning.method import DeepMethod, Schedule, Schedules

if TYPE_CHECKING:
    from ...learning.learner import Learner
    from ...learning.network import ColorNetwork


@register
class Pix2Pix(DeepMethod):
    """U-Net-256 against a 70×70 PatchGAN: adversarial, absolute and perceptual losses.

    The papers': both networks and their initialisation, Adam at 2e-4 with β₁ = 0.5, the learning rate
    falling to 0 over the second half, 100 times the absolute error, batches of 4 (Isola's for colorization),
    256², and a perceptual loss on VGG16's features. Ours: its weight of 0.1, the stages and their weights
    (fast.ai's), 20 epochs and the mirroring. Where VGG16's weights cannot be had MobileNetV2 judges, and
    where its cannot either there is no perceptual loss; the row says which.
    """

    info = MethodInfo(
        name="pix2pix",
        family="deep",
        source="Isola, Zhu, Zhou & Efros 2017, Image-to-Image Translation with Conditional Adversarial "
        "Networks, CVPR; Nayak et al., Image Coloring",
        trainable=True,
        seeded=True,
        all_threads=True,
        weights=("vgg16_bn", "mobilenetv2_100"),
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=2e-4, photos=32, min_steps=4),
        quick=Schedule(size=64, epochs=5, batch=16, learning_rate=2e-4, photos=4200, min_steps=60),
        paper=Schedule(size=256, epochs=20, batch=4, learning_rate=2e-4),
    )

    class Parameters(DeepMethod.Parameters):
        """As for every deep method, with the losses' weights."""

        size: int | None = Field(None, ge=32, description="side of training and prediction, a power of 2")
        absolute: float = Field(100.0, ge=0, description="weight of the absolute error")
        perceptual: float = Field(0.1, ge=0, description="weight of the perceptual loss")
        judge: Judge = Field("auto", description="network of the perceptual loss; auto: what has weights")

        @field_validator("size")
        @classmethod
        def _power_of_two(cls, size: int | None) -> int | None:
            if size is not None and size & (size - 1):
                raise ValueError("size must be a power of 2, such as 64, 128 or 256")
            return size

    parameters: Parameters

    @property
    def files(self) -> tuple[Path, ...]:
        """The perceptual loss's weights."""
        return judge_files(self.parameters.judge)

    def build_network(self, size: int) -> ColorNetwork:
        """Return the generator: 54,409,858 weights at 256²."""
        from .network import UNetGenerator

        return UNetGenerator(size)

    def smaller_sides(self) -> dict[int, str]:
        """Return none: the innermost of the stages, which go by the side, would have no pixel left."""
        return {}

    def prepare(self, network: ColorNetwork, packed: RGB, context: Context) -> None:
        """Load the perceptual loss where there are weights for it."""
        self._perception, self._notes["perceptual network"] = load_perceptual_loss(
            self.parameters.judge, context
        )

    def build_learner(self, network: ColorNetwork, plan: Schedule, context: Context) -> Learner:
        """Return generator and critic with their losses."""
        from torch import channels_last, device, nn, optim

        from ...learning.adversarial import Adversarial, Content, Trained
        from .network import PatchCritic

        chosen = self.parameters

        def trained(part: nn.Module) -> Trained:
            optimizer = optim.Adam(part.parameters(), lr=plan.learning_rate, betas=(0.5, 0.999))
            fall = optim.lr_scheduler.LambdaLR(
                optimizer, lambda epoch: min(1.0, 2 * (1 - epoch / plan.epochs))
            )
            return Trained(part, optimizer, fall)

        critic = PatchCritic().to(device(context.device)).to(memory_format=channels_last)
        content = Content(network, chosen.absolute, chosen.perceptual, self._perception)
        return Adversarial(trained(network), trained(critic), content, self.precision(context))
