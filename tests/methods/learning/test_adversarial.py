"""The adversarial step: which network learns from which loss."""

import copy

import pytest
import torch
from torch import nn, optim

from huebench.datasets.color.torch import lab_to_rgb
from huebench.methods.learning.adversarial import Adversarial, ContentLoss, Player

from .conftest import Generator


class Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 1, 3)

    def forward(self, lightness, ab):
        return self.layer(torch.cat((lightness, ab), 1) / 100)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return 100 * torch.rand(4, 1, 8, 8, generator=generator), 60 * torch.rand(4, 2, 8, 8, generator=generator)


def _learner(*, rate=0.01, critic_rate=None, own=1.0, perception=None) -> Adversarial:
    torch.manual_seed(0)

    def trained(network, rate):
        optimizer = optim.SGD(network.parameters(), lr=rate)
        return Player(network, optimizer, optim.lr_scheduler.StepLR(optimizer, 10))

    generator = Generator()
    content = ContentLoss(generator, own, 2.0, perception)
    critic = trained(Critic(), rate if critic_rate is None else critic_rate)
    return Adversarial(trained(generator, rate), critic, content, "fp32")


def test_the_critic_learns_to_tell_true_from_predicted_colors(batch):
    learner = _learner(rate=0.5, own=0.0)
    generator = learner.networks["generator"]
    before = copy.deepcopy(generator.state_dict())
    for _ in range(60):
        learner.step(*batch)
        generator.load_state_dict(before)
    critic = learner.networks["critic"]
    made = generator.chroma(generator(batch[0]))
    assert critic(*batch).mean() > critic(batch[0], made).mean() + 1


def test_the_generator_learns_to_fool_the_critic(batch):
    learner = _learner(rate=0.1, critic_rate=0.0, own=0.0)
    generator, critic = learner.networks["generator"], learner.networks["critic"]
    before = critic(batch[0], generator.chroma(generator(batch[0]))).mean().item()
    for _ in range(20):
        learner.step(*batch)
    assert critic(batch[0], generator.chroma(generator(batch[0]))).mean().item() > before + 0.1


def test_one_step_equals_plain_torch(batch):
    learner = _learner(own=3.0)
    generator, critic = (copy.deepcopy(network) for network in learner.networks.values())
    learner.step(*batch)

    lightness, ab = batch
    prediction = generator(lightness)
    made = generator.chroma(prediction)
    entropy = nn.functional.binary_cross_entropy_with_logits
    verdicts = critic(lightness, ab), critic(lightness, made.detach())
    loss = (
        entropy(verdicts[0], torch.ones_like(verdicts[0]))
        + entropy(verdicts[1], torch.zeros_like(verdicts[1]))
    ) / 2
    loss.backward()
    for weight in critic.parameters():
        weight.data -= 0.01 * weight.grad
    verdict = critic(lightness, made)
    (3 * generator.loss(prediction, ab) + entropy(verdict, torch.ones_like(verdict))).backward()
    for weight in generator.parameters():
        weight.data -= 0.01 * weight.grad
    for ours, plain in zip(learner.networks.values(), (generator, critic), strict=True):
        for weight, expected in zip(ours.parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(weight, expected)


def test_content_adds_the_perceptual_loss_of_the_photos_in_rgb(batch):
    lightness, ab = batch
    learner = _learner(own=3.0, perception=lambda rgb, true_rgb: (rgb - true_rgb).square().mean())
    generator = learner.networks["generator"]
    prediction = generator(lightness)
    difference = lab_to_rgb(lightness, generator.chroma(prediction)) - lab_to_rgb(lightness, ab)
    expected = 3 * generator.loss(prediction, ab) + 2 * difference.square().mean()
    loss, colors = learner.evaluate(lightness, ab)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(colors, generator.chroma(prediction))


def test_a_critic_without_finite_gradients_shows_in_the_norm(batch):
    learner = _learner()
    with torch.no_grad():
        learner.networks["critic"].layer.bias.fill_(float("nan"))
    assert not torch.isfinite(learner.step(*batch).gradient_norm)
