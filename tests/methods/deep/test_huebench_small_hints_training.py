"""The training of `huebench-small-hints` on a few photos: same bytes, resuming, the command."""

import numpy as np
import pytest
import torch
from PIL import Image

from huebench.methods.deep.huebench_small.card import WEIGHTS
from huebench.methods.deep.huebench_small.prediction import load_network
from huebench.methods.deep.huebench_small_hints.network import HintNetwork
from huebench.methods.deep.huebench_small_hints.train import main, train
from huebench.methods.deep.huebench_small_hints.training import HintLearner

TINY = {"epochs": 2, "epoch": 4, "batch": 2, "side": 48}


@pytest.fixture
def folder(tmp_path, crops, monkeypatch):
    """Return a dataset of five training photos, two validation photos and a test photo."""
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "cache"))
    names = [f"train/{i}" for i in range(5)] + ["val/0", "val/1", "test/0"]
    for name, photo in zip(names, crops, strict=False):
        path = tmp_path / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).save(path)
    return f"folder:{tmp_path / 'photos'}"


class StopHereError(Exception):
    pass


def test_same_bytes_also_after_an_interruption(folder, tmp_path):
    whole = train([folder], tmp_path / "whole", **TINY)

    def interrupt(line):
        if line.startswith("epoch 1/2 validation"):
            raise StopHereError

    with pytest.raises(StopHereError):
        train([folder], tmp_path / "resumed", **TINY, log=interrupt)
    stopped = train([folder], tmp_path / "resumed", **TINY, stop=1).read_bytes()
    assert stopped != whole.read_bytes()
    assert train([folder], tmp_path / "resumed", **TINY).read_bytes() == whole.read_bytes()
    assert train([folder], tmp_path / "other", **TINY, seed=1).read_bytes() != whole.read_bytes()


def test_command_trains(folder, tmp_path, capsys):
    options = ["--out", str(tmp_path / "out"), "--epochs", "1", "--epoch", "2", "--batch", "2"]
    assert main([folder, *options]) == 0
    assert "5 training photos, 2 validation photos" in capsys.readouterr().out
    assert (tmp_path / "out" / "weights.safetensors").is_file()


def test_command_reports_a_missing_dataset(tmp_path, capsys):
    assert main([f"folder:{tmp_path / 'none'}", "--out", str(tmp_path / "out")]) == 2
    assert "error:" in capsys.readouterr().err


def test_a_step_leaves_the_automatic_network_alone():
    torch.manual_seed(0)
    automatic = load_network(WEIGHTS)
    before = {name: value.clone() for name, value in automatic.state_dict().items()}
    network = HintNetwork()
    learner = HintLearner(network, automatic, 32, 3)
    learner.train()
    start = {name: value.clone() for name, value in network.state_dict().items()}
    ab = torch.randn(2, 2, 48, 48) * 20
    losses = [learner.step(torch.rand(2, 1, 48, 48) * 100, ab).loss for _ in range(2)]
    assert all(loss.isfinite() for loss in losses)
    assert all(torch.equal(value, before[name]) for name, value in automatic.state_dict().items())
    assert any(not torch.equal(value, start[name]) for name, value in network.state_dict().items())


def test_evaluation_draws_the_same_hints_every_time():
    torch.manual_seed(0)
    learner = HintLearner(HintNetwork(), load_network(WEIGHTS), 32, 3)
    photos = torch.rand(2, 1, 48, 48) * 100, torch.randn(2, 2, 48, 48) * 20
    with torch.no_grad():
        first, second = (learner.evaluate(*photos)[0].item() for _ in range(2))
    expected = np.sqrt(np.square(photos[1].numpy()).mean())
    assert first == second
    assert 0 < first < 5 * expected
