"""``bench export``: networks in files that score as their methods do."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import huebench
from huebench.bench.models import onnx
from huebench.bench.models.exportable import method_with_weights, portable_of
from huebench.methods.base import Context
from huebench.methods.contract import Contract, Input, Output, Portable, read_contract
from huebench.methods.from_file.external import External
from huebench.methods.spec import parse_specs

from .conftest import METHOD, OPTIONS

SMALL = "huebench-small[size=32,upsampling=bilinear]"


def photos(*shape):
    return np.random.default_rng(0).uniform(0, 100, (1, *shape)).astype(np.float32)


def answer(method, lightness):
    return method.colorize(lightness, Context())


def test_trained_network_scores_as_in_its_run(bench, run, tmp_path):
    pytest.importorskip("onnxruntime")
    code, output = bench("export", run.folder, METHOD, "--format", "onnx", "--out", "onnx")
    assert code == 0, output
    assert "bench run --methods 'external[file=onnx/network.onnx]'" in output
    assert sorted(path.name for path in (tmp_path / "onnx").iterdir()) == ["contract.toml", "network.onnx"]
    again = huebench.run(methods=["external[file=onnx/network.onnx]"], out="again", **OPTIONS)
    before = run.images.loc[run.images["method"] == METHOD, "psnr"].to_numpy()
    np.testing.assert_allclose(again.images["psnr"].to_numpy(), before, atol=0.002)
    code, output = bench("export", run.folder, METHOD, "--format", "onnx", "--out", "onnx")
    assert code == 2
    assert "'onnx/network.onnx' exists: nothing is overwritten" in output


@pytest.mark.parametrize("upsampling", ["bilinear", pytest.param("edges", marks=pytest.mark.slow)])
def test_network_with_shipped_weights_colorizes_from_its_file(bench, tmp_path, upsampling):
    pytest.importorskip("onnxruntime")
    method = f"huebench-small[size=32,upsampling={upsampling}]"
    code, output = bench("export", method, "--format", "onnx", "--out", "small.onnx")
    assert code == 0, output
    lightness = photos(45, 71)
    of_file = answer(External(file=tmp_path / "small.onnx"), lightness)
    of_method = answer(parse_specs(method)[0].build(), lightness)
    np.testing.assert_allclose(of_file, of_method, atol=0.01)
    assert np.abs(of_method).max() > 1


def test_weights_alone_are_those_of_the_network(bench, tmp_path):
    code, output = bench("export", SMALL, "--format", "safetensors", "--out", "weights.safetensors")
    assert code == 0, output
    wanted = portable_of(method_with_weights(SMALL)).network.state_dict()
    found = load_file(tmp_path / "weights.safetensors")
    (tmp_path / "plain").touch()
    assert (tmp_path / "weights.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert not (tmp_path / "contract.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gray", "--out", "new"), "gray has no network: export one of ddcolor, ddcolor-tiny, deoldify"),
        (("encoder-decoder", "--out", "new"), "only a run trains encoder-decoder: bench export RUN encoder"),
        (
            ("eccv16", "--out", "new"),
            "eccv16 cannot be exported: weights not found: bench weights get",
        ),
        (("gray,mean-ab", "--out", "new"), "stands for 2 methods: export one at a time"),
        ((SMALL, "--out", "new.safetensors"), "does not go with --format onnx"),
        ((SMALL, "--out", "full/new.onnx"), "'full/contract.toml' exists"),
        (("RUN", "gray", "--out", "new"), "gray has no network"),
        (("RUN", "mean-ab", "--out", "new"), "no method 'mean-ab' in the run"),
        (("RUN", "--out", "new"), "name a method of the run"),
        (("nowhere", METHOD, "--out", "new"), "is not a run folder"),
        (("RUN", "gray", "--format", "safetensors", "--out", "new"), "gray has no model of its own"),
        (("RUN", METHOD, "--format", "safetensors", "--out", "full"), "'full' is not empty"),
    ],
)
def test_wrong_request_is_one_message(bench, run, tmp_path, arguments, message):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "contract.toml").touch()
    arguments = [run.folder if each == "RUN" else each for each in arguments]
    code, output = bench("export", "--format", "onnx", *arguments)
    assert code == 2
    assert message in output
    assert len(output.strip().splitlines()) == 1
    assert not (tmp_path / "new").exists()


class Scaled(torch.nn.Module):
    """Gives a*b* as a multiple of the lightness."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, lightness):
        return torch.cat((self.factor * lightness, 0 * lightness), dim=1)


def test_file_that_differs_from_torch_is_not_kept(tmp_path):
    pytest.importorskip("onnxruntime")
    method = parse_specs("gray")[0].build()
    contract = Contract(input=Input(name="lightness", size=16), output=Output(name="ab"))
    grey, red = (Portable(network, network, contract) for network in (Scaled(0.0), Scaled(0.01)))
    assert onnx.export_onnx(method, grey, tmp_path / "grey.onnx") == (0, 0, onnx.LARGEST)
    assert read_contract(tmp_path / "contract.toml") == contract
    with pytest.raises(huebench.UserError, match="gray was not exported: in ONNX"):
        onnx.export_onnx(method, red, tmp_path / "red" / "red.onnx")
    assert list((tmp_path / "red").iterdir()) == []
