"""The training of pix2pix: a generator against a critic, both under Adam with a falling learning rate."""

from torch import nn, optim

from ...learning.adversarial import Adversarial, ContentLoss, Player
from ...learning.network import to_device
from ...learning.perceptual import PerceptualLoss
from ...learning.training import Training
from .network import PatchCritic


def build_learner(
    training: Training, absolute: float, perceptual: float, perception: PerceptualLoss | None
) -> Adversarial:
    """Return the training step of generator and critic, with the weights of their losses.

    Without a perceptual loss its weight has no effect.
    """
    epochs = training.plan.epochs

    def player(network: nn.Module) -> Player:
        optimizer = optim.Adam(network.parameters(), lr=training.plan.learning_rate, betas=(0.5, 0.999))
        scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: min(1.0, 2 * (1 - epoch / epochs)))
        return Player(network, optimizer, scheduler)

    rate = training.plan.learning_rate
    training.trained.notes["optimizer"] = f"Adam at {rate:g}, falling to 0 over the second half"
    critic = to_device(PatchCritic(), training.device)
    content = ContentLoss(training.network, absolute, perceptual, perception)
    return Adversarial(player(training.network), player(critic), content, training.precision)
