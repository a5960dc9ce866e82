"""Training curves for TensorBoard, read back with TensorBoard's own reader."""

from types import SimpleNamespace

import pytest

from huebench import UserError
from huebench.bench.training_curves import with_curves


class Heard:
    """Stands in for the terminal."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *given, **named: self.calls.append(name)


def epoch(number, split, loss):
    return {"epoch": number, "epochs": 2, "split": split, "loss": loss, "accuracy": loss / 2}


def test_every_epoch_is_in_the_cells_own_folder_and_all_is_passed_on(tmp_path):
    pytest.importorskip("tensorboard", reason="needs the extra 'tensorboard'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    cell, heard = SimpleNamespace(key="k", folder=tmp_path / "cells" / "pix2pix-k"), Heard()
    with with_curves(heard, tmp_path / "curves") as observer:
        observer.planned([cell])
        observer.started(cell)
        observer.event(cell, {"phase": "fit"})
        for number in (1, 2):
            observer.event(cell, epoch(number, "train", 1 / number))
            observer.event(cell, epoch(number, "validation", 2 / number))
        observer.finished(cell, {"status": "ok"}, reused=False)
        observer.doing("writing the report")
    assert heard.calls == ["planned", "started", *["event"] * 5, "finished", "doing"]
    found = EventAccumulator(str(tmp_path / "curves" / "pix2pix-k"))
    found.Reload()
    read = {tag: [(each.step, each.value) for each in found.Scalars(tag)] for tag in found.Tags()["scalars"]}
    assert read == {
        "loss/train": [(1, 1.0), (2, 0.5)],
        "loss/validation": [(1, 2.0), (2, 1.0)],
        "accuracy/train": [(1, 0.5), (2, 0.25)],
        "accuracy/validation": [(1, 1.0), (2, 0.5)],
    }


def test_a_training_that_is_resumed_replaces_the_epochs_that_it_tells_again(tmp_path):
    pytest.importorskip("tensorboard", reason="needs the extra 'tensorboard'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    cell = SimpleNamespace(key="k", folder=tmp_path / "cells" / "pix2pix-k")
    for loss in (1.0, 0.25):
        with with_curves(Heard(), tmp_path / "curves") as observer:
            for number in (1, 2):
                observer.event(cell, epoch(number, "train", loss))
    found = EventAccumulator(str(tmp_path / "curves" / "pix2pix-k"))
    found.Reload()
    assert [(each.step, each.value) for each in found.Scalars("loss/train")] == [(1, 0.25), (2, 0.25)]


@pytest.mark.parametrize("folder", ["file", "file/curves"])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_trains(tmp_path, folder):
    pytest.importorskip("tensorboard", reason="needs the extra 'tensorboard'")
    (tmp_path / "file").write_text("")
    refused = pytest.raises(UserError, match=r"--tensorboard: the folder '.*' cannot be written: ")
    with refused, with_curves(Heard(), tmp_path / folder):
        pass


def test_without_a_folder_nothing_is_wrapped():
    heard = Heard()
    with with_curves(heard, None) as observer:
        assert observer is heard
