"""Scans to colorize, and a method that needs no training and no reference."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from huebench import Method, MethodInfo, register


@pytest.fixture(scope="session")
def grey():
    """A grey photo with all levels, uint8 (H, W)."""
    photo = np.asarray(Image.fromarray(skimage.data.astronaut()).convert("L"))[:160, 100:324].copy()
    photo[:2] = np.linspace(0, 255, photo.shape[1])
    return photo


@pytest.fixture(scope="session")
def deep(grey):
    """The same photo with 16 bits, uint16 (H, W)."""
    rng = np.random.default_rng(0)
    return np.clip(grey.astype(int) * 257 + rng.integers(-128, 128, grey.shape), 0, 65535).astype(np.uint16)


@pytest.fixture(autouse=True)
def warm():
    """Register a method whose colours follow from lightness: strong ones, some outside sRGB."""

    class Warm(Method):
        """Orange shadows and blue highlights."""

        info = MethodInfo(name="warm", family="classical", source="tests", trainable=False)

        def colorize(self, lightness, context):
            return np.stack([60 - lightness, 70 - 1.5 * lightness], axis=-1).astype(np.float32)

    return register(Warm)


@pytest.fixture
def colorize(bench):
    """Run ``bench colorize`` with the method ``warm``; return exit code and output."""

    def run(*arguments):
        return bench("colorize", *arguments, "--method", "warm")

    return run
