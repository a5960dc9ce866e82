"""Two methods that need no training, and grey photos."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from huebench import Method, MethodInfo, register
from huebench.bench.colorize.colorist import named
from huebench.bench.colorize.settings import Settings
from huebench.bench.colorize.variants import variants_of
from huebench.bench.plan.request import Request
from huebench.bench.web.demo.batch import Limits
from huebench.bench.web.demo.choices import OfferedMethod


@pytest.fixture(autouse=True)
def plain_methods():
    """Register two methods that give every pixel one colour."""

    class Warm(Method):
        """Orange."""

        info = MethodInfo(name="warm", family="classical", source="tests")
        colour = (10, 30)

        def colorize(self, lightness, context):
            return np.broadcast_to(np.float32(self.colour), (*lightness.shape, 2)).copy()

    class Cool(Warm):
        """Blue."""

        info = MethodInfo(name="cool", family="classical", source="tests")
        colour = (0, -30)

    register(Warm)
    register(Cool)


@pytest.fixture
def choices():
    """The two methods as choices of the page, with figures."""
    colorists = named("warm,cool", Request.of(methods="gray", dataset="samples"))
    return [OfferedMethod(colorist, f"AuC 0.{9 - i}", 0.5) for i, colorist in enumerate(colorists)]


@pytest.fixture
def variants(choices):
    """The two methods with the usual settings."""
    return variants_of([choice.colorist for choice in choices], Settings(), {})


@pytest.fixture
def photo(tmp_path):
    """Write a grey photo of 60 × 80 pixels under a name, each in a folder of its own, as uploads are."""
    pixels = np.asarray(Image.fromarray(skimage.data.astronaut()).convert("L"))[:60, :80]

    def write(name, content=None):
        folder = tmp_path / "uploads" / f"{len(list(tmp_path.glob('uploads/*'))):04}"
        folder.mkdir(parents=True)
        path = folder / name
        if content is None:
            Image.fromarray(pixels).save(path)
        else:
            path.write_bytes(content)
        return path

    return write


@pytest.fixture
def generous():
    """Limits that no photo or film here reaches."""
    return Limits(photos=100, file_bytes=10**7, pixels=10**6, seconds=600, film_seconds=60, film_pixels=10**6)
