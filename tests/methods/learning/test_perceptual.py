"""The perceptual loss against a plain sum over its features, and the choice of its network."""

import os
from pathlib import Path

import pytest
import timm
import torch

from huebench import UserError
from huebench.files import WEIGHTS_VARIABLE
from huebench.methods.base import Context
from huebench.methods.deep.nogan_unet.card import NoGanUNet
from huebench.methods.deep.pix2pix.card import Pix2Pix
from huebench.methods.learning.perceptual import FEATURES, PerceptualLoss, load_perceptual_loss
from huebench.methods.pretrained.imagenet import find_weights


@pytest.fixture(autouse=True)
def _no_weights_found(monkeypatch):
    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)


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


def test_without_weights_there_is_no_perceptual_loss():
    assert load_perceptual_loss("auto", find_weights, "cpu") == (None, "none")
    assert load_perceptual_loss("none", find_weights, "cpu") == (None, "none")


def test_mobilenet_is_used_if_vgg_is_missing(tmp_path, monkeypatch):
    torch.manual_seed(0)
    state = timm.create_model("mobilenetv2_100").state_dict()
    torch.save(state, tmp_path / "mobilenetv2_100.pth")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    loss, name = load_perceptual_loss("auto", find_weights, "cpu")
    assert name == "mobilenetv2_100"
    assert Pix2Pix().files == Pix2Pix(perceptual_network=name).files == (tmp_path / "mobilenetv2_100.pth",)
    assert Pix2Pix(perceptual_network="none").files == Pix2Pix(perceptual_network="vgg16_bn").files == ()
    assert torch.equal(loss.features.state_dict()["conv_stem.weight"], state["conv_stem.weight"])


def test_a_named_perceptual_network_must_have_weights():
    with pytest.raises(UserError, match=r"vgg16_bn: weights not found: bench weights get vgg16_bn, or"):
        load_perceptual_loss("vgg16_bn", find_weights, "cpu")


def test_weights_of_another_network_are_an_error(tmp_path, monkeypatch):
    torch.save(timm.create_model("resnet18").state_dict(), tmp_path / "mobilenetv2_100.pth")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    with pytest.raises(UserError, match=r"mobilenetv2_100\.pth' are not of mobilenetv2_100"):
        load_perceptual_loss("auto", find_weights, "cpu")


@pytest.mark.parametrize("cls", [Pix2Pix, NoGanUNet])
def test_methods_train_with_the_published_mobilenet_and_say_so(cls, photo_set, crops, monkeypatch):
    data = os.environ.get("HUEBENCH_DATA")
    if data is None:
        pytest.skip("HUEBENCH_DATA names no folder of real photos and weights")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(Path(data) / "weights"))
    losses = {}
    for chosen in ("auto", "none"):
        curve = []
        method = cls(size=32, epochs=1, batch=2, photos=4, perceptual_network=chosen)
        method.fit(photo_set(crops[:4]), photo_set([]), Context(budget="smoke", log_epoch=curve.append))
        losses[chosen] = curve[0].loss
        assert method.notes["perceptual network"] == {"auto": "mobilenetv2_100", "none": "none"}[chosen]
    assert losses["auto"] > losses["none"]
