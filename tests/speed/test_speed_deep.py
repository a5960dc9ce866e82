"""Training of every deep method, photos included, beside the plain way to write it.

Ours feeds the network from the packed photos and converts them on the device, in bf16 and channels last, and
once more in float32. The plain loop has a ``DataLoader`` whose workers read files and convert them with
scikit-image, float32, and torch's own memory layout. Beside each stand its operations a second, and their
share of the fastest matrix product and convolution in bf16 that the same run measured on the same device.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import skimage.color
import skimage.data
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from huebench.methods.base import Context
from huebench.methods.deep.encoder_decoder.card import EncoderDecoder
from huebench.methods.deep.inception_fusion.card import InceptionFusion
from huebench.methods.deep.nogan_unet.card import NoGanUNet
from huebench.methods.deep.pix2pix.card import Pix2Pix
from huebench.methods.deep.resnet34_classification import ResNet34Classification
from huebench.methods.deep.resnet34_rebalanced import ResNet34Rebalanced
from huebench.methods.deep.resnet34_regression import ResNet34Regression
from huebench.methods.learning.data import LabBatches
from huebench.methods.learning.inference import TrainedNetwork
from huebench.methods.learning.learner import Learner, native_precision
from huebench.methods.learning.method import DeepMethod
from huebench.methods.learning.training import Training

METHODS: dict[str, type[DeepMethod]] = {
    cls.info.name: cls
    for cls in (
        *(EncoderDecoder, InceptionFusion, Pix2Pix, NoGanUNet),
        *(ResNet34Regression, ResNet34Classification, ResNet34Rebalanced),
    )
}
DEVICES = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
PLAIN = "PyTorch float32, DataLoader, scikit-image"
LIBRARIES = ("huebench", "huebench in float32", PLAIN)


@dataclass(frozen=True)
class Work:
    """How much a device trains in a round, and what measures its peaks."""

    side: int
    photos: int
    batch: int
    workers: int
    matrix: int
    """Side of the square matrices whose product is timed."""
    channels: int
    """Channels of the convolution that is timed, of 3×3 over 16 maps of 64²."""


WORK = {
    "cpu": Work(side=128, photos=64, batch=16, workers=2, matrix=2048, channels=256),
    "cuda": Work(side=256, photos=512, batch=32, workers=8, matrix=8192, channels=1024),
}

Batch = tuple[torch.Tensor, torch.Tensor]


class PhotoFiles(Dataset):
    """Photos as one reads them without a cache: from their files, each converted by scikit-image."""

    def __init__(self, paths, side) -> None:
        self.paths, self.side = paths, side

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index) -> Batch:
        with Image.open(self.paths[index]) as file:
            photo = np.asarray(file.convert("RGB").resize((self.side, self.side)))
        lab = skimage.color.rgb2lab(photo).astype(np.float32)
        planes = torch.from_numpy(lab).permute(2, 0, 1)
        return planes[:1], planes[1:]


def make_learner(cls: type[DeepMethod], device: str, library: str) -> Learner:
    """Return a method's learner as it trains, or in float32, or also in torch's own memory layout."""
    method = cls(precision=None if library == "huebench" else "fp32")
    side = WORK[device].side
    context = Context(device=device, budget="smoke")
    torch.manual_seed(0)
    method.choices = method.choose(context)
    network = method.build_network(side)
    method.prepare(network, np.zeros((1, side, side, 3), np.uint8), context)
    layout = torch.contiguous_format if library == PLAIN else torch.channels_last
    trained = TrainedNetwork(network.to(device).to(memory_format=layout), side)
    precision = method.parameters.precision or native_precision(device)
    training = Training(
        trained,
        train=None,
        validation=None,
        chosen=np.arange(1),
        plan=method.schedule("paper"),
        parameters=method.parameters,
        context=context,
        precision=precision,
        key="",
        score=None,
    )
    learner = method.build_learner(training)
    learner.train()
    return learner


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write JPEG files of crops of 256², as a set of photos on disk has them."""
    folder = tmp_path_factory.mktemp("photos")
    whole = (skimage.data.astronaut(), skimage.data.coffee(), skimage.data.rocket())
    random = np.random.default_rng(0)
    for i in range(max(WORK[device].photos for device in DEVICES)):
        photo = whole[i % len(whole)]
        top, left = (random.integers(0, side - 255) for side in photo.shape[:2])
        Image.fromarray(photo[top : top + 256, left : left + 256]).save(folder / f"{i}.jpg", quality=95)
    return sorted(folder.iterdir())


@cache
def peaks(device: str) -> dict[str, float]:
    """Return the operations a second of a large matrix product and of a large convolution in bf16."""
    work = WORK[device]
    whole = {"device": device, "dtype": torch.bfloat16}
    matrix = torch.randn(work.matrix, work.matrix, **whole)
    maps = torch.randn(16, work.channels, 64, 64, **whole).to(memory_format=torch.channels_last)
    filters = torch.randn(work.channels, work.channels, 3, 3, **whole).to(memory_format=torch.channels_last)
    timed = {
        "matrix": (lambda: matrix @ matrix, 2 * work.matrix**3),
        "convolution": (
            lambda: torch.conv2d(maps, filters, padding=1),
            2 * 16 * 64**2 * 9 * work.channels**2,
        ),
    }
    with torch.inference_mode():
        return {name: operations / fastest(call, device) for name, (call, operations) in timed.items()}


def fastest(call: Callable[[], object], device: str) -> float:
    """Return the shortest time of a call in seconds."""
    seconds = []
    for _ in range(8):
        start = time.perf_counter()
        call()
        wait(device)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def wait(device: str) -> None:
    """Return when the device has done all its work."""
    if device == "cuda":
        torch.cuda.synchronize()


def epoch(learner: Learner, batches: Callable[[], Iterator[Batch]], device: str) -> None:
    """Train one epoch, until the device has done all of it."""
    for lightness, ab in batches():
        learner.step(lightness.to(device, non_blocking=True), ab.to(device, non_blocking=True))
    wait(device)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.benchmark(group="training, a photo")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of the peer's workers
def test_training(benchmark, files, method, device, library):
    if library == "huebench in float32" and native_precision(device) == "fp32":
        pytest.skip("this processor has no instructions for bf16, so both would be the same")
    work = WORK[device]
    learner = make_learner(METHODS[method], device, library)
    files = files[: work.photos]
    if library == PLAIN:
        loader = DataLoader(
            PhotoFiles(files, work.side), work.batch, shuffle=True, num_workers=work.workers,
            pin_memory=device == "cuda", persistent_workers=True,
        )  # fmt: skip

        def batches() -> Iterator[Batch]:
            return iter(loader)
    else:
        photos = [Image.open(path).resize((work.side, work.side)) for path in files]
        seen = LabBatches(np.stack([np.asarray(photo) for photo in photos]), work.batch, torch.device(device))

        def batches() -> Iterator[Batch]:
            return seen.shuffled(seed=0)

    lightness, ab = (part.to(device) for part in next(batches()))
    with FlopCounterMode(display=False) as counter:
        learner.step(lightness, ab)
    operations = counter.get_total_flops() / len(ab) * work.photos
    benchmark.extra_info["items"] = work.photos
    benchmark.pedantic(epoch, (learner, batches, device), rounds=3, warmup_rounds=1)
    rate = operations / benchmark.stats.stats.median
    benchmark.extra_info["images/s"] = round(work.photos / benchmark.stats.stats.median)
    benchmark.extra_info["GFLOP/s"] = round(rate / 1e9)
    for name, peak in peaks(device).items():
        benchmark.extra_info[f"share of the {name} peak ({peak / 1e9:.0f} GFLOP/s)"] = round(rate / peak, 3)
