"""`bench colorize` of a film beside its network alone.

A grey film of 300 frames at 854×480, with a moving camera and grain, colorized by `huebench-small` at its own
size and at the protocol's. The ratio is the speed that is left of the network's: all else runs beside it.
"""

import av
import numpy as np
import pytest
import skimage.data
from PIL import Image

from huebench.bench.colorize.colorist import named
from huebench.bench.colorize.film import colorize_film
from huebench.bench.colorize.film_reading import Span
from huebench.bench.colorize.settings import Settings
from huebench.bench.plan.request import Request
from huebench.datasets.color.conversion import rgb_to_lab

WIDTH, HEIGHT = 854, 480
FRAMES = 300
SIDES = (160, 256)  # the method's own, and the protocol's


def pictures():
    """Yield the frames, uint8 (HEIGHT, WIDTH)."""
    rng = np.random.default_rng(0)
    scene = Image.fromarray(skimage.data.stereo_motorcycle()[0]).convert("L")
    scene = np.asarray(scene.resize((WIDTH * 5 // 4, HEIGHT * 5 // 4)), np.float32)
    for number in range(FRAMES):
        turn = 0.5 - 0.5 * np.cos(2 * np.pi * number / FRAMES)
        left, top = round(turn * WIDTH / 4), round(turn * HEIGHT / 4)
        frame = scene[top : top + HEIGHT, left : left + WIDTH]
        yield np.clip(np.rint(frame + rng.normal(0, 3, frame.shape)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "grey.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "18", "preset": "superfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in pictures():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "gray")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def colorist():
    (found,) = named("huebench-small", Request.of(methods="gray", dataset="samples", device="cpu"))
    return found


@pytest.fixture(scope="module")
def seen():
    """L* of every frame at the size that the network sees, float32 (h, w) each, by its shorter side."""

    def resized(side):
        size = round(side * WIDTH / HEIGHT), side
        small = (Image.fromarray(picture).resize(size, Image.Resampling.BOX) for picture in pictures())
        return [rgb_to_lab(np.asarray(picture.convert("RGB")))[0] for picture in small]

    return {side: resized(side) for side in SIDES}


@pytest.mark.parametrize("library", ["huebench", "network alone"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.benchmark(group="colorize, a film of 300 frames at 854×480")
def test_colorize_film(benchmark, colorist, film, seen, tmp_path, side, library):
    settings = Settings(size=side)

    def whole():
        assert colorize_film(film, tmp_path / "out.mp4", colorist, settings, Span(), "") == []

    def network():
        for lightness in seen[side]:
            colorist.chroma(lightness, size=side)

    benchmark.extra_info["items"] = FRAMES
    benchmark.pedantic(whole if library == "huebench" else network, rounds=2, warmup_rounds=1)
