"""`bench colorize` beside what no colorizer can do without: decoding, the network and encoding.

Photos of 12 megapixels, colorized by `huebench-small` on two threads: eight of them, or 100 with
`HUEBENCH_SPEED_LARGE=1`. The ratio is the speed that is left of the three steps alone; all else
(warnings, lightness, upsampling, gamut, metadata, the sidecar) is what is missing to 1.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import skimage.data
from PIL import Image

from huebench.bench.colorize.colorist import named
from huebench.bench.colorize.job import Job
from huebench.bench.colorize.picture import Picture
from huebench.bench.colorize.settings import Settings
from huebench.bench.colorize.sources import find_sources
from huebench.bench.colorize.variants import variants_of
from huebench.bench.colorize.writing import write
from huebench.bench.plan.request import Request

WIDTH, HEIGHT = 4000, 3000
JOBS = 2
FILES = 4
PHOTOS = 100 if os.environ.get("HUEBENCH_SPEED_LARGE") else 8


def scan(seed):
    """Return a grey scan with detail and grain, uint8 (HEIGHT, WIDTH)."""
    rng = np.random.default_rng(seed)
    names = ("astronaut", "coffee", "chelsea", "rocket", "camera", "brick")
    tiles = [
        Image.fromarray(getattr(skimage.data, name)()).convert("L").resize((1000, 1000)) for name in names
    ]
    sheet = Image.new("L", (WIDTH, HEIGHT))
    for i in range(12):
        sheet.paste(tiles[rng.integers(len(tiles))], (i % 4 * 1000, i // 4 * 1000))
    grain = rng.normal(0, 3, (HEIGHT, WIDTH)).astype(np.float32)
    return np.clip(np.rint(np.asarray(sheet) + grain), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def colorist():
    (found,) = named("huebench-small", Request.of(methods="gray", dataset="samples", device="cpu"))
    return found


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A folder of scans, grey and RGB in turn."""
    folder = tmp_path_factory.mktemp("scans")
    for i in range(FILES):
        photo = Image.fromarray(scan(i))
        (photo if i % 2 else photo.convert("RGB")).save(folder / f"{i}.jpg", quality=92)
    for i in range(FILES, PHOTOS):
        os.link(folder / f"{i % FILES}.jpg", folder / f"{i}.jpg")
    return folder


def everything(colorist, scans, out):
    """Return a function that colorizes the folder."""
    variants = variants_of([colorist], Settings(), {})
    job = Job(find_sources([str(scans)], out), variants, out, overwrite=True, jobs=JOBS)

    def run():
        failed = []
        job.run(lambda outcome: failed.append(outcome) if outcome.status != "done" else None)
        assert failed == []

    return run


def bare(colorist, scans, out):
    """Return a function that decodes, runs the network, and encodes the same colours."""
    everything(colorist, scans, out)()
    paths = sorted(scans.iterdir())
    colours = [Picture.open(out / f"{i}.jpg").pixels().numpy() for i in range(FILES)]
    lightness = np.random.default_rng(0).uniform(0, 100, (160, 213)).astype(np.float32)

    def one(path):
        picture = Picture.open(path)
        picture.pixels()
        colorist.chroma(lightness)
        write(picture, [colours[int(path.stem) % FILES]], out / path.name, out / "raw", kind="jpeg", xmp=b"")

    def run():
        with ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(one, paths))

    return run


@pytest.mark.benchmark(group="colorize, a photo of 12 megapixels", min_rounds=3, max_time=5)
@pytest.mark.parametrize("library", ["huebench", "decode, network, encode alone"])
def test_colorize(benchmark, colorist, scans, tmp_path, library):
    run = (everything if library == "huebench" else bare)(colorist, scans, tmp_path)
    run()
    start = time.process_time()
    run()
    benchmark.extra_info["CPU seconds"] = round((time.process_time() - start) / PHOTOS, 3)
    benchmark.extra_info["items"] = PHOTOS
    benchmark.pedantic(run, rounds=3)
