"""Large reports: how long they take, how large they are. These tests want a quiet machine."""

import os
import subprocess
import sys
import time

import pytest

from huebench.bench.plan.machine import threads_available
from huebench.reports.tables import write_results

from .conftest import METHODS, Maker

pytestmark = pytest.mark.long


def test_16_methods_and_500_photos_in_all_formats(tmp_path, capsys):
    maker = Maker(tmp_path / "run", kept_photos=64, picture_size=256)
    write_results(maker.run(photos=500, pictures=True, categories=tuple("abcdefgh")), maker.folder)
    command = [sys.executable, "-m", "huebench.bench", "report", maker.folder, "--format"]

    begin = time.perf_counter()
    subprocess.run([*command, "md,html,latex,csv"], check=True, capture_output=True)
    took = time.perf_counter() - begin
    size = (maker.folder / "report.html").stat().st_size / 1e6
    with capsys.disabled():
        sys.stdout.write(f"\nreport of 16 methods, 500 photos: {took:.1f} s; HTML {size:.1f} MB\n")
    first = {path: path.read_bytes() for path in maker.folder.rglob("*") if path.suffix in {".md", ".html"}}
    (maker.folder / ".report.json").unlink()  # or the Markdown would be left as it is
    subprocess.run([*command, "md,html"], check=True, capture_output=True)

    assert {path: path.read_bytes() for path in first} == first
    assert size <= 15
    assert threads_available() > 2 or took <= 20


def test_18_methods_and_50_000_photos(tmp_path, capsys, monkeypatch):
    for name in list(METHODS)[-2:]:
        monkeypatch.setitem(METHODS, f"another-{name}", METHODS[name])
    maker = Maker(tmp_path / "run")
    write_results(maker.run(methods=tuple(METHODS), photos=50_000), maker.folder)

    with subprocess.Popen([sys.executable, "-m", "huebench.bench", "report", maker.folder]) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    with capsys.disabled():
        sys.stdout.write(f"\nreport of 900,000 rows: {seconds:.0f} s of CPU, {megabytes:,.0f} MiB\n")

    assert process.returncode == 0
    assert megabytes <= 1000
