"""Files of pretrained weights: found by name on disk, and part of what a method's result depends on."""

import pytest

from huebench.files import WEIGHTS_VARIABLE
from huebench.methods.deep.inception_fusion.card import InceptionFusion
from huebench.methods.deep.nogan_unet.card import NoGanUNet
from huebench.methods.deep.pix2pix.card import Pix2Pix
from huebench.methods.deep.resnet34_regression import ResNet34Regression
from huebench.methods.from_file.external import External
from huebench.methods.learning.pretrained import local_weights


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def test_auto_looks_into_the_folder_of_the_environment(tmp_path, monkeypatch):
    assert local_weights("resnet18", "auto") is None
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    assert local_weights("resnet18", "auto") is None
    for file in ("resnet18-5c106cde.pth", "resnet18.pth", "resnet18.safetensors"):
        (tmp_path / file).touch()
        assert local_weights("resnet18", "auto") == tmp_path / file
    (tmp_path / "mobilenet_v2-b0353104.pth").touch()
    assert local_weights("mobilenetv2_100", "auto").name == "mobilenet_v2-b0353104.pth"
    assert local_weights("resnet18", "none") is None


def test_methods_name_the_files_that_they_read(tmp_path, monkeypatch):
    assert ResNet34Regression().files == Pix2Pix().files == ()
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    paths = {}
    for name in ("resnet34", "vgg16_bn", "mobilenetv2_100", "inception_resnet_v2"):
        paths[name] = tmp_path / f"{name}.safetensors"
        paths[name].touch()
    perceptual = (paths["vgg16_bn"], paths["mobilenetv2_100"])
    assert ResNet34Regression().files == (paths["resnet34"], paths["mobilenetv2_100"])  # `long` may take both
    assert ResNet34Regression(backbone="resnet34").files == (paths["resnet34"],)
    assert ResNet34Regression(weights=str(tmp_path)).files == (paths["resnet34"],)
    assert ResNet34Regression(weights="none").files == ()
    assert InceptionFusion().files == (paths["inception_resnet_v2"], paths["mobilenetv2_100"])
    assert InceptionFusion(embedding="none").files == ()
    assert Pix2Pix().files == perceptual
    assert Pix2Pix(perceptual_network="none").files == ()
    nogan = NoGanUNet(backbone="resnet34", perceptual_network="mobilenetv2_100")
    assert nogan.files == (paths["resnet34"], paths["mobilenetv2_100"])
    assert External(file=tmp_path / "network.onnx").files == (tmp_path / "network.onnx",)
