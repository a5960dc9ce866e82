"""Every published network at its own size on the CPU, beside the style of the authors' codes.

Ours runs a batch in bf16, channels last. Beside it stands what the authors do: one photo at a time, in
float32, in torch's own memory layout. The weights are random: the mean difference of the output, in a*b* or
for DeOldify in normalised RGB, says what bf16 rounds, not how good a colour is.
"""

import numpy as np
import pytest
import torch

from huebench.methods.base import methods
from huebench.methods.pretrained.method import PublishedMethod
from huebench.methods.published import network

NAMES = [
    *("eccv16", "siggraph17", "deoldify-artistic", "deoldify-stable", "deoldify-video"),
    *("ddcolor-tiny", "ddcolor", "icolorit-tiny", "icolorit-base"),
]
OURS, THEIRS = "huebench", "PyTorch float32, contiguous, one photo at a time"
BATCH = 4


def inputs_of(name: str, photos: int) -> list[torch.Tensor]:
    """Return the arrays that a method gives to its network for one smooth photo, once per photo."""
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
    return [torch.from_numpy(np.repeat(np.array(array), photos, axis=0)) for array in seen[0]]


def ours(net: torch.nn.Module, inputs: list[torch.Tensor]) -> torch.Tensor:
    """Run a whole batch in bf16, with maps whose channels lie last."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        maps = [
            each.contiguous(memory_format=torch.channels_last) if each.ndim == 4 else each for each in inputs
        ]
        answer: torch.Tensor = net(*maps)
    return answer.float()


def theirs(net: torch.nn.Module, inputs: list[torch.Tensor]) -> torch.Tensor:
    """Run one photo after the other in float32."""
    with torch.inference_mode():
        return torch.cat([net(*(each[i : i + 1] for each in inputs)) for i in range(len(inputs[0]))])


@pytest.mark.parametrize("library", [OURS, THEIRS])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.benchmark(group="published networks on the CPU, a photo")
def test_published_network(benchmark, name, library):
    torch.manual_seed(0)
    net = network(name)
    inputs = inputs_of(name, BATCH)
    exact = theirs(net, [each[:1] for each in inputs])
    if library == OURS:
        net = net.to(memory_format=torch.channels_last)
        scale = 110.0 if name.startswith("icolorit") else 1.0
        difference = (ours(net, inputs)[:1] - exact).abs().mean() * scale
        benchmark.extra_info["mean difference of the output"] = round(float(difference), 4)
    call = ours if library == OURS else theirs
    benchmark.extra_info["items"] = BATCH
    benchmark.pedantic(call, (net, inputs), rounds=2, warmup_rounds=1)
    benchmark.extra_info["images/s"] = round(BATCH / benchmark.stats.stats.median, 2)
