"""Which network judges: VGG16 first, MobileNetV2 else, none where there are no weights."""

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
from huebench.methods.learning.judge import judge_files, load_perceptual_loss


@pytest.fixture(autouse=True)
def _nothing_found(monkeypatch):
    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)


def test_without_weights_there_is_no_perceptual_loss():
    assert load_perceptual_loss("auto", Context(budget="smoke")) == (None, "none")
    assert load_perceptual_loss("none", Context()) == (None, "none")


def test_mobilenet_judges_where_vgg_is_missing(tmp_path, monkeypatch):
    torch.manual_seed(0)
    state = timm.create_model("mobilenetv2_100").state_dict()
    torch.save(state, tmp_path / "mobilenetv2_100.pth")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    loss, name = load_perceptual_loss("auto", Context(budget="smoke"))
    assert name == "mobilenetv2_100"
    assert judge_files("auto") == judge_files(name) == (tmp_path / "mobilenetv2_100.pth",)
    assert judge_files("none") == judge_files("vgg16_bn") == ()
    assert torch.equal(loss.features.state_dict()["conv_stem.weight"], state["conv_stem.weight"])


def test_a_named_judge_must_have_weights():
    with pytest.raises(UserError, match=r"no weights of vgg16_bn found: put vgg16_bn\.safetensors into"):
        load_perceptual_loss("vgg16_bn", Context(budget="smoke"))


def test_weights_of_another_network_are_an_error(tmp_path, monkeypatch):
    torch.save(timm.create_model("resnet18").state_dict(), tmp_path / "mobilenetv2_100.pth")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    with pytest.raises(UserError, match=r"mobilenetv2_100\.pth' are not of mobilenetv2_100"):
        load_perceptual_loss("auto", Context(budget="smoke"))


@pytest.mark.parametrize("cls", [Pix2Pix, NoGanUNet])
def test_methods_train_with_the_published_mobilenet_and_say_so(cls, photo_set, crops, monkeypatch):
    data = os.environ.get("HUEBENCH_DATA")
    if data is None:
        pytest.skip("HUEBENCH_DATA names no folder of real photos and weights")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(Path(data) / "weights"))
    losses = {}
    for judge in ("auto", "none"):
        curve = []
        method = cls(size=32, epochs=1, batch=2, photos=4, judge=judge)
        method.fit(photo_set(crops[:4]), photo_set([]), Context(budget="smoke", log_epoch=curve.append))
        losses[judge] = curve[0].loss
        assert method.notes["perceptual network"] == {"auto": "mobilenetv2_100", "none": "none"}[judge]
    assert losses["auto"] > losses["none"]
