"""Photos for the deep methods' tests: crops of the photographs that scikit-image ships."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from skimage import color, data

from huebench.datasets.base import RGB, Dataset, DatasetInfo, Entry
from huebench.datasets.photos import PhotoSet
from huebench.methods.base import Context
from huebench.methods.learning.method import DeepMethod


class Arrays(Dataset):
    """A dataset of photos that are in memory already."""

    info: ClassVar = DatasetInfo("arrays", "photos in memory", "tests", "none", "all train")

    def __init__(self, photos: Sequence[RGB]) -> None:
        super().__init__()
        self.photos = photos

    def entries(self):
        return [Entry(str(i), "train", "", "", f"{hash(p.tobytes())}") for i, p in enumerate(self.photos)]

    def read(self, entry):
        return self.photos[int(entry.id)]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: tests run side by side, and networks this small gain nothing from two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def crops() -> RGB:
    """Return sixteen photos, uint8 (16, 128, 128, 3), colourful and unlike one another."""
    corners = ((0, 0), (0, 128), (128, 64), (150, 150))
    whole = (data.astronaut(), data.coffee(), data.chelsea(), data.rocket())
    return np.stack([photo[y : y + 128, x : x + 128] for y, x in corners for photo in whole])


@pytest.fixture
def photo_set(tmp_path: Path) -> Callable[[Sequence[RGB]], PhotoSet]:
    """Return a function that makes a photo set of arrays."""

    def make(photos: Sequence[RGB]) -> PhotoSet:
        dataset = Arrays(photos)
        return PhotoSet(dataset, dataset.entries(), lambda rgb: rgb, "as they are", tmp_path / "packed")

    return make


@pytest.fixture
def gain_on_eight(photo_set, crops) -> Callable[[DeepMethod], float]:
    """Return a function that trains a method on eight photos and colorizes the same eight.

    It returns how many dB the PSNR of a*b* lies above that of the eight photos' mean colour.
    """

    def gain(method: DeepMethod) -> float:
        method.fit(photo_set(crops[:8]), photo_set([]), Context())
        lab = color.rgb2lab(crops[:8]).astype(np.float32)
        truth = lab[..., 1:]
        squared = np.square(method.colorize(lab[..., 0], Context()) - truth).mean()
        return float(10 * np.log10(np.square(truth - truth.mean((0, 1, 2))).mean() / squared))

    return gain
