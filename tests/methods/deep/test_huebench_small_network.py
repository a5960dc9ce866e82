"""The network of `huebench-small`: shapes, frozen layers, and its loss against a plain version."""

import numpy as np
import pytest
import torch

from huebench.methods.deep.huebench_small.network import FROZEN, SATURATION, SMOOTH, SmallNetwork


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SmallNetwork()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96)])
def test_predicts_at_a_quarter_of_the_side(network, height, width):
    with torch.inference_mode():
        prediction = network.eval()(torch.rand(1, 1, height, width) * 100)
    assert prediction.shape == (1, 2, height // 4, width // 4)
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


def test_starts_near_grey(network):
    with torch.inference_mode():
        prediction = network.eval()(torch.rand(1, 1, 32, 32) * 100)
    assert 0 < prediction.abs().max() < 10


def test_enliven_multiplies_the_chroma():
    torch.manual_seed(0)
    network = SmallNetwork().eval()
    lightness = torch.rand(1, 1, 32, 32) * 100
    with torch.inference_mode():
        before = network(lightness)
        network.enliven()
        assert torch.allclose(network(lightness), before * SATURATION, rtol=1e-4)


def test_loss_matches_a_plain_version(network):
    predicted = np.array([[20.0, -30.0], [-7.0, 4.0]])  # a*b* of the two pixels of the prediction
    true = np.array([[23.0, 34.0], [-7.0, 14.0]])
    expected = np.sqrt(np.square(predicted - true).sum(1) + SMOOTH).mean()
    prediction, ab = (torch.tensor(one.T).reshape(1, 2, 1, 2) for one in (predicted, true))
    ab = ab.repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert network.loss(prediction, ab).item() == pytest.approx(expected)
