import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from huebench import UserError
from huebench.files import (
    WEIGHTS_VARIABLE,
    atomic,
    seal,
    unseal,
    weights_folders,
    weights_on_disk,
    write_text,
)


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def write_half():
        with atomic(path) as partial:
            partial.write_text("ne")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # raised above
        write_half()
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]
    assert path.read_text() == "old"


def test_the_unfinished_file_is_hidden_and_has_the_suffix_of_the_finished_one(tmp_path):
    with atomic(tmp_path / "folder" / "a.npz") as partial:
        assert partial.parent == tmp_path / "folder"
        assert partial.name.startswith(".")
        assert partial.suffix == ".npz"
        partial.touch()
    assert [each.name for each in partial.parent.iterdir()] == ["a.npz"]


def test_name_may_be_as_long_as_names_can_be(tmp_path):
    path = tmp_path / f"{'夏' * 83}.txt"
    assert len(os.fsencode(path.name)) == 253
    write_text(path, "kept")
    assert path.read_text() == "kept"


def test_text_that_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "new" / "a.txt"
    write_text(path, "é\r\n")
    assert path.read_bytes() == "é\r\n".encode()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_text(path, "other")
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]
    assert path.read_bytes() == "é\r\n".encode()


@pytest.fixture
def sealed(tmp_path):
    (tmp_path / "table").write_bytes(b"rows")
    seal(tmp_path / "seal.json", {"facts": [1.5, None, "é"]}, [tmp_path / "table"])
    return tmp_path


def test_a_seal_keeps_its_content(sealed):
    assert unseal(sealed / "seal.json") == {"facts": [1.5, None, "é"]}


def test_a_seal_is_broken_by_a_changed_or_missing_file(sealed):
    (sealed / "table").write_bytes(b"rowz")
    assert unseal(sealed / "seal.json") is None
    (sealed / "table").unlink()
    assert unseal(sealed / "seal.json") is None


def test_a_seal_is_broken_by_another_content(sealed):
    stored = json.loads((sealed / "seal.json").read_text())
    stored["content"]["facts"][0] = 1.25
    (sealed / "seal.json").write_text(json.dumps(stored))
    assert unseal(sealed / "seal.json") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"content": {}}', "\x00"])
def test_invalid_seals_are_none(tmp_path, text):
    (tmp_path / "seal.json").write_text(text)
    assert unseal(tmp_path / "seal.json") is None
    assert unseal(tmp_path / "missing.json") is None


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_weights_are_looked_for_in_the_named_folder_then_in_torch_hubs(hub, tmp_path, monkeypatch):
    assert weights_on_disk("w.pth") is None
    (hub / "w.pth").touch()
    assert weights_on_disk("w.pth") == hub / "w.pth"
    named = tmp_path / "named"
    named.mkdir()
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(named))
    assert weights_folders() == [named, hub]
    assert weights_on_disk("w.pth") == hub / "w.pth"
    (named / "w-2.pth").touch()
    assert weights_on_disk("w.pth", "w-*.pth") == named / "w-2.pth"
    assert weights_on_disk("w.pth", where="none") is None


def test_a_folder_of_the_name_of_weights_is_passed_over(hub):
    (hub / "w.pth").mkdir()
    assert weights_on_disk("w.pth") is None


def test_torch_hubs_cache_is_where_torch_says(monkeypatch):
    import torch

    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)
    for name, value in (("TORCH_HOME", "/a"), ("XDG_CACHE_HOME", "/b")):
        monkeypatch.setenv(name, value)
        assert str(weights_folders()[-1]) == f"{torch.hub.get_dir()}/checkpoints"
        monkeypatch.delenv(name)
    assert str(weights_folders()[-1]) == f"{torch.hub.get_dir()}/checkpoints"


def test_a_named_path_must_hold_the_weights(tmp_path, monkeypatch):
    (tmp_path / "w.pth").touch()
    assert weights_on_disk("other.pth", where=str(tmp_path / "w.pth")) == tmp_path / "w.pth"
    assert weights_on_disk("w.pth", where=str(tmp_path)) == tmp_path / "w.pth"
    with pytest.raises(UserError, match=r"does not hold the weights: put other\.pth there"):
        weights_on_disk("other.pth", "o-*.pth", where=str(tmp_path))
    with pytest.raises(UserError, match=r"absent' do not exist: name a file, a folder, auto or none"):
        weights_on_disk("w.pth", where=str(tmp_path / "absent"))
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(UserError, match=r"not a folder of weights: '.*absent'"):
        weights_on_disk("w.pth")


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_an_error_of_a_broken_disk_names_the_file(tmp_path, monkeypatch, fails):
    def broken(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, fails, broken)
    with pytest.raises(OSError, match=r"Input/output error: '.*a\.txt'"):
        write_text(tmp_path / "a.txt", "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../a.txt", "a\0b", "", "/etc/passwd"])
def test_a_seal_that_names_no_file_of_its_folder_is_broken(tmp_path, name):
    seal(tmp_path / "seal.json", {"a": 1})
    stored = json.loads((tmp_path / "seal.json").read_text()) | {"files": {name: "00"}}
    stored["digest"] = hashlib.sha256(
        json.dumps([stored["content"], stored["files"]], sort_keys=True).encode()
    ).hexdigest()
    (tmp_path / "seal.json").write_text(json.dumps(stored))
    assert unseal(tmp_path / "seal.json") is None
