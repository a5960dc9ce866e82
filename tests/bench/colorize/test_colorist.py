"""Methods that colorize photos."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydantic import Field

import huebench
from huebench import Method, MethodInfo, UserError, register
from huebench.bench.colorize.colorist import named
from huebench.bench.colorize.from_run import labels_of_run
from huebench.bench.plan.request import Request
from huebench.methods.base import methods
from huebench.plugins import plugin_module


@pytest.fixture
def sized():
    """A method whose b* is its size."""

    @register
    class Sized(Method):
        """Answers with its size."""

        info = MethodInfo(name="sized", family="classical", source="tests", trainable=False)

        class Parameters(Method.Parameters):
            """Its size."""

            size: int = Field(32, ge=16, multiple_of=16, description="side in pixels")

        def colorize(self, lightness, context):
            return np.full((*lightness.shape, 2), self.network_size, np.float32)

    return named("sized", Request.of())[0]


def test_a_size_holds_for_one_photo(sized):
    lightness, label = np.full((20, 20), 50, np.float32), sized.label
    assert sized.chroma(lightness, size=64)[0].mean() == 64
    assert sized.chroma(lightness)[0].mean() == 32
    assert sized.label == label


def test_a_size_that_a_method_cannot_work_at_is_refused_and_changes_nothing(sized):
    with pytest.raises(UserError, match="sized"):
        sized.chroma(np.full((20, 20), 50, np.float32), size=50)
    assert sized.size == 32


def test_all_of_a_run_are_its_own_methods_that_can_colorize_a_photo():
    known = [("near", "pixel-knn", '{"neighbours": 3}')]
    known += [(name, name, "{}") for name in ("gray", "pixel-knn", "oracle-lowres", "levin")]
    results = SimpleNamespace(cells=pd.DataFrame(known, columns=["method", "name", "parameters"]))
    assert labels_of_run(results, "all") == ["near", "gray", "pixel-knn"]
    assert labels_of_run(results, "classical") == ["near", "pixel-knn"]
    with pytest.raises(UserError, match=r"--method deep: the run has no such method .* it has near, gray"):
        labels_of_run(results, "deep")


@pytest.fixture
def named_by_the_run(run, tmp_path):
    """Return a function that changes what the run's cells say of their request."""
    Image.new("L", (40, 40), 90).save(tmp_path / "scan.png")

    def change(**request):
        for path in run.glob("cells/*/cell.json"):
            cell = json.loads(path.read_text())
            cell["request"] |= request
            path.write_text(json.dumps(cell))

    return change


def test_code_that_a_run_names_is_never_loaded(bench, named_by_the_run, tmp_path):
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'loaded')!r}, 'w')")
    named_by_the_run(plugins=[str(evil)], metrics=["psnr", "a_metric_of_a_plugin"])
    code, output = bench("colorize", "scan.png", "--from", "out", "--method", "mean-ab")
    assert code == 0, output
    assert not (tmp_path / "loaded").exists()


def test_a_dataset_of_a_plugin_that_was_not_given_is_refused_with_advice(bench, named_by_the_run):
    for dataset in ("of-a-plugin", "pan:of-a-plugin:photos"):
        named_by_the_run(train_on=dataset)
        code, output = bench("colorize", "scan.png", "--from", "out", "--method", "mean-ab")
        assert code == 2
        assert "unknown dataset 'of-a-plugin': code that a run names is loaded only if you name it" in output
        assert "add --plugin and the file that registers it" in output


def test_a_method_of_a_plugin_that_was_not_given_is_refused_with_advice(bench, plugin, tmp_path, monkeypatch):
    path = plugin("mine")
    huebench.run(methods="mine", plugins=[path], limit=1, size=32, metrics="psnr", out=tmp_path / "out")
    Image.new("L", (40, 40), 90).save(tmp_path / "scan.png")
    monkeypatch.setattr(methods, "_items", {k: v for k, v in methods.items().items() if k != "mine"})
    monkeypatch.delitem(sys.modules, plugin_module(path))  # as in another process
    commands = (
        ("colorize", "scan.png", "--from", "out", "--method", "mine"),
        ("export", "out", "mine", "--format", "safetensors", "--out", "model"),
        ("models", "show", "out", "mine"),
    )
    for command in commands:
        code, output = bench(*command)
        assert code == 2
        assert "unknown method 'mine': code that a run names is loaded only if you name it too: " in output
        assert f"add --plugin {path}\n" in output
    for command in commands:
        code, output = bench(*command, "--plugin", path)
        assert code == 0, output
