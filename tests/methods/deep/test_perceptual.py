"""Which network judges: VGG16 first, MobileNetV2 else, none where there are no weights."""

import pytest
import timm
import torch

from huebench import UserError
from huebench.methods.base import Context
from huebench.methods.deep.perceptual import judge_files, load_perceptual_loss
from huebench.methods.deep.weights_files import FOLDER_VARIABLE


@pytest.fixture(autouse=True)
def _nothing_found(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)


def test_without_weights_there_is_no_perceptual_loss():
    assert load_perceptual_loss("auto", Context(budget="smoke")) == (None, "none")
    assert load_perceptual_loss("none", Context()) == (None, "none")


def test_mobilenet_judges_where_vgg_is_missing(tmp_path, monkeypatch):
    torch.manual_seed(0)
    state = timm.create_model("mobilenetv2_100").state_dict()
    torch.save(state, tmp_path / "mobilenetv2_100.pth")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    loss, name = load_perceptual_loss("auto", Context(budget="smoke"))
    assert name == "mobilenetv2_100"
    assert judge_files("auto") == judge_files(name) == (tmp_path / "mobilenetv2_100.pth",)
    assert judge_files("none") == judge_files("vgg16_bn") == ()
    assert torch.equal(loss.features.state_dict()["conv_stem.weight"], state["conv_stem.weight"])


def test_a_named_judge_must_have_weights():
    with pytest.raises(UserError, match=r"no weights of vgg16_bn found: put vgg16_bn\.safetensors into"):
        load_perceptual_loss("vgg16_bn", Context(budget="smoke"))
