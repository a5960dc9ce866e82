"""Weights of timm's networks: found on this machine only, fetched by one command, recognised."""

import pytest
import timm
import torch

from huebench import UserError
from huebench.files import WEIGHTS_VARIABLE
from huebench.methods.pretrained.imagenet import IMAGENET, find_weights
from huebench.methods.pretrained.recognise import recognise


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch):
    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)


@pytest.mark.parametrize("card", IMAGENET.values(), ids=IMAGENET)
def test_cards_say_what_timm_takes_by_default(card):
    config = timm.get_pretrained_cfg(card.name)
    assert f"timm/{card.tag}" == config.hf_hub_id
    assert card.licence.partition(",")[0].lower() == config.license
    assert card.sources[0].url == f"https://huggingface.co/{config.hf_hub_id}/resolve/main/model.safetensors"


def test_auto_looks_into_the_folder_of_the_environment(tmp_path, monkeypatch):
    assert find_weights("resnet18", "auto") is None
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    assert find_weights("resnet18", "auto") is None
    for file in ("resnet18-5c106cde.pth", "resnet18.pth", "resnet18.safetensors"):
        (tmp_path / file).touch()
        assert find_weights("resnet18", "auto") == tmp_path / file
    (tmp_path / "mobilenet_v2-b0353104.pth").touch()
    assert find_weights("mobilenetv2_100", "auto").name == "mobilenet_v2-b0353104.pth"
    assert find_weights("resnet18", "none") is None


def test_the_folder_comes_before_the_cache_of_the_hub(cached_by_hub, tmp_path, monkeypatch):
    cached = cached_by_hub("resnet34.a1_in1k", b"1")
    assert find_weights("resnet34", "auto") == cached
    assert find_weights("resnet34", "none") is None
    assert IMAGENET["resnet34"].find() == cached
    with pytest.raises(UserError, match=r"does not hold the weights: put resnet34\.safetensors there"):
        find_weights("resnet34", str(tmp_path))
    (tmp_path / "resnet34.safetensors").touch()
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    assert find_weights("resnet34", "auto") == tmp_path / "resnet34.safetensors"


def test_of_several_trainings_in_the_cache_timms_default_is_taken(cached_by_hub):
    other = cached_by_hub("resnet34.tv_in1k", b"1")
    assert find_weights("resnet34", "auto") is None
    assert find_weights("resnet34.tv_in1k", "auto") == other
    default = cached_by_hub("resnet34.a1_in1k", b"2")
    assert find_weights("resnet34", "auto") == default


def test_of_another_network_the_only_weights_in_the_cache_are_taken(cached_by_hub):
    first = cached_by_hub("resnet50.a1_in1k", b"1")
    cached_by_hub("resnet50d.ra2_in1k", b"3")
    assert find_weights("resnet50", "auto") == first
    cached_by_hub("resnet50.tv_in1k", b"2")
    with pytest.raises(
        UserError,
        match=r"several weights of resnet50: choose backbone=resnet50\.a1_in1k or backbone=resnet50\.tv_in1k",
    ):
        find_weights("resnet50", "auto")
    assert find_weights("resnet50.a1_in1k", "auto") == first


@pytest.mark.parametrize("renamed", [False, True])
def test_files_of_encoders_are_recognised_by_their_entries(tmp_path, renamed):
    state = timm.create_model("mobilenetv2_100").state_dict()
    if renamed:  # as torchvision's are
        state = {f"net.{i}.{key.rpartition('.')[2]}": value for i, (key, value) in enumerate(state.items())}
    path = tmp_path / "mine.pth"
    torch.save(state, path)
    assert recognise(path) == [IMAGENET["mobilenetv2_100"]]
    torch.save({"conv_stem.weight": torch.zeros(3)}, path)
    assert recognise(path) == []
