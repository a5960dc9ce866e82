import os
import time

import numpy as np

from huebench.datasets.photos import PhotoSet
from huebench.datasets.spec import open_dataset


def test_models_go_and_the_run_stays_as_it_is(bench, run):
    kept = {path for path in run.rglob("*") if path.relative_to(run).parts[0] not in ("models", "shared")}
    assert (run / "models").is_dir()
    code, output = bench("clean", run)
    assert code == 0
    assert output.startswith("freed ")
    assert set(run.rglob("*")) - {run / ".lock"} == kept - {run / ".lock"}
    assert bench("report", run)[0] == 0
    assert "freed 0 bytes" in bench("clean", run)[1]


def test_what_is_no_run_folder_is_refused_with_the_reason(bench, tmp_path):
    for folder, why in ((tmp_path, "it has no run.json"), (tmp_path / "nowhere", "it does not exist")):
        code, output = bench("clean", folder)
        assert code == 2
        assert f"is not a run folder: {why}" in output


def test_copies_of_photos_that_were_not_used_lately_leave_the_cache(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "cache"))
    packed = tmp_path / "cache" / "packed"
    dataset = open_dataset("samples")
    photos = PhotoSet(dataset, dataset.entries()[:2], lambda rgb: rgb[:64, :64], "cut", packed)
    photos.packed(16), photos.packed(32)
    long_ago = time.time() - 40 * 86_400
    for path in packed.iterdir():
        os.utime(path, (long_ago, long_ago))
    photos.packed(16)  # a use
    code, output = bench("clean", "--cache", "--days", 50)
    assert code == 0
    assert "freed 0 bytes of the cache: 0 packed photo sets unused for 50 days" in output
    code, output = bench("clean", "--cache")
    assert code == 0
    assert "of the cache: 1 packed photo set unused for 30 days" in output
    assert [np.load(path).shape for path in packed.glob("*.npy")] == [(2, 16, 16, 3)]
    assert len(list(packed.iterdir())) == 2
    assert photos.packed(32).shape == (2, 32, 32, 3), "made again"
    assert bench("clean", "--cache", "--days", 0)[0] == 0
    assert list(packed.iterdir()) == []


def test_a_command_that_names_nothing_to_clean_says_what_to_give(bench):
    code, output = bench("clean")
    assert code == 2
    assert "nothing to clean: name a run folder, or give --cache" in output


def test_only_a_run_is_cleaned(bench, tmp_path):
    (tmp_path / "models").mkdir()
    code, output = bench("clean", tmp_path)
    assert code == 2
    assert "has no run.json" in output
    assert (tmp_path / "models").is_dir()
