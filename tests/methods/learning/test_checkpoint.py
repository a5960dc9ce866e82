"""Checkpoints are whole or absent, and belong to one training."""

import errno
import resource

import pytest
import torch

from huebench import UserError
from huebench.methods.learning.checkpoint import load_checkpoint, save_checkpoint


def test_round_trip(tmp_path):
    state = {"weights": torch.arange(3.0), "epoch": 4, "history": [(1, "train", 0.5)]}
    save_checkpoint(tmp_path / "new" / "training.pt", "key", state)
    read = load_checkpoint(tmp_path / "new" / "training.pt", "key")
    assert torch.equal(read.pop("weights"), state.pop("weights"))
    assert read == state


def test_a_missing_checkpoint_gives_none(tmp_path):
    assert load_checkpoint(tmp_path / "training.pt", "key") is None


def test_a_failed_save_leaves_only_the_old_checkpoint(tmp_path):
    path = tmp_path / "training.pt"
    save_checkpoint(path, "key", {"epoch": 1})
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        save_checkpoint(path, "key", {"epoch": lambda: 2})
    assert load_checkpoint(path, "key") == {"epoch": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named_as_such(tmp_path):
    path = tmp_path / "training.pt"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            save_checkpoint(path, "key", {"weights": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG
    assert not list(tmp_path.iterdir())


def test_another_trainings_checkpoint_is_refused(tmp_path):
    save_checkpoint(tmp_path / "training.pt", "seed 0", {})
    with pytest.raises(UserError, match=r"another training(.|\n)*seed 0(.|\n)*seed 1"):
        load_checkpoint(tmp_path / "training.pt", "seed 1")


@pytest.mark.parametrize("content", [b"", b"half of a checkpoint"])
def test_an_unreadable_checkpoint_is_named(tmp_path, content):
    (tmp_path / "training.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"training\.pt' cannot be read"):
        load_checkpoint(tmp_path / "training.pt", "key")


class Trap:
    """Something that only an unsafe pickle could bring back."""


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    torch.save({"key": "key", "state": Trap()}, tmp_path / "training.pt")
    with pytest.raises(UserError, match="cannot be read"):
        load_checkpoint(tmp_path / "training.pt", "key")
