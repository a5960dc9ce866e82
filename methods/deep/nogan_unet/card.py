"""The U-Net of NoGAN training, after DeOldify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ...base import Budget, MethodInfo, register
from ...learning.parameters import CropParameters, OptimizerParameters
from ...learning.perceptual_method import PerceptualMethod
from ...learning.pretrained import BACKBONES, BackboneParameters, WeightsParameters
from ...learning.schedule import Schedule, Schedules, ours

if TYPE_CHECKING:
    from ...learning.network import ColorNetwork
    from ...learning.training import Training

PAPER_RENDER_FACTOR = 35


@register
class NoGanUNet(PerceptualMethod):
    """A U-Net that is trained almost without a GAN, with one only for a short time.

    (1) The generator learns from absolute and perceptual loss, on photos that grow to the final side, at a
    rate that falls with each side; (2) a critic learns to tell its colours from true ones; (3) the decoder
    and the critic are trained against each other for 3% of the photos, but above the budget smoke at least
    200 steps or, with few photos, one pass over them; the checkpoint with the best validation score is
    kept, or the last one if there are no scores. If no checkpoint is better than the generator before the
    burst, that is kept, and the row says so. (2) and (3) are repeated.

    DeOldify's: the kind of networks, the stages, losses 1 and 1.5, the rates of 1e-3, 1e-4 and 5e-5 on
    growing photos, with a thousandth for a pretrained encoder's first layers, last layers only in (3), the
    critic's width of 256 and its threshold of 0.65, its five-fold learning rate, 2e-5 falling to 5e-6,
    Adam's β of (0, 0.9), VGG16-bn's stages 3 to 5 weighted 20, 70, 10, the render factor. The paper's: five
    cycles, a checkpoint every 0.1% of the photos. Ours: the differences that `NoGanGenerator` lists, the
    turns of critic and generator (DeOldify goes back to the critic after every step of the generator;
    here a critic below 0.65 does not learn until its loss rises again), a critic 64 channels wide under
    smoke and quick, the floor of 200 steps, at most 20 checkpoints per burst (5 there), the inflection
    point by mean AuC on validation photos instead of by eye, the training lengths, one rate for an
    encoder with random weights, and Adam with a decay instead of one cycle per side. If VGG16's weights
    are not found, the perceptual loss uses MobileNetV2; without its weights only the absolute error is
    left. The row says which.
    """

    info = MethodInfo(
        name="nogan-unet",
        family="deep",
        source="Balamurugan et al., Grayscale Image and Video Colorization using Generative Adversarial "
        "Networks; Antic 2019, DeOldify, github.com/jantic/DeOldify",
        trainable=True,
        all_threads=True,
        weights=(*BACKBONES, "vgg16_bn"),
    )
    schedules = Schedules(
        smoke=Schedule(size=32, epochs=1, batch=8, learning_rate=1e-3, photos=16, min_steps=1),
        quick=Schedule(size=64, epochs=1, batch=8, learning_rate=1e-3, photos=2000, min_steps=20),
        long=ours(size=128, epochs=4, batch=16, learning_rate=1e-3, start_size=None),
        paper=Schedule(size=192, epochs=5, batch=16, learning_rate=1e-3),
    )

    class Parameters(
        PerceptualMethod.Parameters,
        OptimizerParameters,
        CropParameters,
        WeightsParameters,
        BackboneParameters,
    ):
        """The shared parameters of training, the pretrained networks, and the adversarial stages."""

        size: int | None = Field(
            None, ge=32, multiple_of=32, description="side in pixels of the last training photos"
        )
        cycles: int | None = Field(None, ge=0, description="adversarial cycles; None: 5 under paper, else 1")
        burst: float = Field(0.03, gt=0, le=1, description="share of the photos in an adversarial burst")
        burst_steps: int | None = Field(
            None,
            ge=1,
            description="steps of an adversarial burst at least; None: 200 or one pass over the "
            "photos, whichever is less; 1 under smoke",
        )
        checkpoint: float = Field(
            0.001, gt=0, le=1, description="share of the photos between checkpoints; at least one batch"
        )
        critic_width: int | None = Field(
            None,
            ge=8,
            description="channels of the critic's first layer; None: 256 under long and paper, else 64",
        )
        render_factor: int | None = Field(
            None,
            ge=2,
            le=128,
            description="side of prediction divided by 16; None: 35 under paper, else the side of training",
        )

    parameters: Parameters

    def build_network(self, size: int) -> ColorNetwork:
        """Return the generator."""
        from .network import NoGanGenerator  # imports torch

        return NoGanGenerator(self.backbone)

    def prediction_size(self, plan: Schedule, budget: Budget) -> int:
        """Return 16 times the render factor."""
        usual = PAPER_RENDER_FACTOR if budget == "paper" else plan.size // 16
        return 16 * (self.parameters.render_factor or usual)

    def smaller_sides(self, size: int) -> dict[int, str]:
        """Return the sides of smaller render factors."""
        return {16 * factor: f"render_factor={factor}" for factor in range(2, size // 16)}

    def train_network(self, training: Training) -> None:
        """Pretrain the generator on growing photos, then alternate critic pretraining and bursts."""
        from .training import Stages  # imports torch

        Stages(training, self.parameters, self.perception).run()
