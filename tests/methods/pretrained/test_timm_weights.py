"""Pretrained weights: mapped strictly, refused otherwise."""

import os
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from huebench import UserError
from huebench.methods.learning.encoders import Backbone
from huebench.methods.pretrained.reading import read_weights
from huebench.methods.pretrained.timm_weights import load_weights, match_names

NAME = "resnet18"


@pytest.fixture
def whole():
    torch.manual_seed(0)
    return timm.create_model(NAME).state_dict()


def _loaded(path: Path) -> dict[str, torch.Tensor]:
    backbone = Backbone(NAME, (1,))
    load_weights(backbone.features, NAME, path)
    return backbone.features.state_dict()


@pytest.mark.parametrize("file", ["w.safetensors", "w.pth"])
def test_the_first_stages_take_their_weights_from_the_whole_file(whole, tmp_path, file):
    save = save_file if file.endswith("safetensors") else torch.save
    save(whole, tmp_path / file)
    state = _loaded(tmp_path / file)
    torch.testing.assert_close(state["conv1.weight"], whole["conv1.weight"].sum(1, keepdim=True))
    for key in set(state) - {"conv1.weight"}:
        assert torch.equal(state[key], whole[key]), key


def test_other_names_in_the_same_order_are_mapped(whole, tmp_path):
    torch.save(
        {f"net.{i}.{key.rpartition('.')[2]}": value for i, (key, value) in enumerate(whole.items())},
        tmp_path / "w.pth",
    )
    assert torch.equal(_loaded(tmp_path / "w.pth")["layer1.0.conv1.weight"], whole["layer1.0.conv1.weight"])


def test_files_without_batch_counters_are_taken(whole, tmp_path):
    torch.save({k: v for k, v in whole.items() if not k.endswith("num_batches_tracked")}, tmp_path / "w.pth")
    assert torch.equal(_loaded(tmp_path / "w.pth")["bn1.weight"], whole["bn1.weight"])


def test_torchvisions_mobilenet_v2_becomes_timms():
    data = os.environ.get("HUEBENCH_DATA")
    if data is None:
        pytest.skip("HUEBENCH_DATA names no folder of real photos and weights")
    path = Path(data) / "weights" / "mobilenet_v2-b0353104.pth"
    published = read_weights(path)
    backbone = Backbone("mobilenetv2_100", (4,))
    load_weights(backbone.features, "mobilenetv2_100", path)
    state = backbone.features.state_dict()
    assert torch.equal(state["conv_stem.weight"], published["features.0.0.weight"].sum(1, keepdim=True))
    assert torch.equal(state["blocks.1.0.conv_pw.weight"], published["features.2.conv.0.0.weight"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("fc.bias"), "101 weights instead of 102"),
        (
            lambda state: state.update({"conv1.weight": torch.zeros(64, 3, 3, 3)}),
            r"'conv1.weight' is \(64, 3, 7, 7\)",
        ),
    ],
)
def test_weights_of_another_architecture_are_refused(whole, tmp_path, change, message):
    change(whole)
    torch.save(whole, tmp_path / "w.pth")
    with pytest.raises(UserError, match=f"are not of {NAME}: .*{message}"):
        _loaded(tmp_path / "w.pth")


def test_a_weight_is_not_mapped_to_a_bias_of_the_same_shape():
    expected = {"bn.weight": torch.ones(3), "bn.bias": torch.zeros(3)}
    with pytest.raises(UserError, match=r"'bn.weight' is \(3,\) and 'x.bias'"):
        match_names(expected, {"x.bias": torch.ones(3), "x.weight": torch.zeros(3)}, Path("w.pth"), NAME)


def test_unreadable_and_nested_files_are_refused(tmp_path):
    for file in ("w.pth", "w.safetensors"):
        (tmp_path / file).write_bytes(b"not weights")
        with pytest.raises(UserError, match=rf"{file}' cannot be read"):
            read_weights(tmp_path / file)
    with pytest.raises(UserError, match="cannot be read"):
        read_weights(tmp_path / "absent.safetensors")
    torch.save({"state_dict": {}, "epoch": 3}, tmp_path / "nested.pth")
    with pytest.raises(UserError, match="are not a state dict"):
        read_weights(tmp_path / "nested.pth")


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("convnext_atto", (0, 1)),
        ("resnetv2_50", (0, 2)),
        ("darknet53", (1, 2)),
        ("cspresnet50", (0, 2)),
        ("vgg11_bn", (1, 2)),
    ],
)
def test_names_that_timm_joins_are_taken_apart(tmp_path, name, stages):
    torch.manual_seed(0)
    whole = timm.create_model(name).eval()
    save_file(whole.state_dict(), tmp_path / "w.safetensors")
    backbone = Backbone(name, stages).eval()
    load_weights(backbone.features, name, tmp_path / "w.safetensors")
    photo = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        found = backbone.features(photo)
        expected = whole.forward_intermediates(
            photo.expand(-1, 3, -1, -1), indices=list(stages), intermediates_only=True
        )
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_a_backbone_with_other_renamed_weights_is_refused(tmp_path):
    save_file(timm.create_model("test_vit").state_dict(), tmp_path / "w.safetensors")
    backbone = Backbone("test_vit", (0, 1))
    with pytest.raises(UserError, match=r"backbone test_vit cannot take its weights from .*choose another"):
        load_weights(backbone.features, "test_vit", tmp_path / "w.safetensors")
