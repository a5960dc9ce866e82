"""The training of `huebench-small` on a few photos: what is left out, same bytes, resuming, bad input."""

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.methods.deep.huebench_small import train as command
from huebench.methods.deep.huebench_small.photos import DIGESTS, SeveralSets, is_among, read_digests
from huebench.methods.deep.huebench_small.train import Stage, main, stages, train

TINY = {"plan": [Stage(32, 2), Stage(64, 1)], "epoch": 6, "batch": 3, "threads": 1, "encoder": "none"}


@pytest.fixture
def folder(tmp_path, crops, monkeypatch):
    """Return a dataset: six usable training photos, a grey one, and one that looks like a test photo."""
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "cache"))
    photos = {f"train/{i}": crops[i] for i in range(6)}
    photos |= {f"val/{i}": crops[i] for i in (6, 7)} | {f"test/{i}": crops[i] for i in (8, 9)}
    photos["train/grey"] = np.repeat(crops[10][..., :1], 3, axis=2)
    photos["train/brighter"] = np.clip(crops[8].astype(int) + 3, 0, 255).astype(np.uint8)
    for name, photo in photos.items():
        path = tmp_path / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).save(path)
    return f"folder:{tmp_path / 'photos'}"


def test_grey_photos_and_likenesses_of_test_photos_are_left_out(folder):
    usable = SeveralSets([folder]).usable()
    assert [entry.id for entry in usable] == [f"folder/train/{i}.png" for i in range(6)]


def test_test_photos_of_every_set_are_left_out(folder):
    both = SeveralSets([folder, folder.replace("folder:", "landscapes:")])  # which splits them otherwise
    hidden = {entry.sha256 for entry in both.entries() if entry.split != "train"}
    usable = {entry.sha256 for entry in both.usable()}
    assert usable
    assert not hidden & usable


def test_two_datasets_of_a_kind_are_both_there(folder, crops, tmp_path):
    for split, crop in (("train", crops[11]), ("test", crops[12])):
        (tmp_path / "more" / split).mkdir(parents=True)
        Image.fromarray(crop).save(tmp_path / "more" / split / "0.png")
    both = SeveralSets([folder, f"folder:{tmp_path / 'more'}"])
    ids = [entry.id for entry in both.entries()]
    assert ids[:12] == [entry.id for entry in SeveralSets([folder]).entries()]
    assert ids[12:] == ["folder-2/test/0.png", "folder-2/train/0.png"]
    own = next(entry for entry in both.usable() if entry.id == "folder-2/train/0.png")
    np.testing.assert_array_equal(both.read(own), crops[11])


def test_a_dataset_that_is_named_twice_is_refused(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^dataset 'folder:photos' is named twice: leave one out$"):
        SeveralSets([folder, "folder:photos"])


class StopHereError(Exception):
    pass


def test_same_bytes_also_after_an_interruption(folder, tmp_path, monkeypatch):
    whole = train([folder], tmp_path / "whole", **TINY)
    said = []

    def interrupt(line):
        said.append(line)
        if line.startswith("epoch 1/2 validation"):
            raise StopHereError

    with pytest.raises(StopHereError):
        train([folder], tmp_path / "resumed", **TINY, log=interrupt)
    resumed = train([folder], tmp_path / "resumed", **TINY)
    assert resumed.read_bytes() == whole.read_bytes()
    other = train([folder], tmp_path / "other", **TINY, seed=1)
    assert other.read_bytes() != whole.read_bytes()
    digests = read_digests(tmp_path / "whole" / DIGESTS)
    for entry in SeveralSets([folder]).entries():
        usable = entry.id.startswith("folder/train/") and entry.id[13].isdigit()
        assert is_among(entry.sha256, digests) == usable


def test_command_trains(folder, tmp_path, capsys):
    options = ["--out", str(tmp_path / "out"), "--stages", "32x1", "--encoder", "none", "--threads", "1"]
    assert main([folder, *options]) == 0
    assert "6 training photos, 2 validation photos" in capsys.readouterr().out
    assert (tmp_path / "out" / "weights.safetensors").is_file()


def test_missing_encoder_is_reported(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "find_weights", lambda *_: None)
    assert main([folder, "--out", str(tmp_path / "out")]) == 2
    assert (
        "bench weights get tf_efficientnet_lite0, or name a file with --encoder, or --encoder none"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("text", ["128", "128x", "128x2x3", "axb", ""])
def test_stages_that_cannot_be_read_are_reported(text):
    with pytest.raises(UserError, match="must look like"):
        stages(text)


@pytest.mark.parametrize("text", ["100x2", "128x0", "0x1", "16x1"])
def test_impossible_stages_are_reported(text):
    with pytest.raises(UserError, match="multiples of 32"):
        stages(text)
