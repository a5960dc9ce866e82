"""Real photos for the speed suite, the same for every kernel and its peers.

With `HUEBENCH_DATA` the photos are those of its `landscapes/`; without, the few that scikit-image and
scikit-learn ship. `HUEBENCH_SPEED_LARGE=1` adds three million references, which take some twenty minutes.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from sklearn.datasets import load_sample_images

from huebench.datasets.color.conversion import rgb_to_lab
from huebench.methods.kernels.patches import extract_patches

PIXELS_A_PHOTO = 3000
PHOTOS = 1000


@dataclass(frozen=True)
class Patches:
    """Patches of 5 × 5 pixels of lightness, float32 (N, 25), and chroma, float32 (N, 2)."""

    references: np.ndarray
    """Pixels of up to 1,000 photos, in random order: any first part is a fair sample."""
    queries: np.ndarray
    """Every pixel of two photos of their own, row by row."""
    chroma: np.ndarray


def _landscapes(folder):
    random = np.random.default_rng(0)
    paths = random.permutation(sorted(folder.iterdir()))[: PHOTOS + 2]
    for path in paths:
        with Image.open(path) as photo:
            yield np.asarray(photo.convert("RGB"))


def _built_in():
    """Tiles of 256² of the wheels' photos; the last two are of photos that give no other tile."""
    china, flower = load_sample_images().images
    for photo in (skimage.data.rocket(), china, flower, skimage.data.stereo_motorcycle()[0]):
        for top in range(0, photo.shape[0] - 255, 256):
            for left in range(0, photo.shape[1] - 255, 256):
                yield np.ascontiguousarray(photo[top : top + 256, left : left + 256])
    for photo in (skimage.data.astronaut(), skimage.data.coffee()):
        yield np.ascontiguousarray(photo[:256, :256])


@pytest.fixture(scope="session")
def patches():
    data = os.environ.get("HUEBENCH_DATA")
    photos = list(_landscapes(Path(data) / "landscapes") if data else _built_in())
    random = np.random.default_rng(1)
    references, chroma, whole = [], [], []
    for i, photo in enumerate(photos):
        lightness, ab = rgb_to_lab(photo)
        if i >= len(photos) - 2:
            whole.append(extract_patches(lightness))
            continue
        count = PIXELS_A_PHOTO if data else lightness.size
        drawn = random.choice(lightness.size, min(count, lightness.size), replace=False)
        references.append(extract_patches(lightness, drawn))
        chroma.append(ab.reshape(-1, 2)[drawn[:300]])
    pool = np.concatenate(references)
    return Patches(
        references=pool[random.permutation(len(pool))],
        queries=np.concatenate(whole),
        chroma=np.concatenate(chroma),
    )
