"""Finished work is not repeated: kept predictions, moved folders, --rerun, --collect."""

import shutil
import subprocess

import pandas as pd
import pytest

from huebench.reports.tables import read_results

from .conftest import COMMAND, TINY, ZEROS, write_methods, write_photos

METHODS = ("--methods", "counted,broken")

METRIC = """
from huebench.bench.metrics import register_metric

@register_metric(name="red_of_a_test", direction="none", source="a test", description="Mean red.")
def red(truth, prediction):
    return float(prediction[..., 0].mean())
"""


COUNTED = (
    "open('calls.txt', 'a').write('x'); return np.full((*lightness.shape, 2), 9, np.float32)",
    "open('fits.txt', 'a').write('x')",
)


@pytest.fixture
def plugin(photos, methods_file):
    return methods_file(counted=COUNTED, broken="raise ValueError('no')")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run both methods with three threads and keep all predictions; return the run's working folder."""
    folder = tmp_path_factory.mktemp("made")
    write_photos(folder / "photos", train=6, val=2, test=12)
    write_methods(folder / "made.py", counted=COUNTED, broken="raise ValueError('no')")
    keep = ("--keep-predictions", "all", "--threads", "3")
    command = [*COMMAND, "run", *TINY, *METHODS, "--plugin", "made.py", *keep]
    assert subprocess.run(command, cwd=folder, check=False).returncode == 1
    return folder


@pytest.fixture
def kept(made, tmp_path):
    """Return the plugin of a copy of that folder that the test may change."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "made.py"


def without_keys(table, *more):
    return table.drop(columns=["cell", *more])


def test_rescored_metrics_equal_those_of_a_full_run(kept, bench, tmp_path):
    chosen = "psnr,auc,delta_e2000"
    arguments = (*METHODS, "--plugin", kept)
    calls = (tmp_path / "calls.txt").read_text()
    code, output = bench("score", "out", "--metrics", chosen)
    assert code == 1, output
    assert (tmp_path / "calls.txt").read_text() == calls
    scored = read_results(tmp_path / "out")

    assert bench("run", *TINY[:4], "--metrics", chosen, "--out", "fresh", *arguments)[0] == 1
    fresh = read_results(tmp_path / "fresh")
    assert scored.run.protocol_digest == fresh.run.protocol_digest
    pd.testing.assert_frame_equal(scored.images, fresh.images, check_exact=True)
    times = ["fit_seconds", "colorize_seconds", "images_per_second", "warm_up_seconds", "peak_memory_mb"]
    pd.testing.assert_frame_equal(
        without_keys(scored.cells, *times, "threads", "log", "traceback"),
        without_keys(fresh.cells, *times, "threads", "log", "traceback"),
    )
    before = (tmp_path / "calls.txt").read_text()
    assert bench("run", *TINY[:4], "--metrics", chosen, "--out", "out", *arguments)[0] == 1
    assert (tmp_path / "calls.txt").read_text() == before


@pytest.mark.slow
def test_repeated_rescoring_keeps_the_unaffected_facts(kept, bench, tmp_path):
    same = [
        "status",
        "phase",
        "reason",
        "traceback",
        "log",
        "threads",
        "images_per_second",
        "warm_up_seconds",
    ]
    before = read_results(tmp_path / "out").cells.set_index("method")
    assert before["threads"].tolist() == [3, 3]
    for metrics in ("auc", "psnr,auc"):
        assert bench("score", "out", "--metrics", metrics)[0] == 1
        after = read_results(tmp_path / "out").cells.set_index("method")
        pd.testing.assert_frame_equal(after.loc[["broken"], same], before.loc[["broken"], same])
        pd.testing.assert_frame_equal(
            after.loc[["counted"], same].drop(columns="log"),
            before.loc[["counted"], same].drop(columns="log"),
        )
        assert all((tmp_path / "out" / log).is_file() for log in after["log"])


@pytest.mark.slow
def test_score_from_another_folder_loads_no_plugin_but_its_own(photos, bench, tmp_path, monkeypatch):
    metric = tmp_path / "metric.py"
    metric.write_text(f"{METRIC}\nopen({str(tmp_path / 'loaded')!r}, 'w').close()\n")
    arguments = ("--plugin", metric, "--metrics", "psnr,red_of_a_test", "--keep-predictions", "all")
    assert bench("run", *TINY, "--methods", "gray", *arguments)[0] == 0
    assert read_results(tmp_path / "out").run.dataset["name"] == "folder:photos"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    # A process of its own, to which nobody has shown the metric yet.
    (tmp_path / "loaded").unlink()
    command = [*COMMAND, "score", "../out", "--metrics", "auc,red_of_a_test"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown metric 'red_of_a_test'" in done.stderr
    assert not (tmp_path / "loaded").exists(), "a plugin that the run folder names was executed"
    done = subprocess.run([*command, "--plugin", metric], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "photos").rename(tmp_path / "moved")
    assert bench("score", "../out")[0] == 2
    code, output = bench("score", "../out", "--metrics", "auc", "--data-root", "../moved")
    assert code == 0, output
    assert bench("score", "../out")[0] == 0, "it did not remember where the photos are"


def test_a_method_that_cannot_run_here_is_skipped_and_does_not_decide_how_others_are_scored(
    photos, methods_file, bench, tmp_path
):
    plugin = methods_file(needs_more=ZEROS)
    plugin.write_text(plugin.read_text().replace("trainable=True", "requires={'no_such_module': 'more'}"))
    arguments = ("run", *TINY[:4], "--out", "out", "--plugin", plugin, "--keep-predictions", "all")
    for metrics in ("psnr", "auc"):
        assert bench(*arguments, "--methods", "needs-more,gray", "--metrics", metrics)[0] == 0
    code, output = bench("score", "out")
    assert code == 0, output
    scored = read_results(tmp_path / "out")
    assert scored.cells["status"].tolist() == ["skipped", "ok"]
    assert [metric.name for metric in scored.run.metrics] == ["auc"]
    assert scored.run.protocol_digest == scored.cells["protocol"][0]


def test_a_run_that_kept_too_little_cannot_be_rescored(plugin, bench, tmp_path):
    assert bench("run", *TINY, "--methods", "counted", "--plugin", plugin)[0] == 0
    code, output = bench("score", "out")
    assert code == 2
    assert "run it again with --keep-predictions all" in output

    assert (
        bench("run", *TINY, "--methods", "counted", "--plugin", plugin, "--keep-predictions", "all")[0] == 0
    )
    assert (tmp_path / "fits.txt").read_text() == "x"
    assert bench("score", "out")[0] == 0


def test_a_photo_that_has_changed_is_not_scored_against_an_old_prediction(kept, bench, tmp_path):
    shutil.copy(tmp_path / "photos/test/00000.png", tmp_path / "photos/test/00001.png")
    code, output = bench("score", "out", "--metrics", "auc", "--data-root", "photos")
    assert code == 2
    assert "the photos of folder:photos differ from the run's" in output


def test_a_run_folder_can_be_moved(kept, bench, tmp_path):
    arguments = ("--methods", "counted", "--plugin", kept, "--keep-predictions", "all", "--threads", 3)
    assert str(tmp_path / "out") not in (tmp_path / "out" / "run.json").read_text()
    calls = (tmp_path / "calls.txt").read_text()
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "out", tmp_path / "elsewhere" / "moved")
    for again in (("run", *TINY[:-1], "elsewhere/moved", *arguments), ("score", "elsewhere/moved")):
        code, output = bench(*again)
        assert code == 0, output
        assert "already done" in output
    assert bench("score", "elsewhere/moved", "--metrics", "auc")[0] == 0
    assert bench("report", "elsewhere/moved")[0] == 0
    assert (tmp_path / "calls.txt").read_text() == calls


@pytest.mark.slow
def test_rerun_recomputes_only_the_named_cells(plugin, bench, tmp_path):
    arguments = ("run", *TINY, "--plugin", plugin, "--methods", "counted,gray,broken")
    bench(*arguments)
    for chosen, done, fits in (("counted", 1, "xx"), ("failed", 2, "xx"), ("all", 0, "xxx")):
        code, output = bench(*arguments, "--rerun", chosen)
        assert code == 1
        assert output.count("already done") == done, output
        assert (tmp_path / "fits.txt").read_text() == fits
    code, output = bench(*arguments, "--rerun", "grey")
    assert code == 2
    assert "no cell of this run has that method" in output


def test_collect_rebuilds_the_tables_and_runs_nothing(plugin, bench, tmp_path):
    arguments = ("run", *TINY, "--plugin", plugin, "--methods", "counted,gray")
    assert bench(*arguments, "--keep-predictions", "none")[0] == 0
    images = (tmp_path / "out" / "images.parquet").read_bytes()
    (tmp_path / "out" / "images.parquet").unlink()
    calls = (tmp_path / "calls.txt").read_text()
    code, output = bench(*arguments, "--collect")
    assert code == 0, output
    assert (tmp_path / "out" / "images.parquet").read_bytes() == images
    code, output = bench(*arguments[:-1], "counted,gray,mean-ab", "--collect")
    assert code == 0, output
    cells = read_results(tmp_path / "out").cells.set_index("method")
    assert cells["status"].to_dict() == {"counted": "ok", "gray": "ok", "mean-ab": "skipped"}
    assert (tmp_path / "calls.txt").read_text() == calls


def test_collect_in_a_fresh_folder_says_to_run_first(photos, bench, tmp_path):
    code, output = bench("run", *TINY, "--methods", "gray,mean-ab", "--collect")
    assert code == 2
    assert f"--collect: none of these methods has finished in '{tmp_path / 'out'}'; it only" in output
    assert "run the same command without it first" in output
    assert not (tmp_path / "out").exists()


def test_collect_keeps_failures_and_cells_that_cannot_run(photos, methods_file, bench, tmp_path):
    plugin = methods_file(broken="raise ValueError('no')", needs_more=ZEROS)
    before, _, after = plugin.read_text().rpartition("trainable=True")
    plugin.write_text(before + "requires={'no_such_module': 'more'}" + after)
    arguments = ("run", *TINY, "--plugin", plugin, "--methods", "gray,broken,needs-more")
    assert bench(*arguments)[0] == 1
    cells = read_results(tmp_path / "out").cells
    assert cells["status"].tolist() == ["ok", "failed", "skipped"]
    code, output = bench(*arguments, "--collect")
    assert code == 1, output
    pd.testing.assert_frame_equal(read_results(tmp_path / "out").cells, cells)
    code, output = bench(*arguments, "--collect", "--rerun", "failed")
    assert code == 2
    assert "--collect runs nothing, but --rerun runs cells: leave one out" in output
    pd.testing.assert_frame_equal(read_results(tmp_path / "out").cells, cells)
