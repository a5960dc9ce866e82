"""Every published network at its own size on the CPU, beside the style of the authors' codes.

Ours has channels last, and computes in bf16 or float32. Beside it stands what the authors do: float32 in
torch's own memory layout. All take one photo at a time. The weights are random, so the mean difference of the
output is given as a share of its mean magnitude: it says what bf16 rounds, not how good a colour is.
"""

from functools import partial

import numpy as np
import pytest
import torch

from huebench.methods.base import methods
from huebench.methods.pretrained.method import PublishedMethod
from huebench.methods.pretrained.running import runner
from huebench.methods.published import network

NAMES = [
    *("eccv16", "siggraph17", "deoldify-artistic", "deoldify-stable", "deoldify-video"),
    *("ddcolor-tiny", "ddcolor", "icolorit-tiny", "icolorit-base"),
]
PLAIN = "PyTorch float32, contiguous"
PRECISIONS = {"huebench": "bf16", "huebench in float32": "fp32"}


def inputs_of(name: str) -> tuple[np.ndarray, ...]:
    """Return the arrays that a method gives to its network for one smooth photo."""
    method = methods.get(name)()
    assert isinstance(method, PublishedMethod)
    seen: list[tuple[np.ndarray, ...]] = []

    class Seen(Exception):  # noqa: N818  # it ends the call, as nothing more is needed of it
        """The network has been called."""

    def run(*arrays):
        seen.append(arrays)
        raise Seen

    rows, columns = np.mgrid[: method.side, : method.side] / method.side
    plane = (50 + 40 * np.sin(9 * rows) * np.cos(7 * columns)).astype(np.float32)
    with pytest.raises(Seen):
        method.colorize_photo(plane, run, method.side)
    return seen[0]


def plain(net: torch.nn.Module, arrays: tuple[np.ndarray, ...]) -> np.ndarray:
    with torch.inference_mode():
        answer: np.ndarray = net(*map(torch.from_numpy, arrays)).numpy()
    return answer


@pytest.mark.parametrize("library", [*PRECISIONS, PLAIN])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.benchmark(group="published networks on the CPU, a photo")
def test_published_network(benchmark, name, library):
    torch.manual_seed(0)
    net = network(name).eval()
    arrays = inputs_of(name)
    exact = plain(net, arrays)
    run = partial(plain, net, arrays)
    if library != PLAIN:
        run = partial(runner(net, "cpu", PRECISIONS[library]), *arrays)
        difference = np.abs(run() - exact).mean() / np.abs(exact).mean()
        benchmark.extra_info["difference"] = f"{difference:.2%}"
    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    benchmark.extra_info["images/s"] = round(1 / benchmark.stats.stats.median, 2)
