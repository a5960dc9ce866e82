"""Deep Koalarization against the layers that its paper lists."""

import pytest
import torch

from huebench.methods.deep.inception_fusion.card import INCEPTION
from huebench.methods.deep.inception_fusion.network import InceptionFusionNetwork, on_canvas

# Baldassarre et al. 2017, table 1: kernel, input channels, output channels; 1,000 classes for 1,001.
LAYERS = (
    *((3, 1, 64), (3, 64, 128), (3, 128, 128), (3, 128, 256), (3, 256, 256)),
    *((3, 256, 512), (3, 512, 512), (3, 512, 256)),
    (1, 256 + 1000, 256),
    *((3, 256, 128), (3, 128, 64), (3, 64, 64), (3, 64, 32), (3, 32, 2)),
)


@pytest.fixture(scope="module")
def network() -> InceptionFusionNetwork:
    torch.manual_seed(0)
    return InceptionFusionNetwork(INCEPTION)


def test_trained_count_follows_from_the_layer_table(network):
    trained = sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
    assert trained == sum(kernel**2 * before * after + after for kernel, before, after in LAYERS)


def test_fusion_happens_at_an_eighth_of_the_side(network):
    shapes = []
    handle = network.fusion.register_forward_hook(lambda *call: shapes.append(call[2].shape))
    with torch.inference_mode():
        prediction = network.eval()(torch.full((1, 1, 64, 64), 50.0))
    handle.remove()
    assert shapes == [(1, 256, 8, 8)]
    assert prediction.shape == (1, 2, 64, 64)


def test_the_canvas_is_299_for_224_and_padded_with_black():
    canvas = on_canvas(torch.ones(1, 1, 224, 224))
    assert canvas.shape == (1, 1, 299, 299)
    assert torch.equal(canvas[:, :, 37:261, 37:261], torch.ones(1, 1, 224, 224))
    assert canvas.sum() == 224**2 - (299**2 - 224**2)
    assert on_canvas(torch.ones(1, 1, 16, 16)).shape == (1, 1, 75, 75)


def test_the_inception_network_is_never_trained(network):
    before = {name: value.clone() for name, value in network.inception.state_dict().items()}
    network.train()
    network.loss(network(100 * torch.rand(2, 1, 32, 32)), torch.zeros(2, 2, 32, 32)).backward()
    assert not network.inception.training
    assert all(weight.grad is None for weight in network.inception.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.inception.state_dict().items())


def test_inception_features_change_the_answer(network):
    network.eval()
    photo = torch.full((1, 1, 32, 32), 50.0)
    with torch.inference_mode():
        first = network(photo)
        handle = network.inception.register_forward_hook(lambda *call: call[2] + 10)
        second = network(photo)
    handle.remove()
    assert not torch.equal(first, second)


def test_loss_is_the_squared_error_of_chroma_over_127(network):
    loss = network.loss(torch.zeros(1, 2, 4, 4), torch.full((1, 2, 4, 4), 63.5))
    assert loss.item() == pytest.approx(0.25)
    assert network.chroma(torch.ones(1)).item() == 127
