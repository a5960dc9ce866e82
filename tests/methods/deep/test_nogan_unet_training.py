"""The adversarial stages of NoGAN training: which network learns."""

import copy

import pytest
import torch
from torch import nn, optim

from huebench.methods.deep.nogan_unet.training import Burst, CriticPretraining
from huebench.methods.learning.adversarial import ContentLoss, Player

from ..learning.conftest import Generator


class Critic(nn.Module):
    def __init__(self, *, sees: bool) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.tensor(0.1))
        self.sees = sees

    def forward(self, lightness, ab):
        # The true photos' colours below are all positive, most of the made ones are not.
        seen = ab.amin(1).mean((1, 2)) if self.sees else lightness.mean((1, 2, 3))
        return self.share * seen


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return 100 * torch.rand(4, 1, 8, 8, generator=generator), 60 + 9 * torch.rand(
        4, 2, 8, 8, generator=generator
    )


def _learner(kind, *, sees: bool):
    torch.manual_seed(0)
    generator, critic = Generator(nn.BatchNorm2d(2)), Critic(sees=sees)
    parts = (Player(part, optim.SGD(part.parameters(), lr=0.01)) for part in (generator, critic))
    return kind(*parts, ContentLoss(generator, 1.5, 1.5, None), "fp32")


def _changed(learner, batch) -> set[str]:
    before = copy.deepcopy(learner.state_dict())
    learner.train()
    learner.step(*batch)
    after = learner.state_dict()
    return {
        name.removeprefix("network ")
        for name in ("network generator", "network critic")
        if any(not torch.equal(after[name][key], before[name][key]) for key in before[name])
    }


def test_pretraining_changes_the_critic_alone_statistics_included(batch):
    assert _changed(_learner(CriticPretraining, sees=True), batch) == {"critic"}


def test_pretraining_reports_the_critics_loss(batch):
    learner = _learner(CriticPretraining, sees=True)
    learner.train(mode=False)
    loss, made = learner.evaluate(*batch)
    entropy = nn.functional.softplus
    critic = learner.networks["critic"]
    expected = (entropy(-critic(*batch)).mean() + entropy(critic(batch[0], made)).mean()) / 2
    torch.testing.assert_close(loss, expected)


def test_a_burst_trains_a_critic_above_the_threshold(batch):
    learner = _learner(Burst, sees=False)
    before = learner.networks["generator"].layer[0].weight.clone()
    assert "critic" in _changed(learner, batch)
    assert torch.equal(learner.networks["generator"].layer[0].weight, before)


def test_a_burst_trains_the_generator_against_a_critic_below_the_threshold(batch):
    learner = _learner(Burst, sees=True)
    assert _changed(learner, batch) == {"generator"}


def test_the_content_loss_has_a_weight_of_one_and_a_half(batch):
    learner = _learner(Burst, sees=True)
    learner.train()
    step = learner.step(*batch)
    generator = learner.networks["generator"]
    expected = 1.5 * (step.ab / 100 - batch[1] / 100).abs().mean()
    torch.testing.assert_close(step.loss, expected)
    assert generator.training
