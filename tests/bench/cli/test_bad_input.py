"""Unusable input gives one message that names it and exit code 2, before any work."""

import pandas as pd
import pytest

METHODS = ("--methods", "gray", "--limit", 2, "--size", 32, "--metrics", "psnr", "--out")


@pytest.fixture
def run(run, tmp_path):
    (tmp_path / "file").write_text("")
    return run


def refuse(bench, *arguments):
    code, output = bench(*arguments)
    assert code == 2, output
    assert "Traceback" not in output
    return output


def test_a_path_that_blocks_the_report_is_named(bench, run, tmp_path):
    assert "cannot use 'file/x" in refuse(bench, "report", run, "--out", "file/x")
    (tmp_path / "x" / "report.md").mkdir(parents=True)
    assert "cannot use 'x/report.md': Is a directory" in refuse(bench, "report", run, "--out", "x")
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "figures").write_text("")
    assert "cannot use 'y/figures': File exists" in refuse(bench, "report", run, "--out", "y")


def test_a_path_that_blocks_the_timings_is_named(bench, run, tmp_path):
    assert f"cannot use '{tmp_path}/file': " in refuse(bench, "speed", "--out", "file/x.json")
    assert "Invalid value for '--out'" in refuse(bench, "speed", "--out", run)


@pytest.mark.parametrize("out", ["file", "file/x"])
def test_a_path_that_blocks_the_splits_is_reported_before_the_audit(bench, run, monkeypatch, out):
    def look(*_):
        raise AssertionError("it was audited")

    monkeypatch.setattr("huebench.datasets.audit.audit", look)
    assert "file" in refuse(bench, "datasets", "prepare", "samples", "--out", out)


@pytest.mark.parametrize("command", ["report", "score"])
def test_a_run_without_a_row_is_damaged(bench, run, command):
    path = run / "cells.parquet"
    pd.read_parquet(path).iloc[:0].to_parquet(path)
    assert "cells.parquet' is missing or damaged; run the benchmark again" in refuse(bench, command, run)


@pytest.mark.parametrize(
    ("arguments", "empty"),
    [
        (["run", *METHODS, ""], "the argument after --out"),
        (["run", "--methods", "gray", "--out="], "--out"),
        (["colorize", ""], "the argument after colorize"),
        (["colorize", "--compare", ""], "the argument after --compare"),
        (["clean", ""], "the argument after clean"),
        (["check", "gray", ""], "the argument after gray"),
        (["datasets", "verify", "samples", "--fingerprint", ""], "the argument after --fingerprint"),
    ],
)
def test_an_empty_argument_is_not_the_current_folder(bench, tmp_path, arguments, empty):
    assert refuse(bench, *arguments).startswith(f"error: {empty} is empty: give a value, or leave ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", ["0", "0.4", "much"])
def test_memory_limit_must_be_a_size(bench, size):
    assert f"--max-memory: not a size: '{size}'; write 8GB or 500MiB" in refuse(
        bench, "run", "--max-memory", size, "--dry-run"
    )


def test_an_object_store_cannot_be_the_run_folder(bench, tmp_path):
    output = refuse(bench, "run", *METHODS, "s3://bucket/run")
    assert "--out s3:/bucket/run: object stores lack the locks and renames" in output
    assert not list(tmp_path.iterdir())


def test_no_method_and_no_plugin_are_called_what_they_are(bench, tmp_path):
    assert refuse(bench, "check", "[").startswith("error: cannot read the methods '['; write all, ")
    message = f"plugin file '{tmp_path}' is a folder: name the Python file"
    assert message in refuse(bench, "run", "--plugin", tmp_path)


def test_a_run_without_scored_photos_is_a_failure(bench, run, tmp_path):
    for split in ("train", "test"):
        (tmp_path / "photos" / split).mkdir(parents=True)
    some = next((run / "pictures").rglob("*.png"))
    (tmp_path / "photos" / "train" / "some.png").write_bytes(some.read_bytes())
    (tmp_path / "photos" / "test" / "broken.png").write_bytes(b"no photo")
    code, output = bench("run", "--dataset", "folder:photos", *METHODS, "none")
    assert code == 1, output
    assert "0/1" in output
