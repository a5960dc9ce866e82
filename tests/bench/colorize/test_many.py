"""Folders of thousands of photos: memory, and the second call."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

MORE = 32  # MiB that ten times as many photos may take more


def write_scans(folder, count):
    folder.mkdir()
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (32, 48), np.uint8)).save(folder / "00000.png")
    for i in range(1, count):
        os.link(folder / "00000.png", folder / f"{i:05}.png")
    for i in range(1, count, 997):  # a few files of their own
        (folder / f"{i:05}.png").unlink()
        Image.fromarray(rng.integers(0, 256, (32, 48), np.uint8)).save(folder / f"{i:05}.png")


def colorize(folder, out):
    """Run ``bench colorize`` in a process; return its last line, peak memory in MiB, and seconds."""
    command = [sys.executable, "-m", "huebench.bench", "colorize", str(folder), "--out", str(out)]
    start = time.perf_counter()
    with subprocess.Popen([*command, "--method", "gray"], stdout=subprocess.PIPE, text=True) as process:
        lines = process.stdout.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return lines[-1], usage.ru_maxrss / 1024, time.perf_counter() - start


def check(folder, small, large):
    peaks = []
    for count in (small, large):
        write_scans(folder / f"{count}", count)
        last, peak, seconds = colorize(folder / f"{count}", folder / f"out-{count}")
        assert last.startswith(f"{count:,} colorized")
        peaks.append(peak)
        print(f"{count:,} photos: {peak:.0f} MiB, {seconds:.0f} s")  # noqa: T201
    (folder / f"out-{large}" / "00007.png").unlink()
    last, peak, again = colorize(folder / f"{large}", folder / f"out-{large}")
    print(f"second call: {peak:.0f} MiB, {again:.0f} s")  # noqa: T201
    assert last.startswith(f"1 colorized, {large - 1:,} already there")
    assert peaks[1] < peaks[0] + MORE
    assert peak < peaks[0] + MORE


@pytest.mark.slow
def test_memory_does_not_grow_with_the_folder(tmp_path):
    check(tmp_path, 50, 300)


@pytest.mark.long
def test_folder_of_10000(tmp_path):
    check(tmp_path, 1000, 10_000)
