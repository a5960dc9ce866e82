"""Mistakes and odd machines cost one line that says what to do."""

import io
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from huebench import files
from huebench.bench import run as runs
from huebench.bench.cli.console import Console
from huebench.bench.collect import without_home
from huebench.methods.base import methods
from huebench.wording import counted

EVIL = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202e\udcff"


@pytest.fixture
def photos(tmp_path):
    def write(folder, count, grey=False):
        rng = np.random.default_rng(len(folder))
        (tmp_path / folder).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(0, 256, (32, 32, 1 if grey else 3)).astype(np.uint8)
            Image.fromarray(np.repeat(pixels, 3, 2) if grey else pixels).save(
                tmp_path / folder / f"{i:03}.png"
            )

    return write


SMALL = ("--size", "32", "--metrics", "psnr", "--methods", "gray")


def test_two_folders_of_one_name_have_a_run_folder_each(bench, photos, tmp_path):
    photos("a/photos", 10)
    photos("b/photos", 10)
    for folder in ("a/photos", "b/photos"):
        code, output = bench("run", "--dataset", f"folder:{folder}", *SMALL)
        assert code == 0, output
    reports = [path.read_text() for path in (tmp_path / "runs").glob("photos-*/report.md")]
    assert len(reports) == 2
    assert any("folder:a/photos" in text for text in reports)


def test_a_path_as_a_dataset_suggests_folder(bench, photos):
    photos("my/photos", 3)
    for command in (("run", "--dataset", "my/photos", *SMALL), ("datasets", "info", "my")):
        code, output = bench(*command)
        assert code == 2
        assert "for a folder of photos write folder:my" in output


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_photos_say_how_many_are_needed(bench, photos, count):
    photos("few", count)
    code, output = bench("run", "--dataset", "folder:few", *SMALL)
    assert code == 2, output
    assert f"{counted(count, 'photo')} cannot be split, put 10 or more there" in output


def test_too_few_clips_are_counted_as_clips(bench, photos):
    photos("two/dog", 12)
    photos("two/cat", 12)
    code, output = bench("run", "--dataset", "clips:two", *SMALL)
    assert code == 2, output
    assert "has no clip in its test split (2 clips cannot be split, put 10 or more there)" in output


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        ("davis", "no clip in its test split (splits: the 30 clips of ImageSets/2017/val.txt are test"),
        ("videvo", "(splits: all clips are test): add --train-on with a dataset to learn from"),
    ],
)
def test_a_set_with_splits_of_its_own_says_them_if_one_is_empty(bench, photos, dataset, told):
    photos("wrong/dog", 3)
    photos("wrong/cat", 3)
    code, output = bench("run", "--dataset", dataset, "--data-root", ".", *SMALL)
    assert code == 2, output
    assert told in output


def test_training_photos_that_cannot_be_decoded_are_named(bench, tmp_path):
    (tmp_path / "broken").mkdir()
    for number in range(10):
        (tmp_path / "broken" / f"{number}.jpg").write_bytes(bytes([number]))
    code, output = bench("run", "--dataset", "folder:broken", *SMALL)
    assert code == 2, output
    assert "no training photo can be decoded: " in output
    assert ".jpg (" in output


def test_grey_photos_are_said_to_have_no_colour_and_no_warning_is_shown(bench, photos):
    photos("日本", 10, grey=True)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        code, output = bench(
            "run", "--dataset", "folder:日本", "--size", "32", "--metrics", "psnr,auc", "--methods", "gray"
        )
    assert code == 1
    assert "nothing to score: the photos have no colour; `bench colorize` colorizes them" in output
    assert "Warning" not in output


def test_a_plugin_that_exits_is_an_error_of_its_own(bench, photos, tmp_path, monkeypatch):
    methods.discover()
    monkeypatch.setattr(methods, "_items", methods.items())
    photos("some", 10)
    (tmp_path / "p.py").write_text("import sys\nsys.exit(0)\n")
    code, output = bench("run", "--dataset", "folder:some", *SMALL, "--plugin", "p.py")
    assert code == 2
    assert "plugin file 'p.py' fails to import: SystemExit: 0 (line 2)" in output
    (tmp_path / "q.py").write_text(
        "import sys\nfrom huebench import Method, MethodInfo, register\n@register\nclass Q(Method):\n"
        "    info = MethodInfo(name='q', family='baseline', source='a test')\n"
        "    def missing(self): sys.exit(0)\n"
        "    def colorize(self, lightness, context): raise AssertionError\n"
    )
    code, output = bench("run", "--dataset", "folder:some", *SMALL[:-1], "gray,q", "--plugin", "q.py")
    assert code == 1
    assert "q  failed: SystemExit: 0" in output


def test_a_plugin_named_like_a_built_in_method_is_refused(bench, photos, tmp_path, monkeypatch):
    photos("some", 10)
    (tmp_path / "p.py").write_text(
        "from huebench import Method, MethodInfo, register\n@register\nclass Gray(Method):\n"
        "    info = MethodInfo(name='gray', family='baseline', source='a test')\n"
        "    def colorize(self, lightness, context): raise AssertionError\n"
    )
    code, output = bench("run", "--dataset", "folder:some", *SMALL, "--plugin", "p.py")
    assert code == 2
    assert "method 'gray' is registered twice: huebench.methods.baseline.gray and" in output
    assert "give one of them another name" in output


def test_a_second_interruption_does_not_claim_a_report(bench, photos, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    photos("some", 10)
    monkeypatch.setattr(runs, "run_cells", interrupt)
    code, output = bench("run", "--dataset", "folder:some", *SMALL, "--out", "out")
    assert code == 130
    assert "finished work is kept and reported" in output
    monkeypatch.setattr(runs, "write", interrupt)
    code, output = bench("run", "--dataset", "folder:some", *SMALL, "--out", "out")
    assert code == 130
    assert "kept but not reported: --collect writes the report" in output


def test_control_characters_never_reach_the_terminal():
    out = io.StringIO()
    Console(file=out, width=200).print(EVIL, markup=False)
    assert out.getvalue() == r"\x1b]0;pwned\x1b[2J\x9b31m\u202e\udcff" + "\n"  # rich drops the bell


def test_an_output_without_our_characters_gets_question_marks():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "huebench.bench", "list", "metrics"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"?" in done.stdout


def test_caches_that_cannot_be_written_move_to_where_they_can(monkeypatch, tmp_path):
    for name in ("HUEBENCH_CACHE", "NUMBA_CACHE_DIR", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    files.use_writable_caches(tmp_path / "cache")
    assert not {"HUEBENCH_CACHE", "NUMBA_CACHE_DIR"} & os.environ.keys()
    monkeypatch.setattr(files, "_can_write", lambda path: path == tmp_path / "mine")
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "mine"))
    files.use_writable_caches(tmp_path / "cache")
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "mine" / "numba_cache_dir")
    monkeypatch.delenv("HUEBENCH_CACHE")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.delenv("MPLCONFIGDIR")
    files.use_writable_caches(tmp_path / "cache")
    chosen = {os.environ[name] for name in ("HUEBENCH_CACHE", "NUMBA_CACHE_DIR", "MPLCONFIGDIR")}
    (folder,) = {Path(path).parent for path in chosen}
    assert os.access(folder, os.W_OK)


def test_neither_a_run_nor_a_model_tells_the_home_folder(bench, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    photos("photos", 10)
    where = (
        "--dataset",
        "samples",
        "--limit",
        "1",
        "--train-on",
        f"folder:{tmp_path / 'photos'}",
        "--out",
        "run",
    )
    for command in (
        ("run", *SMALL[:-1], "mean-ab", *where),
        ("export", "run", "mean-ab", "--format", "safetensors", "--out", "model"),
    ):
        code, output = bench(*command)
        assert code == 0, output
    made = {
        path.name: path.read_text() for folder in ("run", "model") for path in Path(folder).glob("*.[jmh]*")
    }
    assert {"run.json", "report.md", "report.html", "model.json", "README.md"} <= set(made)
    assert [name for name, text in made.items() if str(tmp_path) in text] == []
    run = json.loads(made["run.json"])
    assert run["options"]["train_on"] == run["dataset"]["learned from"]["name"] == "folder:~/photos"
    assert "folder:~/photos" in made["README.md"]


def test_the_command_as_typed_does_not_tell_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setattr("sys.argv", ["bench", "score", "/home/ada/runs/x"])
    assert runs.typed() == "bench score ~/runs/x"


def test_a_report_does_not_tell_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert without_home("bench run --dataset folder:/home/ada/x /home/adams") == (
        "bench run --dataset folder:~/x /home/adams"
    )
