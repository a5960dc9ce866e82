"""Overhead of the engine, and speed-up from more processes: needs a quiet machine with two cores.

It prints the figures that it asserts. Photos are those of ``HUEBENCH_DATA``'s ``landscapes/``; without it,
tiles of what scikit-image ships.
"""

import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from huebench.bench.plan.machine import threads_available
from huebench.reports.tables import read_results

from .conftest import TINY, write_photos

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(threads_available() < 2, reason="needs two cores"),
]

# A plugin that adds up the processor's time in decoding and in metrics, in every process of a run.
CLOCK = """
import time
from pathlib import Path
import numpy as np
from huebench.bench.metrics import Scorer
from huebench.datasets.photos import PhotoSet

spent = np.memmap(Path(__file__).with_name("spent"), np.float64, "r+")

def clocked(cls, name, slot):
    def call(*args, called=getattr(cls, name), **given):
        start = time.process_time()
        try:
            return called(*args, **given)
        finally:
            now = time.process_time()
            spent[slot] += now - start
            spent[2] = max(spent[2], now)
    setattr(cls, name, call)

clocked(PhotoSet, "read", 0)
for name in ("score", "score_set"):
    clocked(Scorer, name, 1)
"""


def tiles():
    for photo in (skimage.data.astronaut(), skimage.data.rocket(), skimage.data.stereo_motorcycle()[0]):
        for top in range(0, photo.shape[0] - 255, 64):
            for left in range(0, photo.shape[1] - 255, 64):
                yield Image.fromarray(photo[top : top + 256, left : left + 256])


def write_real_photos(folder, **counts):
    """Write JPEG photos of 256²; the same one several times where there are too few."""
    data = os.environ.get("HUEBENCH_DATA")
    if data:
        sources = (Image.open(path) for path in cycle(sorted(Path(data, "landscapes").iterdir())))
    else:
        sources = cycle(tiles())
    for split, count in counts.items():
        (folder / split).mkdir(parents=True)
        for i, photo in enumerate(islice(sources, count)):
            photo.convert("RGB").save(folder / split / f"{i:05d}.jpg", quality=90)


@pytest.fixture
def say(capsys, record_property):
    """Print a figure and put it into the report of the tests."""

    def write(name, text):
        record_property(name, text)
        with capsys.disabled():
            sys.stdout.write(f"\n{name}: {text}\n")

    return write


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def timed(start):
    """Run ``bench`` to its end; return the seconds that it took and those of all its processes."""

    def run(*arguments):
        begin, used = time.perf_counter(), processor_seconds()
        process = start(*arguments)
        output, _ = process.communicate(timeout=1800)
        assert process.returncode == 0, output
        return time.perf_counter() - begin, processor_seconds() - used

    return run


def run_bare(specification):
    """Run a cell's process without the engine around it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [
            sys.executable,
            "-m",
            "huebench.bench.cell.process",
            specification,
            str(theirs.fileno()),
            specification.parent,
        ]
        subprocess.run(command, pass_fds=[theirs.fileno()], start_new_session=True, check=True)


def test_a_thousand_cells_take_a_minute_beyond_their_own_start_up(tmp_path, timed, say):
    cells, bare = 1000, 40
    write_photos(tmp_path / "photos", train=6, val=2, test=2)
    arguments = ("run", *TINY, "--methods", "gray", "--jobs", 2, "--threads", 2)
    seeds = [word for seed in range(cells) for word in ("--seed", seed)]
    timed(*arguments)  # kernels are compiled, the training sample is described
    alone = tmp_path / "alone"
    shutil.copytree(tmp_path / "out", alone)
    (specification,) = alone.glob("cells/*/cell.json")
    folders = [shutil.copytree(specification.parent, alone / "cells" / str(i)) for i in range(bare)]
    for folder in folders:
        (folder / "status.json").unlink()

    begin = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run_bare, [folder / "cell.json" for folder in folders]))
    start_up = (time.perf_counter() - begin) / bare * cells
    took, _ = timed(*arguments, *seeds)
    again, _ = timed(*arguments, *seeds)
    text = f"{took:.0f} s, of which {start_up:.0f} s their own start-up; again: {again:.1f} s"
    say(f"{cells} cells", text)
    assert (read_results(tmp_path / "out").cells["status"] == "ok").sum() == cells
    assert took - start_up <= 60


def test_gray_over_5000_photos_spends_its_time_in_decoding_and_metrics(tmp_path, timed, say):
    write_real_photos(tmp_path / "photos", train=50, val=10, test=5000)
    (tmp_path / "clock.py").write_text(CLOCK)
    arguments = ("run", "--dataset", "folder:photos", "--methods", "gray", "--threads", 1, "--out", "out")
    timed(*arguments, "--limit", 8)  # kernels are compiled
    (tmp_path / "spent").write_bytes(np.zeros(3).tobytes())
    arguments = (*arguments, "--plugin", "clock.py")
    took, used = timed(*arguments)
    decoding, metrics, cell = np.fromfile(tmp_path / "spent")
    within = decoding + metrics
    memory = read_results(tmp_path / "out").cells["peak_memory_mb"].max()
    again, _ = timed(*arguments)
    say(
        "gray over 5,000 photos",
        f"{took:.0f} s; processor {used:.1f} s, decoding {decoding:.1f} s, metrics {metrics:.1f} s; outside "
        f"{1 - within / cell:.1%} of the cell, {1 - within / used:.1%} of the command with its report; "
        f"peak memory {memory:.0f} MiB; again {again:.1f} s",
    )
    assert 1 - within / cell <= 0.15
    assert again <= 4


# Of a thread each: what one gains by running several at a time.
BUSY = ("run", "--dataset", "folder:photos", "--methods", "pixel-knn", "--metrics", "psnr")
SEEDS = ("--seed", 0, "--seed", 1, "--seed", 2, "--seed", 3)


def test_two_jobs_are_1_7_times_as_fast_as_one(tmp_path, timed, say):
    write_real_photos(tmp_path / "photos", train=100, val=10, test=600)
    timed(*BUSY, "--limit", 1, "--out", "warm")
    one, _ = timed(*BUSY, *SEEDS, "--jobs", 1, "--threads", 1, "--out", "one")
    two, _ = timed(*BUSY, *SEEDS, "--jobs", 2, "--threads", 2, "--out", "two")
    say("jobs", f"one {one:.1f} s, two {two:.1f} s, {one / two:.2f} times as fast")
    assert (tmp_path / "one/images.parquet").read_bytes() == (tmp_path / "two/images.parquet").read_bytes()
    assert one / two >= 1.7


def test_two_dask_workers_are_1_6_times_as_fast_as_one(tmp_path, timed, dask, say):
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    write_real_photos(tmp_path / "photos", train=100, val=10, test=600)
    timed(*BUSY, "--limit", 1, "--out", "warm")
    took = {}
    for workers in (1, 2):
        address, _ = dask(workers)
        given = ("--jobs", 2, "--threads", 2, "--scheduler", address, "--out", f"workers-{workers}")
        took[workers], _ = timed(*BUSY, *SEEDS, *given)
    say("workers", f"one {took[1]:.1f} s, two {took[2]:.1f} s, {took[1] / took[2]:.2f} times as fast")
    assert took[1] / took[2] >= 1.6
