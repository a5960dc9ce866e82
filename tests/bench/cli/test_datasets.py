import csv
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from huebench import UserError
from huebench.bench.cli.datasets import datasets_app
from huebench.datasets import download
from huebench.datasets.sets.mirflickr.card import Mirflickr


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def run(monkeypatch):
    """Run ``bench datasets`` with some arguments; return exit code and output, a user's error in it."""
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments):
        result = CliRunner().invoke(datasets_app, [str(argument) for argument in arguments])
        if isinstance(result.exception, UserError):
            return "user error", f"{result.output}{result.exception}"
        return result.exit_code, result.output

    return invoke


@pytest.fixture
def photos(tmp_path):
    """Write a set with a category that looks like markup, a duplicate, a grey and a broken photo."""
    rng = np.random.default_rng(0)

    def save(name: str, rgb: np.ndarray) -> None:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(path)

    noise = rng.integers(0, 256, (40, 40, 3), np.uint8)
    save("train/[bold]/a.png", noise)
    save("train/[bold]/grey.png", np.repeat(noise[..., :1], 3, 2))
    save("val/b.png", rng.integers(0, 256, (40, 40, 3), np.uint8))
    save("test/a.bmp", noise)
    (tmp_path / "photos" / "test" / "[red]broken.png").touch()
    return tmp_path / "photos"


def test_list(run):
    code, output = run("list")
    assert code == 0
    assert all(name in output for name in ("samples", "landscapes", "mirflickr", "folder:PATH"))


def test_info_of_samples(run):
    code, output = run("info", "samples")
    assert code == 0
    assert "no evidence" in output
    assert "161" in output
    assert "Not audited yet: `bench datasets prepare samples` checks" in output
    assert "fingerprint: " in output


def test_info_says_the_whole_command_that_checks_the_same_photos(run, photos):
    code, output = run("info", "landscapes", "--data-root", photos, "--follow-links")
    assert code == 0, output
    assert f"`bench datasets prepare landscapes --data-root {photos} --follow-links`" in output


def test_info_of_shards_lists_some_of_them(run, photos, tmp_path):
    for shard in range(30):
        with tarfile.open(tmp_path / f"set-{shard:02}.tar", "w") as archive:
            archive.add(photos / "val" / "b.png", f"{shard}.png")
    code, output = run("info", f"shards:{tmp_path}/set-*.tar")
    assert code == 0
    assert "shards: 30\n  set-00.tar: " in output
    assert "set-29.tar" not in output
    assert "{'" not in output


def test_info_tells_what_an_audit_found(run, photos):
    run("prepare", f"folder:{photos}")
    code, output = run("info", f"folder:{photos}")
    assert code == 0
    assert "Not audited" not in output
    assert "near-grey" in output


def test_frames_of_clips_are_called_frames(run, photos, tmp_path):
    for clip in ("first", "second"):
        (tmp_path / "clips" / clip).mkdir(parents=True)
        for frame in range(2):
            shutil.copy(photos / "val" / "b.png", tmp_path / "clips" / clip / f"{frame}.png")
    name, splits = f"clips:{tmp_path / 'clips'}", tmp_path / "splits"
    for command in (["info", name], ["prepare", name, "--out", splits], ["info", name]):
        _, output = run(*command)
        tables = output.partition("split ")[2].partition("fingerprint")[0]
        assert "frames" in tables
        assert "photo" not in tables
    assert "4 frames as in the record" in run("verify", name, "--against", splits)[1]


def test_info_of_a_missing_set_says_what_it_is_and_what_to_do(run):
    code, output = run("info", "mirflickr")
    assert code == "user error"
    assert "ACM MIR 2008" in output
    assert "Put mirflickr25k.zip from" in output


def test_info_of_an_empty_array_names_it(run, tmp_path):
    (tmp_path / "gray_scale.npy").touch()
    code, output = run("info", "mirflickr", "--data-root", tmp_path)
    assert code == "user error"
    assert f"not a complete .npy file: '{tmp_path / 'gray_scale.npy'}'" in output


def test_prepare_reports_what_is_wrong(run, photos):
    code, output = run("prepare", f"folder:{photos}")
    assert code == 0
    assert "groups of exact duplicates: 1, across splits 1" in output
    assert "test/a.bmp (test) = train/[bold]/a.png (train)" in output
    assert "cannot be decoded: 1" in output
    assert "test/[red]broken.png (test): the file is empty" in output
    assert "1 (50.0%)" in output
    assert "[bold] 2" in output


def test_prepare_writes_splits_and_findings(run, photos, tmp_path):
    out = tmp_path / "out"
    code, output = run("prepare", f"folder:{photos}", "--out", out)
    assert code == 0
    names = ["train.csv", "validation.csv", "test.csv", "SHA256SUMS", "findings.csv"]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    assert all(f"wrote {out / name}" in output for name in names)
    with (out / "findings.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0].values()) == [
        "undecodable",
        "test",
        "test/[red]broken.png",
        "",
        "",
        "the file is empty",
    ]
    assert ("duplicate", "test/a.bmp", "train/[bold]/a.png") in {
        (row["finding"], row["id"], row["other_id"]) for row in rows
    }
    assert [row["id"] for row in rows if row["finding"] == "near-grey"] == ["train/[bold]/grey.png"]


def test_near_duplicates_are_listed(run, photos, tmp_path):
    Image.open(photos / "val" / "b.png").save(photos / "test" / "b.jpg", quality=95)
    _, output = run("prepare", f"folder:{photos}", "--out", tmp_path / "out")
    assert "val/b.png (validation) ~ test/b.jpg (test): " in output
    assert (
        "near-duplicate,validation,val/b.png,test,test/b.jpg,"
        in (tmp_path / "out" / "findings.csv").read_text()
    )


def test_long_lists_are_cut(run, tmp_path):
    for number in range(13):
        (tmp_path / "photos").mkdir(exist_ok=True)
        (tmp_path / "photos" / f"{number}.png").write_bytes(bytes([number]))
    _, output = run("prepare", f"folder:{tmp_path / 'photos'}")
    assert "cannot be decoded: 13" in output
    assert "… and 3 more" in output
    assert "–" in output


def test_many_categories_are_cut(run, tmp_path):
    for number in range(12):
        (tmp_path / "photos" / f"c{number:02}").mkdir(parents=True)
        (tmp_path / "photos" / f"c{number:02}" / "1.png").write_bytes(b"same")
    _, output = run("info", f"folder:{tmp_path / 'photos'}")
    assert "c08 1, c09 1, … 2 more" in output


def test_verify_finds_nothing(run, photos, tmp_path):
    _, output = run("prepare", f"folder:{photos}", "--out", tmp_path / "out")
    found = output.partition("fingerprint: ")[2][:64]
    for options in (["--against", tmp_path / "out"], ["--fingerprint", found]):
        code, output = run("verify", f"folder:{photos}", *options)
        assert code == 0
        assert "5 photos as in the record" in output


def test_verify_finds_a_change_that_size_and_time_hide(run, photos, tmp_path):
    path = photos / "val" / "b.png"
    os.utime(path, ns=(10**18, 10**18))
    _, output = run("prepare", f"folder:{photos}", "--out", tmp_path / "out")
    found = output.partition("fingerprint: ")[2][:64]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(10**18, 10**18))
    code, output = run("verify", f"folder:{photos}", "--against", tmp_path / "out")
    assert code == 1
    assert "differences: 2" in output
    assert "val/b.png: content was '" in output
    code, output = run("verify", f"folder:{photos}", "--fingerprint", found)
    assert code == 1
    assert f"fingerprint: was {found}, is " in output


def test_verify_needs_something_to_compare_with(run):
    code, output = run("verify", "samples")
    assert code == "user error"
    assert "add --against FOLDER" in output


def test_download_then_prepare(run, tmp_path, monkeypatch):
    def fake(archive, folder, report):
        folder.mkdir()
        Image.new("RGB", (8, 8), (9, 99, 200)).save(tmp_path / "im7.jpg")
        with zipfile.ZipFile(folder / archive.file, "w") as packed:
            packed.write(tmp_path / "im7.jpg", "mirflickr/im7.jpg")
        report(1, 1)
        return folder / archive.file

    monkeypatch.setattr(download, "download", fake)
    code, output = run("prepare", "mirflickr", "--data-root", tmp_path / "new", "--download")
    assert code == 0
    assert "8×8" in output
    assert (tmp_path / "new" / "mirflickr25k.zip").is_file()


def test_download_that_fails_is_one_message(run, tmp_path, monkeypatch):
    monkeypatch.setattr(Mirflickr, "archive", replace(Mirflickr.archive, url="http://127.0.0.1:9/x.zip"))
    monkeypatch.setattr(download.time, "sleep", lambda _: None)
    code, output = run("prepare", "mirflickr", "--data-root", tmp_path / "new", "--download")
    assert code == "user error"
    assert "http://127.0.0.1:9/x.zip cannot be downloaded (no connection to 127.0.0.1)" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mirflickr", "--download"], "--download needs --data-root FOLDER, the folder for mirflickr25k.zip"),
        (["landscapes", "--download"], "dataset 'landscapes' has no public address"),
        (["nonesuch"], "unknown dataset 'nonesuch'"),
    ],
)
def test_mistakes_are_one_message(run, arguments, message):
    code, output = run("prepare", *arguments)
    assert code == "user error"
    assert message in output


PLUGIN = """
import numpy as np
from huebench.datasets.base import Dataset, DatasetInfo, Entry, register_dataset

@register_dataset
class Plain(Dataset):
    info = DatasetInfo("plain-{stem}", "one colour", "made up", "CC0", "one photo a split")

    def entries(self):
        return [Entry(split, split, "", "CC0", split) for split in ("train", "validation", "test")]

    def read(self, entry):
        return np.full((4, 4, 3), 7, np.uint8)
"""


def test_dataset_of_a_plugin(run, tmp_path):
    path = Path(tmp_path, "plain.py")
    path.write_text(PLUGIN.replace("{stem}", tmp_path.name))
    code, output = run("prepare", f"plain-{tmp_path.name}", "--plugin", path)
    assert code == 0
    assert "groups of exact duplicates: 1, across splits 1" in output


def test_importing_it_is_light():
    code = (
        "import sys, huebench.bench.cli.datasets; "
        "print([m for m in ('numpy', 'numba', 'torch', 'pandas', 'pooch') if m in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"
