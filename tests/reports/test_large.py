"""A report of 16 methods and 500 photos: how long it takes, how large it is. Wants a quiet machine."""

import subprocess
import sys
import time

import pytest

from huebench.bench.plan.machine import threads_available
from huebench.reports.tables import write_results

from .conftest import Maker

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
