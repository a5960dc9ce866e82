"""The network of `huebench-small`: shapes, soft labels, decoding, and its loss against a plain version."""

import numpy as np
import pytest
import torch

from huebench.datasets.color.bins import gamut_bins
from huebench.methods.deep.huebench_small.network import (
    BALANCE,
    DISTANCE,
    FROZEN,
    UNIFORM,
    SmallNetwork,
    soft_labels,
)

NODES = gamut_bins().nodes


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SmallNetwork(temperature=1.0)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96)])
def test_predicts_at_a_quarter_of_the_side(network, height, width):
    with torch.inference_mode():
        prediction = network.eval()(torch.rand(1, 1, height, width) * 100)
    assert prediction.shape == (1, len(NODES), height // 4, width // 4)
    assert network.decode(prediction).shape == (1, 2, height // 4, width // 4)
    assert network.chroma(prediction).shape == (1, 2, height, width)


def test_frozen_layers_keep_weights_and_statistics(network):
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(torch.rand(2, 1, 32, 32) * 100).sum().backward()
    after = network.state_dict()
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved
    assert not any(name.startswith(FROZEN) for name in moved)
    trained = {name for name, weight in network.named_parameters() if weight.grad is not None}
    assert not any(name.startswith(FROZEN) for name in trained)
    assert any(name.startswith("backbone.") for name in trained)


def test_starts_from_the_prior(network):
    prior = torch.from_numpy(np.random.default_rng(0).dirichlet(np.ones(len(NODES)))).float()
    network.set_prior(prior)
    with torch.inference_mode():
        shares = torch.softmax(network.eval()(torch.rand(1, 1, 32, 32) * 100), dim=1).mean((0, 2, 3))
    weighted = prior / ((1 - UNIFORM) * prior + UNIFORM / len(prior))
    assert torch.allclose(shares, weighted / weighted.sum(), atol=2e-3)


def test_balance_divides_the_shares_by_a_power_of_the_weights(network):
    rng = np.random.default_rng(0)
    network.set_prior(torch.from_numpy(rng.dirichlet(np.ones(len(NODES)))).float())
    before = network.bins.bias.detach().clone()
    network.balance()
    divided = torch.exp(before) / network.rarity ** (1 - BALANCE)
    assert torch.allclose(torch.exp(network.bins.bias), divided, rtol=1e-4)


def test_soft_labels_match_a_plain_version():
    bins, shares = soft_labels(torch.from_numpy(NODES))
    for a, b in ((-110, -110), (-3, 17), (0, 0), (64, 41), (110, 110)):
        squares = ((NODES - [a, b]) ** 2).sum(1)
        nearest = np.sort(squares)[:5]
        expected = np.exp(-(nearest - nearest[0]) / 50)
        place = (a + 110) * 221 + b + 110
        np.testing.assert_allclose(squares[bins[place]], nearest, rtol=1e-4)
        np.testing.assert_allclose(shares[place], expected / expected.sum(), atol=1e-4)


def test_loss_matches_a_plain_version(network):
    rng = np.random.default_rng(0)
    network.set_prior(torch.from_numpy(rng.dirichlet(np.ones(len(NODES)))).float())
    logits = rng.normal(0, 2, (1, len(NODES), 1, 2)).astype(np.float32)
    colours = np.array([[23, -34], [-7, 4]])  # of the two pixels of the prediction
    losses = []
    for pixel, colour in enumerate(colours):
        shares = np.exp(logits[0, :, 0, pixel]) / np.exp(logits[0, :, 0, pixel]).sum()
        squares = ((NODES - colour) ** 2).sum(1)
        nearest = np.argsort(squares)[:5]
        labels = np.exp(-squares[nearest] / 50) / np.exp(-squares[nearest] / 50).sum()
        distance = np.linalg.norm(shares @ NODES - colour)
        loss = -(labels * np.log(shares[nearest])).sum() + DISTANCE * distance
        losses.append(network.rarity[nearest[0]].item() * loss)
    ab = torch.from_numpy(colours.T.astype(np.float32)).reshape(1, 2, 1, 2)
    ab = ab.repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert network.loss(torch.from_numpy(logits), ab).item() == pytest.approx(np.mean(losses), rel=1e-4)


def test_low_temperatures_decode_to_the_likeliest_bin():
    network = SmallNetwork(temperature=0.01)
    logits = torch.zeros(1, len(NODES), 1, 1)
    logits[0, 40], logits[0, 90] = 1.0, 1.2
    assert torch.allclose(network.decode(logits)[0, :, 0, 0], torch.from_numpy(NODES[90]), atol=1e-3)
