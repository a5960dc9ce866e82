"""The perceptual loss against a plain sum over the network's features."""

import pytest
import timm
import torch

from huebench.methods.learning.perceptual import FEATURES, PerceptualLoss


@pytest.fixture(scope="module")
def loss() -> PerceptualLoss:
    torch.manual_seed(0)
    return PerceptualLoss("mobilenetv2_100")


def test_equals_the_weighted_absolute_differences_of_timms_features(loss):
    torch.manual_seed(1)
    photos = torch.rand(2, 2, 3, 32, 32)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    ours, true = (loss.features((photo - mean[:, None, None]) / deviation[:, None, None]) for photo in photos)
    stages = zip((20, 70, 10), ours, true, strict=True)
    expected = sum(weight * (a - b).abs().mean() for weight, a, b in stages)
    assert loss(*photos).item() == pytest.approx(expected.item(), rel=1e-5)


def test_equal_photos_have_no_loss_and_the_prediction_gets_a_gradient(loss):
    photo = torch.rand(1, 3, 32, 32)
    assert loss(photo, photo).item() == 0
    prediction = torch.rand(1, 3, 32, 32, requires_grad=True)
    loss(prediction, photo).backward()
    assert prediction.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in loss.parameters())


@pytest.mark.parametrize("name", FEATURES)
def test_stages_are_at_a_quarter_an_eighth_and_a_sixteenth(name):
    with torch.device("meta"):
        network = timm.create_model(name, features_only=True, out_indices=FEATURES[name])
    assert network.feature_info.reduction() == [4, 8, 16]


def test_vgg_stages_end_before_pooling():
    with torch.device("meta"):
        network = timm.create_model("vgg16_bn", features_only=True, out_indices=FEATURES["vgg16_bn"])
        whole = timm.create_model("vgg16_bn").features
    pools = [i for i, layer in enumerate(whole) if isinstance(layer, torch.nn.MaxPool2d)]
    assert network.feature_info.module_name() == [f"features.{i - 1}" for i in pools[2:5]]
