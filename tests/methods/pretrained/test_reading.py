"""State dicts are taken out of the wrappers of published files; anything else is an error that names it."""

import argparse
import os
import zipfile

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from huebench import UserError
from huebench.methods.pretrained.reading import load_strictly, read_weights


@pytest.fixture
def state():
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)).state_dict()


def saved(content, path, **options):
    torch.save(content, path, **options)
    return path


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"params": state},
        lambda state: {"model": state, "opt": {"state": {}, "hypers": [{"lr": 1e-3}]}},
        lambda state: {
            "model": state,
            "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}},
            "epoch": 3,
            "scaler": {"scale": 1.0},
            "args": argparse.Namespace(lr=1e-3, device="cuda"),
        },
    ],
    ids=["bare", "BasicSR", "fast.ai", "training script"],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_known_wrappers_are_taken_off(state, tmp_path, wrap, zipped):
    file = saved(wrap(state), tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    read = read_weights(file)
    assert read.keys() == state.keys()
    assert all(torch.equal(read[key], state[key]) for key in state)


def test_format_is_told_by_the_content_not_by_the_name(state, tmp_path):
    save_file(state, tmp_path / "pytorch_model.bin")
    saved(state, tmp_path / "network.safetensors")
    for name in ("pytorch_model.bin", "network.safetensors"):
        assert read_weights(tmp_path / name).keys() == state.keys()


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (lambda state: {"generator": state}, "unknown entries 'generator'; .* under 'params', 'model'"),
        (lambda state: {"model": state, "critic": state}, "unknown entries 'critic'"),
        (lambda state: {"model": 3}, "are not a state dict"),
        (lambda state: {0: torch.zeros(3)}, "unknown entries '0'"),
        (lambda state: [state], "are not a state dict"),
        (lambda state: {}, "are not a state dict"),
    ],
)
def test_other_contents_are_named(state, tmp_path, wrap, message):
    with pytest.raises(UserError, match=message):
        read_weights(saved(wrap(state), tmp_path / "w.pth"))


def test_no_code_of_a_file_is_run(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").write_text, ("1",))

    with pytest.raises(UserError, match="cannot be read"):
        read_weights(saved({"model": Hostile()}, tmp_path / "w.pth"))
    assert not (tmp_path / "ran").exists()


def test_reasons_fit_in_one_line(tmp_path):
    (tmp_path / "text.pth").write_text("weights")
    with pytest.raises(
        UserError, match=r"text\.pth' cannot be read: the file is damaged, or not in torch's format$"
    ):
        read_weights(tmp_path / "text.pth")
    whole = saved({"0.weight": torch.zeros(1000)}, tmp_path / "whole.pth").read_bytes()
    (tmp_path / "half.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"the file is damaged, or not in torch's format$"):
        read_weights(tmp_path / "half.pth")
    (tmp_path / "half.safetensors").write_bytes((10**6).to_bytes(8, "little") + b'{"0.weight":')
    with pytest.raises(UserError, match=r"the file is damaged, or not in safetensors' format$"):
        read_weights(tmp_path / "half.safetensors")
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as script:  # as torch.jit.save lays it out
        for name, content in {"data.pkl": b"", "constants.pkl": b"", "version": b"3"}.items():
            script.writestr(f"script/{name}", content)
    with pytest.raises(UserError, match=r"they hold a whole network with its code, which is not run"):
        read_weights(tmp_path / "script.pt")
    saved({"model": {"args": Blocked()}}, tmp_path / "code.pth")
    with pytest.raises(UserError, match=r"they hold a posix\.system, which only code could rebuild"):
        read_weights(tmp_path / "code.pth")
    saved({"model": {"args": Unknown()}}, tmp_path / "code.pth")
    with pytest.raises(UserError, match=r"they hold a \S+\.Unknown, which only code could rebuild, [a-z ]+$"):
        read_weights(tmp_path / "code.pth")


class Blocked:
    """A class of a module that torch never allows."""

    def __reduce__(self):
        return (os.system, ("true",))


class Unknown:
    """A class that only this test knows."""


def test_weights_are_loaded_strictly(state, tmp_path):
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    del state["1.num_batches_tracked"]  # as in old files
    load_strictly(network, state, tmp_path, "net")
    assert torch.equal(network.state_dict()["0.weight"], state["0.weight"])
    for change, message in (
        ({"0.extra": torch.zeros(1)}, "'0.extra' is unknown"),
        ({"0.bias": torch.zeros(3)}, r"'0.bias' is \(3,\) instead of \(2,\)"),
    ):
        with pytest.raises(UserError, match=f"are not of net: {message}"):
            load_strictly(network, state | change, tmp_path, "net")
    del state["0.weight"]
    with pytest.raises(UserError, match=r"'0.weight' is missing"):
        load_strictly(network, state, tmp_path, "net")
