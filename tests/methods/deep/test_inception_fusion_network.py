"""Deep Koalarization against the layers that its paper lists."""

import pytest
import torch
from torch import nn

from huebench.methods.deep.inception_fusion.embedding import Embedding
from huebench.methods.deep.inception_fusion.network import InceptionFusionNetwork

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
    return InceptionFusionNetwork("mobilenetv2_100")


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


def test_the_photo_is_enlarged_to_fill_the_classifiers_square():
    """Inception-ResNet-v2 is replaced by a stand-in that keeps what it is given."""
    embedding = Embedding("inception_resnet_v2")
    seen = []
    embedding.classifier = nn.Identity()
    embedding.classifier.register_forward_pre_hook(lambda _, photos: seen.append(photos[0]))
    ramp = torch.linspace(0, 100, 64).expand(1, 1, 64, 64)
    embedding(ramp)
    assert seen[0].shape == (1, 3, 299, 299)
    assert seen[0].amin() == pytest.approx(-1)
    assert (seen[0][..., 0] == -1).all()  # no border: the first column is the photo's, and so is the last
    assert seen[0][..., -1].amin() == pytest.approx(1)
    assert torch.equal(seen[0][:, 0], seen[0][:, 2])


def test_without_a_classifier_it_is_a_plain_encoder_decoder():
    plain = InceptionFusionNetwork("none")
    assert plain.embedding is None
    assert plain.fusion[0].in_channels == 256
    assert plain(torch.full((1, 1, 16, 16), 50.0)).shape == (1, 2, 16, 16)


def test_scores_are_computed_once_per_photo_and_mirror_image_and_equal_those_alone():
    torch.manual_seed(0)
    embedding = Embedding("mobilenetv2_100")
    embedding.side = 32
    photos = 100 * torch.rand(3, 1, 16, 16)
    alone = torch.cat([embedding(photo[None]) for photo in photos])
    counted = []
    embedding.classifier.register_forward_hook(lambda *call: counted.append(len(call[1][0])))
    embedding.remember(True)
    assert torch.equal(embedding(photos), alone)
    assert torch.equal(embedding(photos[[2, 0]]), alone[[2, 0]])
    assert len(counted) == 3
    mirrored = embedding(photos.flip(3))
    assert len(counted) == 6
    assert not torch.allclose(mirrored, alone)
    embedding.remember(False)
    embedding(photos)
    assert len(counted) == 9


def test_the_inception_network_is_never_trained(network):
    before = {name: value.clone() for name, value in network.embedding.classifier.state_dict().items()}
    network.train()
    network.loss(network(100 * torch.rand(2, 1, 32, 32)), torch.zeros(2, 2, 32, 32)).backward()
    assert not network.embedding.classifier.training
    assert all(weight.grad is None for weight in network.embedding.classifier.parameters())
    assert all(
        torch.equal(value, before[name]) for name, value in network.embedding.classifier.state_dict().items()
    )


def test_inception_features_change_the_answer(network):
    network.eval()
    photo = torch.full((1, 1, 32, 32), 50.0)
    with torch.inference_mode():
        first = network(photo)
        handle = network.embedding.classifier.register_forward_hook(lambda *call: call[2] + 10)
        second = network(photo)
    handle.remove()
    assert not torch.equal(first, second)


def test_loss_is_the_squared_error_of_chroma_over_127(network):
    loss = network.loss(torch.zeros(1, 2, 4, 4), torch.full((1, 2, 4, 4), 63.5))
    assert loss.item() == pytest.approx(0.25)
    assert network.chroma(torch.ones(1)).item() == 127
