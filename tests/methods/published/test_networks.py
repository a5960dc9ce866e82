"""Every published network has the official entries and gives the output of its authors' code.

The tolerances are five times the difference that one or two threads make, or float32 and float64: a wrong
epsilon or activation is larger.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from huebench import UserError
from huebench.methods.published import network

GOLDEN = Path(__file__).parent / "golden"

TOLERANCES = {
    "eccv16": 1e-3,
    "siggraph17": 3e-4,
    "siggraph17-hints": 3e-4,
    "ddcolor-tiny": 2e-5,
    "ddcolor": 2e-5,
    "icolorit-tiny": 2e-5,
    "icolorit-base": 3e-5,
    "deoldify-artistic": 3e-5,
    "deoldify-stable": 1e-4,
}

NETWORKS = [name for name in TOLERANCES if name != "siggraph17-hints"]

SMALL = ("eccv16", "siggraph17", "icolorit-tiny")
"""Networks whose weights are made quickly."""


def read_table(name: str, table: str) -> list[dict[str, str]]:
    with (GOLDEN / name / table).open(newline="") as file:
        return list(csv.DictReader(file))


def golden(name: str) -> tuple[list[torch.Tensor], np.ndarray]:
    with np.load(GOLDEN / name / "golden.npz") as stored:
        arguments = [torch.from_numpy(stored[key]) for key in stored.files if key not in ("out", "gain")]
        if "out" in stored.files:
            return arguments, stored["out"]
    halves = [np.load(GOLDEN / name / f"tokens-{part}.npz")["out"] for part in ("first", "last")]
    return arguments, np.concatenate(halves, axis=1)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[] if name in SMALL else [pytest.mark.slow]) for name in NETWORKS],
)
def name(request) -> str:
    return request.param


@torch.inference_mode()
def difference(name: str, model: torch.nn.Module, threads: int) -> float:
    """Return the largest difference from the golden output."""
    arguments, expected = golden(name)
    torch.set_num_threads(threads)
    answer = model(*(argument.clone() for argument in arguments)).double().numpy()
    assert answer.shape == expected.shape
    return float(np.abs(answer - expected).max())


@pytest.mark.parametrize("name", NETWORKS)
def test_entries_are_the_official_ones(name):
    expected = {row["name"]: (row["shape"], row["dtype"]) for row in read_table(name, "keys.csv")}
    with torch.device("meta"):
        state = network(name).state_dict()
    assert {
        key: ("x".join(map(str, value.shape)) or "scalar", str(value.dtype).removeprefix("torch."))
        for key, value in state.items()
    } == expected


def test_output_is_that_of_the_authors(name, filled):
    model, found = filled(name), {}

    def note(module: str):
        def hook(_module, _inputs, output):
            found[module] = output.mean().item(), output.std().item()

        return hook

    expected = {row["module"]: row for row in read_table(name, "trace.csv")}
    hooks = [model.get_submodule(module).register_forward_hook(note(module)) for module in expected]
    off = difference(name, model, threads=1)
    for hook in hooks:
        hook.remove()
    for module, statistics in found.items():  # so that a failure names the first module that differs
        for statistic, value in zip(("mean", "std"), statistics, strict=True):
            near = pytest.approx(float(expected[module][statistic]), rel=1e-4, abs=1e-5)
            assert value == near, f"{statistic} of {module}"
    assert found
    assert off <= TOLERANCES[name]
    assert difference(name, model, threads=2) <= TOLERANCES[name]


def test_video_has_the_network_of_stable():
    with torch.device("meta"):
        stable, video = (network(f"deoldify-{kind}").state_dict() for kind in ("stable", "video"))
    assert {key: value.shape for key, value in video.items()} == {
        key: value.shape for key, value in stable.items()
    }


def test_hints_give_the_output_of_the_authors(filled):
    off = difference("siggraph17-hints", filled("siggraph17"), threads=1)
    assert off <= TOLERANCES["siggraph17-hints"]


@pytest.mark.slow
def test_a_photo_of_a_batch_is_colorized_as_if_alone(name, filled):
    arguments, _ = golden(name)
    batch = [torch.cat((argument, argument.flip(-1))) for argument in arguments]
    with torch.inference_mode():
        together = filled(name)(*(argument.clone() for argument in batch))
        for i in range(2):
            alone = filled(name)(*(argument[i : i + 1].clone() for argument in batch))
            torch.testing.assert_close(together[i : i + 1], alone, atol=TOLERANCES[name], rtol=0)


def test_only_published_methods_have_a_published_network():
    with pytest.raises(UserError, match=r"'gray' is not a published network; those are .*eccv16"):
        network("gray")
