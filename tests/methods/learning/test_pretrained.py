"""Files of pretrained weights are part of what a method's result depends on, and nothing is fetched."""

import socket

import pytest
import timm
import torch
from safetensors.torch import save

from huebench.files import WEIGHTS_VARIABLE
from huebench.methods.base import Context
from huebench.methods.deep.inception_fusion.card import NO_EMBEDDING, InceptionFusion
from huebench.methods.deep.nogan_unet.card import NoGanUNet
from huebench.methods.deep.pix2pix.card import Pix2Pix
from huebench.methods.deep.resnet34_regression import ResNet34Regression
from huebench.methods.from_file.external import External
from huebench.methods.pretrained import timm_weights


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def test_methods_name_the_files_that_they_read(tmp_path, monkeypatch):
    assert ResNet34Regression().files == Pix2Pix().files == ()
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    paths = {}
    for name in ("resnet34", "vgg16_bn", "mobilenetv2_100", "inception_resnet_v2"):
        paths[name] = tmp_path / f"{name}.safetensors"
        paths[name].touch()
    assert ResNet34Regression().files == (paths["resnet34"], paths["mobilenetv2_100"])  # `long` may take both
    assert ResNet34Regression(backbone="resnet34").files == (paths["resnet34"],)
    assert ResNet34Regression(weights=str(tmp_path)).files == (paths["resnet34"],)
    assert ResNet34Regression(weights="none").files == ()
    assert InceptionFusion().files == (paths["inception_resnet_v2"],)
    assert InceptionFusion(embedding="none").files == ()
    assert Pix2Pix().files == (paths["vgg16_bn"],)
    assert Pix2Pix(perceptual_network="none").files == ()
    nogan = NoGanUNet(backbone="resnet34", perceptual_network="mobilenetv2_100")
    assert nogan.files == (paths["resnet34"], paths["mobilenetv2_100"])
    assert External(file=tmp_path / "network.onnx").files == (tmp_path / "network.onnx",)


TINY = {"size": 32, "epochs": 1, "batch": 2, "photos": 4}
ENCODER = "test_resnet"
TAG = "test_resnet.r160_in1k"


def stand_in(seed: int) -> bytes:
    torch.manual_seed(seed)
    return save(timm.create_model(ENCODER).state_dict())


def test_weights_in_the_cache_of_the_hub_are_loaded_and_named(cached_by_hub, photo_set, crops, monkeypatch):
    looked_for = ResNet34Regression(**TINY, backbone=ENCODER)
    assert looked_for.files == ()
    path = cached_by_hub(TAG, stand_in(0))
    loaded = []
    monkeypatch.setattr(
        timm_weights,
        "read_weights",
        lambda path, read=timm_weights.read_weights: loaded.append(path) or read(path),
    )
    method = ResNet34Regression(**TINY, backbone=ENCODER)
    assert method.files == (path,)
    method.fit(photo_set(crops[:4]), photo_set([]), Context(budget="smoke"))
    assert method.notes["backbone weights"] == "imagenet"
    assert loaded == [path]
    looked_for.fit(photo_set(crops[:4]), photo_set([]), Context(budget="smoke"))
    assert looked_for.notes["backbone weights"] == "none", "what was not in the key must not be loaded"
    assert loaded == [path]


@pytest.mark.parametrize(
    ("cls", "options", "note"),
    [
        (ResNet34Regression, {"backbone": ENCODER}, "backbone weights"),
        (Pix2Pix, {}, "perceptual network"),
        (InceptionFusion, {}, "embedding"),
    ],
)
def test_a_fit_makes_no_connection(cls, options, note, photo_set, crops, monkeypatch):
    asked = []

    def refuse(*given: object) -> None:
        asked.append(given)
        raise OSError("a connection")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    method = cls(**TINY, **options)
    method.fit(photo_set(crops[:4]), photo_set([]), Context(budget="quick"))
    assert asked == []
    assert method.notes[note] in ("none", NO_EMBEDDING)


def test_a_method_says_which_weights_it_lacks(tmp_path, monkeypatch):
    assert ResNet34Regression().missing_weights == ("resnet34",)
    assert ResNet34Regression(weights="none").missing_weights == ()
    assert ResNet34Regression(backbone="resnet50").missing_weights == (), "no command fetches these"
    assert InceptionFusion().missing_weights == ("inception_resnet_v2",)
    assert NoGanUNet().missing_weights == ("resnet34", "vgg16_bn")
    (tmp_path / "vgg16_bn.pth").touch()
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    assert Pix2Pix().missing_weights == ()
