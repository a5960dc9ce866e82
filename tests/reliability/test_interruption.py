"""A run that is ended at any moment loses nothing that was done."""

import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from huebench.reports.tables import read_results

from .conftest import TINY, ZEROS, marked_processes, write_photos

FITS = "open('fits.txt', 'a').write(type(self).__name__ + '\\n'); self.value = np.float32(1)"
SLOW = f"time.sleep(0.1); open('photos.txt', 'a').write('x' * len(lightness)); {ZEROS}"
PHOTOS = 150
SHARD = 64

TIMES = ["fit_seconds", "colorize_seconds", "images_per_second", "warm_up_seconds", "peak_memory_mb"]


def tables(folder):
    """Return a run's tables, times aside."""
    results = read_results(folder)
    return (folder / "images.parquet").read_bytes(), results.cells.drop(columns=TIMES), results.curves


def assert_same(run, undisturbed):
    assert run[0] == undisturbed[0]
    for one, other in zip(run[1:], undisturbed[1:], strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def wait_until_gone(folder):
    deadline = time.monotonic() + 10
    while found := marked_processes(folder):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def resumes_to_the_same_bytes(start, bench, plugin, tmp_path, moments):
    methods = ("--methods", "slow-a,random-ab,slow-b", "--plugin", plugin, "--jobs", 2)
    code, output = bench("run", *TINY[:-1], "undisturbed", *methods)
    assert code == 0, output
    for log in ("fits.txt", "photos.txt"):
        (tmp_path / log).unlink()
    for moment in moments:
        process = start("run", *TINY, *methods)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until_gone(tmp_path)
    code, output = bench("run", *TINY, *methods)
    assert code == 0, output
    assert_same(tables(tmp_path / "out"), tables(tmp_path / "undisturbed"))
    # A kill may cost the fit or the shard in flight, and a new warm-up, of each of the two cells.
    kills = len(moments)
    assert 2 <= len((tmp_path / "fits.txt").read_text().splitlines()) <= 2 + 2 * kills
    assert len((tmp_path / "photos.txt").read_text()) <= 2 * (PHOTOS + 1) + 2 * kills * (SHARD + 1)


@pytest.fixture
def slow_methods(tmp_path, methods_file):
    write_photos(tmp_path / "photos", train=6, val=2, test=PHOTOS)
    return methods_file(slow_a=(SLOW, FITS), slow_b=(SLOW, FITS))


@pytest.mark.slow
def test_kill_9_at_three_random_moments_then_resume_gives_the_same_bytes(
    slow_methods, start, bench, tmp_path
):
    rng = np.random.default_rng(0)
    resumes_to_the_same_bytes(start, bench, slow_methods, tmp_path, rng.uniform(2, 7, 3))


@pytest.mark.long
def test_kill_9_at_twenty_random_moments_then_resume_gives_the_same_bytes(
    slow_methods, start, bench, tmp_path
):
    rng = np.random.default_rng(1)
    resumes_to_the_same_bytes(start, bench, slow_methods, tmp_path, rng.uniform(0.2, 8, 20))


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_ctrl_c_keeps_and_reports_finished_work(photos, methods_file, start, bench, tmp_path, number):
    plugin = methods_file(stuck="open('stuck.txt', 'w'); time.sleep(600)")
    arguments = ("run", *TINY, "--plugin", plugin, "--methods", "gray,stuck,mean-ab")
    process = start(*arguments)
    deadline = time.monotonic() + 60
    while not (tmp_path / "stuck.txt").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    assert "interrupted: finished work is kept and reported" in output
    assert not marked_processes(tmp_path)
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells["status"].to_dict() == {"gray": "ok", "stuck": "skipped", "mean-ab": "skipped"}
    assert cells.loc["mean-ab", "reason"] == "the run ended before it"
    assert "gray" in (tmp_path / "out" / "report.md").read_text()

    code, output = bench(*arguments[:-1], "gray,mean-ab")
    assert code == 0, output
    assert output.count("already done") == 1


def test_a_run_under_nohup_outlives_its_terminal(tmp_path):
    code = (
        "import os, signal, sys, pathlib, huebench.bench.run as run\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with run.run_folder(pathlib.Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    print('goes on')\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "out"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "goes on\n"), ended.stderr


def test_fail_fast_ends_the_others(photos, methods_file, bench, tmp_path):
    plugin = methods_file(broken="raise ValueError('no')", stuck="time.sleep(600)")
    arguments = ("--plugin", plugin, "--methods", "gray,stuck,broken,mean-ab", "--threads", 2, "--jobs", 2)
    code, output = bench("run", *TINY, *arguments, "--fail-fast")
    assert code == 1, output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells["status"].to_dict() == {
        "gray": "ok", "stuck": "skipped", "broken": "failed", "mean-ab": "skipped",
    }  # fmt: skip
    assert cells.loc["stuck", "reason"] == "--fail-fast: broken failed before it"
    assert not marked_processes(tmp_path)


def test_two_runs_on_one_folder_do_not_meet(photos, methods_file, start, bench, tmp_path):
    plugin = methods_file(stuck="open('stuck.txt', 'w'); time.sleep(600)")
    start("run", *TINY, "--plugin", plugin, "--methods", "stuck")
    deadline = time.monotonic() + 60
    while not (tmp_path / "stuck.txt").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    code, output = bench("run", *TINY, "--methods", "gray")
    assert code == 2
    assert "another run is using" in output
    assert marked_processes(tmp_path), "the second run ended the first one's cell"
