"""Tiny photos, methods made for a test, and ``bench`` as a process of its own, which can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from huebench.bench.executors.supervise import end_processes
from huebench.methods.base import methods

COMMAND = (sys.executable, "-m", "huebench.bench")

TINY = ("--dataset", "folder:photos", "--size", "32", "--metrics", "psnr,colorfulness", "--out", "out")

METHOD = '''

@register
class Made{number}(Method):
    """Made for a test."""

    info = MethodInfo(name="{name}", family="baseline", source="a test", trainable=True)

    def fit(self, train, validation, context):
        {fit}

    def colorize(self, lightness, context):
        {colorize}
'''

IMPORTS = """
import ctypes, os, signal, subprocess, sys, time
from pathlib import Path
import numpy as np
from huebench.methods.base import Method, MethodInfo, register
"""

ZEROS = "return np.zeros((*lightness.shape, 2), np.float32)"


def write_photos(folder, **counts):
    """Write noise of some colour, so that every photo has another score."""
    rng = np.random.default_rng(0)
    for split, count in counts.items():
        (folder / split).mkdir(parents=True)
        for i in range(count):
            base = rng.integers(0, 200, 3)
            pixels = (base + rng.integers(0, 56, (32, 32, 3))).astype(np.uint8)
            Image.fromarray(pixels).save(folder / split / f"{i:05d}.png")


def write_methods(path, **methods):
    """Write a plugin file with some methods: name → body of ``colorize``, or (``colorize``, ``fit``)."""
    texts = [IMPORTS]
    for number, (name, bodies) in enumerate(methods.items()):
        colorize, fit = bodies if isinstance(bodies, tuple) else (bodies, "pass")
        given = {"number": number, "name": name.replace("_", "-")}
        texts.append(METHOD.format(colorize=colorize, fit=fit, **given))
    path.write_text("".join(texts))
    return path


def marked_processes(folder):
    """Return the processes of the run in a folder: its cells and whatever those have started."""
    found = []
    for process in psutil.process_iter():
        try:
            mark = process.environ().get("HUEBENCH_CELL", "")
        except psutil.Error:
            continue
        if Path(mark).is_relative_to(folder) and mark:
            found.append(process)
    return found


@pytest.fixture
def photos(tmp_path):
    write_photos(tmp_path / "photos", train=6, val=2, test=12)
    return tmp_path / "photos"


@pytest.fixture
def methods_file(tmp_path):
    """Write a plugin file into the test's folder."""
    return partial(write_methods, tmp_path / "made.py")


def hear_ctrl_c():
    """Undo what shells do to background jobs, such as these tests may be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start(tmp_path):
    """Start ``bench`` with some arguments in the test's folder; what still runs at the end is killed."""
    started = []

    def run(*arguments):
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "200", "HUEBENCH_CACHE": str(tmp_path / "cache")},
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509
        )
        started.append(process)
        return process

    yield run
    for process in started:
        with suppress(psutil.NoSuchProcess):  # whatever it left would hold its output open
            for each in psutil.Process(process.pid).children(recursive=True):
                each.kill()
        process.kill()
        end_processes(tmp_path)
        process.communicate()


@pytest.fixture
def bench(bench, tmp_path, monkeypatch):
    """Run ``bench`` with a cache of its own."""
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "cache"))
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods.items())
    return bench


@pytest.fixture
def dask(tmp_path):
    """Start workers as processes, with a scheduler or for one that runs; ended with all that they started."""
    started = []

    def spawn(program, *arguments, before="pass"):
        command = f"{before}; from distributed.cli.{program} import main; main()"
        with (tmp_path / f"dask-{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", command, *arguments],
                cwd=tmp_path,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "HUEBENCH_CACHE": str(tmp_path / "cache")},
            )
        started.append(process)
        return process

    def start(workers, before="pass", address=""):
        if not address:
            contact = tmp_path / f"scheduler-{len(started)}.json"
            spawn("dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(contact))
            deadline = time.monotonic() + 60
            while not contact.exists():
                assert time.monotonic() < deadline
                time.sleep(0.1)
            address = json.loads(contact.read_text())["address"]
        given = (address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
        return address, [spawn("dask_worker", *given, before=before) for _ in range(workers)]

    yield start
    for process in reversed(started):
        process.kill()
        process.wait()
