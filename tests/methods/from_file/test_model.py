"""An exported model keeps what its method is about clips."""

from types import SimpleNamespace

import pytest

from huebench.files import seal
from huebench.methods.from_file.model import Model


@pytest.mark.parametrize(("method", "temporal"), [("cnn-lstm", True), ("encoder-decoder", False)])
def test_a_model_has_a_memory_if_its_method_has_one(tmp_path, method, temporal):
    seal(tmp_path / "model.json", {"method": method, "trained_on": "clips"}, [])
    model = Model(folder=tmp_path)
    assert model.info.temporal is temporal
    assert model.info.name == "model"


def test_a_folder_that_is_no_model_is_reported_when_it_is_used(tmp_path):
    assert "not an exported model" in Model(folder=tmp_path).missing()


def test_starting_a_clip_starts_the_method(tmp_path, monkeypatch):
    started = []
    model, inner = Model(folder=tmp_path), SimpleNamespace(start=lambda: started.append(1))
    monkeypatch.setattr(model, "_method", lambda: inner)
    model.start()
    assert started == [1]
