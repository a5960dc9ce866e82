"""A training step of a deep method, beside the same network in plain float32.

On the CPU it is the encoder–decoder's at 256², with bf16 and channels last against torch as it comes. On a
GPU it is every method's, photos included: ours from the packed cache on the device, against a ``DataLoader``
whose workers read files and convert them with scikit-image; beside stands what share of the matrix units
each keeps busy.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import skimage.color
import skimage.data
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from huebench.datasets.color.torch import rgb_to_lab
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
SIZE = 256
PHOTOS, BATCH, WORKERS = 512, 32, 8
MATRIX = 8192

Batch = tuple[torch.Tensor, torch.Tensor]


class PhotoFiles(Dataset):
    """Photos as one reads them without a cache: from their files, each converted by scikit-image."""

    def __init__(self, paths) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index) -> Batch:
        with Image.open(self.paths[index]) as file:
            lab = skimage.color.rgb2lab(np.asarray(file.convert("RGB").resize((SIZE, SIZE)))).astype(
                np.float32
            )
        planes = torch.from_numpy(lab).permute(2, 0, 1)
        return planes[:1], planes[1:]


def make_learner(cls: type[DeepMethod], device: str, *, plain: bool) -> Learner:
    """Return a method's learner: as it trains, or in float32 and torch's own memory layout."""
    method = cls(precision="fp32" if plain else None)
    context = Context(device=device, budget="smoke")
    torch.manual_seed(0)
    method.choices = method.choose(context)
    network = method.build_network(SIZE)
    method.prepare(network, np.zeros((1, SIZE, SIZE, 3), np.uint8), context)
    layout = torch.contiguous_format if plain else torch.channels_last
    trained = TrainedNetwork(network.to(device).to(memory_format=layout), SIZE)
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


def epoch(learner: Learner, batches: Callable[[], Iterator[Batch]], device: str) -> None:
    """Train one epoch, until the device has done all of it."""
    for lightness, ab in batches():
        learner.step(lightness.to(device, non_blocking=True), ab.to(device, non_blocking=True))
    if device == "cuda":
        torch.cuda.synchronize()


@pytest.mark.benchmark(group="training step of encoder-decoder, 256², a photo", min_rounds=3, max_time=10)
@pytest.mark.parametrize("library", ["huebench", "PyTorch float32"])
def test_step_on_the_cpu(benchmark, library):
    if native_precision("cpu") == "fp32":
        pytest.skip("this processor has no instructions for bf16, so both would be the same")
    photos = np.stack([skimage.data.astronaut()[:SIZE, :SIZE], skimage.data.coffee()[:SIZE, :SIZE]] * 2)
    lightness, ab = rgb_to_lab(torch.from_numpy(photos))
    learner = make_learner(EncoderDecoder, "cpu", plain=library != "huebench")
    benchmark.extra_info["items"] = len(photos)
    benchmark(learner.step, lightness, ab)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write JPEG files of crops, as a set of photos on disk has them."""
    folder = tmp_path_factory.mktemp("photos")
    whole = (skimage.data.astronaut(), skimage.data.coffee(), skimage.data.rocket())
    random = np.random.default_rng(0)
    for i in range(PHOTOS):
        photo = whole[i % len(whole)]
        top, left = (random.integers(0, side - SIZE + 1) for side in photo.shape[:2])
        Image.fromarray(photo[top : top + SIZE, left : left + SIZE]).save(folder / f"{i}.jpg", quality=95)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def peak() -> float:
    """Return the operations a second of a large bf16 matrix product on the GPU."""
    matrix = torch.randn(MATRIX, MATRIX, device="cuda", dtype=torch.bfloat16)
    seconds = []
    for _ in range(12):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        matrix @ matrix
        end.record()
        torch.cuda.synchronize()
        seconds.append(start.elapsed_time(end) / 1000)
    return 2 * MATRIX**3 / float(np.median(seconds))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("library", ["huebench", "PyTorch float32, DataLoader, scikit-image"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.benchmark(group="training on photos of 256², a photo")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of the peer's workers
def test_epoch_on_a_gpu(benchmark, files, peak, method, library):
    ours = library == "huebench"
    learner = make_learner(METHODS[method], "cuda", plain=not ours)
    if ours:
        packed = np.stack([np.asarray(Image.open(path)) for path in files])
        seen = LabBatches(packed, BATCH, torch.device("cuda"))

        def batches() -> Iterator[Batch]:
            return seen.shuffled(seed=0)
    else:
        loader = DataLoader(
            PhotoFiles(files), BATCH, shuffle=True, num_workers=WORKERS, pin_memory=True,
            persistent_workers=True,
        )  # fmt: skip

        def batches() -> Iterator[Batch]:
            return iter(loader)

    lightness, ab = (part.to("cuda") for part in next(batches()))
    with FlopCounterMode(display=False) as counter:
        learner.step(lightness, ab)
    operations = counter.get_total_flops() / len(ab) * PHOTOS
    benchmark.extra_info["items"] = PHOTOS
    benchmark.pedantic(epoch, (learner, batches, "cuda"), rounds=3, warmup_rounds=1)
    seconds = benchmark.stats.stats.median
    benchmark.extra_info["images/s"] = round(PHOTOS / seconds)
    benchmark.extra_info["share of the bf16 peak"] = round(operations / seconds / peak, 3)
