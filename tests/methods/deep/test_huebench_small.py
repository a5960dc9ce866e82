"""`huebench-small` as shipped: its file, known answers, and the photos that it must not have seen."""

import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from safetensors.torch import load_file, save_file

from huebench import UserError
from huebench.datasets.color import rgb_to_lab
from huebench.datasets.spec import open_dataset
from huebench.methods.base import Context
from huebench.methods.deep.huebench_small.card import TRAINING_PHOTOS, WEIGHTS, HuebenchSmall
from huebench.methods.deep.huebench_small.photos import SeveralSets, read_digests
from huebench.methods.deep.huebench_small.prediction import load_network

SETS = {"landscapes": "landscapes", "mirflickr": "mirflickr", "folder": "ccby"}


@pytest.fixture(scope="module")
def method():
    return HuebenchSmall()


def test_files_are_small():
    assert WEIGHTS.stat().st_size <= 12_000_000
    assert TRAINING_PHOTOS.stat().st_size <= 100_000


def test_every_weight_is_finite_and_counts_add_up(method):
    state = load_file(WEIGHTS)
    assert all(value.dtype == torch.float16 and value.isfinite().all() for value in state.values())
    statistics = sum(value.numel() for name, value in state.items() if "running_" in name)
    assert method.parameter_count == sum(value.numel() for value in state.values()) - statistics


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda state: state.pop("color.bias"), "color.bias"),
        (lambda state: state.update(extra=torch.zeros(1).half()), "extra"),
        (lambda state: state.update({"color.bias": torch.zeros(5).half()}), "color.bias"),
        (lambda state: state.update({"color.bias": state["color.bias"].float()}), "color.bias"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, change, name):
    state = load_file(WEIGHTS)
    change(state)
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(UserError, match=f"not of huebench-small: '{name}'"):
        load_network(tmp_path / "weights.safetensors")


@pytest.mark.parametrize("content", [b"", b"not safetensors"])
def test_damaged_weights_are_reported(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read"):
        load_network(path)


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (37, 211), (300, 20)])
def test_odd_sizes(method, shape):
    lightness = np.random.default_rng(0).uniform(0, 100, (1, *shape)).astype(np.float32)
    chroma = method.colorize(lightness, Context())
    assert chroma.shape == (1, *shape, 2)
    assert np.isfinite(chroma).all()
    assert np.abs(chroma).max() <= 128


def test_a_photo_alone_and_in_a_batch(method):
    photo = rgb_to_lab(skimage.data.coffee()[:200, :300])[0]
    other = rgb_to_lab(skimage.data.astronaut()[:200, :300])[0]
    alone = method.colorize(photo[None], Context())
    together = method.colorize(np.stack([other, photo]), Context())
    assert (alone[0] == together[1]).all()


def test_knows_its_training_photos(method):
    assert len(read_digests(TRAINING_PHOTOS)) > 5000
    start = min(read_digests(TRAINING_PHOTOS))
    assert method.trained_on(f"{start:016x}" + 48 * "0")
    assert not method.trained_on(64 * "f")
    assert not method.trained_on("")


@pytest.mark.skipif("HUEBENCH_DATA" not in os.environ, reason="HUEBENCH_DATA is not set")
@pytest.mark.parametrize("name", SETS)
def test_saw_photos_of_training_splits_only(method, name):
    root = Path(os.environ["HUEBENCH_DATA"], SETS[name])
    seen = {"train": 0, "validation": 0, "test": 0}
    for entry in open_dataset(f"{name}:{root}").entries():
        seen[entry.split] += method.trained_on(entry.sha256)
    assert seen["train"] > 200
    assert seen["validation"] == seen["test"] == 0


@pytest.mark.slow
@pytest.mark.skipif("HUEBENCH_DATA" not in os.environ, reason="HUEBENCH_DATA is not set")
def test_digests_are_those_of_the_training_command(method):
    specs = [f"{name}:{Path(os.environ['HUEBENCH_DATA'], folder)}" for name, folder in SETS.items()]
    usable = SeveralSets(specs).usable()
    assert {int(entry.sha256[:16], 16) for entry in usable} == read_digests(TRAINING_PHOTOS)


@pytest.mark.parametrize(
    ("name", "mean", "gain"),
    [("coffee", (1.56, 8.28), 1.41), ("astronaut", (2.99, 6.77), 1.48), ("chelsea", (2.63, 17.10), 5.04)],
)
def test_known_answers(method, name, mean, gain):
    """The mean a*b* of sample photos, and how many dB of PSNR of a*b* the answer is ahead of gray."""
    lightness, truth = rgb_to_lab(getattr(skimage.data, name)())
    chroma = method.colorize(lightness[None], Context())[0]
    assert chroma.mean((0, 1)) == pytest.approx(mean, abs=0.1)
    ahead = 10 * np.log10(np.square(truth).mean() / np.square(truth - chroma).mean())
    assert ahead == pytest.approx(gain, abs=0.05)
