import os
import subprocess
import sys

import pytest

from huebench.bench.plan.request import Request
from huebench.reports import tables


def test_a_file_that_ends_too_early_is_not_taken_for_ctrl_d(bench, monkeypatch):
    def read(_):
        raise EOFError("No data left in file")

    monkeypatch.setattr(tables, "read_results", read)
    with pytest.raises(RuntimeError, match="a file ends too early"):
        bench("report", "run")


def test_help_shows_brackets_as_they_are(bench):
    printed = bench("run", "--help")[1]
    assert "pixel-knn[neighbours=3]" in printed
    assert "[default: the protocol's]" in printed


def test_help_shows_every_option_whole_on_a_terminal_of_80_columns(bench, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    printed = bench("run", "--help")[1]
    options = {name.replace("_", "-") for name in Request.model_fields} - {"seeds", "plugins"}
    assert {f"--{name}" for name in options | {"seed", "plugin"}} <= set(printed.split())
    assert "--no-" not in printed


def test_a_reader_that_stops_reading_ends_the_help_without_a_message():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        ended = subprocess.run(
            [sys.executable, "-m", "huebench.bench", "run", "--help"],
            check=False,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert ended.stderr == ""
