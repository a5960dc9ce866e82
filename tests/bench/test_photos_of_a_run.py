"""The photos of a run: those of its plan, no others, and all of them where that is asked for."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from huebench.reports.tables import read_results

TINY = ("--dataset", "folder:photos", "--size", 32, "--metrics", "psnr", "--out", "out")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def photos(tmp_path):
    return write(tmp_path / "photos", {"train": 6, "val": 2, "test": 6})


def write(root, counts, seed=0):
    rng = np.random.default_rng(seed)
    for split, count in counts.items():
        (root / split).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 200, 3) + rng.integers(0, 56, (32, 32, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(root / split / f"{number}.png")
    return root


@pytest.mark.parametrize(
    ("change", "split"),
    [
        ("vanishes", "test"),
        ("is replaced", "train"),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in [
                ("is replaced", "test"),
                ("vanishes", "train"),
                ("vanishes", "val"),
                ("is replaced", "val"),
            ]
        ),
    ],
)
def test_no_cell_is_done_with_other_photos_than_those_of_the_plan(
    bench, plugin, photos, tmp_path, split, change
):
    victim, kept = photos / split / "1.png", tmp_path / "kept.png"
    shutil.copy2(victim, kept)
    other = photos / split / "0.png"
    act = "os.unlink(p)" if change == "vanishes" else f"os.unlink(p); os.link({str(other)!r}, p)"
    path = plugin("meddles", fit=f"p = {str(victim)!r}; {act}")
    code, _ = bench("run", *TINY, "--methods", "meddles,gray", "--plugin", path)
    cells = read_results(tmp_path / "out").cells.set_index("name")
    assert code == 1
    assert cells.loc["gray", "status"] == "failed"
    assert f"{split}/1.png" in cells.loc["gray", "reason"]
    assert "changed since the run was planned" in cells.loc["gray", "reason"]
    if split == "test":
        assert cells.loc["meddles", "status"] == "failed"
    shutil.copy2(kept, victim)
    code, output = bench("run", *TINY, "--methods", "gray")
    assert code == 0
    assert "already done" not in output
    assert read_results(tmp_path / "out").cells["scored"].item() == 6


def test_a_photo_that_vanishes_while_a_method_learns_fails_its_cell(bench, plugin, photos, tmp_path):
    path = plugin("reads", fit=f"os.unlink({str(photos / 'train' / '3.png')!r}); list(train)")
    assert bench("run", *TINY, "--methods", "reads", "--plugin", path)[0] == 1
    reason = read_results(tmp_path / "out").cells["reason"].item()
    assert "'train/3.png' has changed since the run was planned (No such file" in reason


def test_a_method_that_passes_over_a_lost_photo_fails_all_the_same(bench, plugin, photos, tmp_path):
    fit = f"""
        os.unlink({str(photos / "train" / "3.png")!r})
        try:
            list(train)
        except Exception:
            pass"""
    path = plugin("swallows", fit=fit.strip())
    assert bench("run", *TINY, "--methods", "swallows", "--plugin", path)[0] == 1
    assert "'train/3.png' has changed" in read_results(tmp_path / "out").cells["reason"].item()


def test_unreadable_photos_of_the_training_sample_stand_in_the_report(bench, photos, tmp_path):
    (photos / "train" / "0.png").write_bytes(b"broken")
    assert bench("run", *TINY, "--methods", "gray")[0] == 0
    facts = json.loads((tmp_path / "out" / "run.json").read_text())["dataset"]
    assert facts["unreadable training photos"]["number"] == 1
    assert "train/0.png" in facts["unreadable training photos"]["reasons"]
    report = (tmp_path / "out" / "report.md").read_text()
    assert "1 photo of the training sample cannot be read: train/0.png" in report


def test_all_photos_are_scored_by_methods_that_need_none(bench, photos, tmp_path):
    assert bench("run", *TINY, "--split", "all", "--methods", "gray,mean-ab,histogram-matching")[0] == 0
    cells = read_results(tmp_path / "out").cells.set_index("name")
    assert cells.loc["gray", "scored"] == 14
    assert list(cells.loc[["mean-ab", "histogram-matching"], "status"]) == ["skipped"] * 2
    assert "it would learn from scored photos" in cells.loc["mean-ab", "reason"]


def test_methods_learn_from_another_dataset(bench, plugin, photos, tmp_path):
    write(tmp_path / "other", {"train": 3, "test": 2}, seed=1)
    count = plugin("counts", fit="print('learned from', *[photo.entry.id for photo in train])")
    arguments = ("--split", "all", "--train-on", "folder:other", "--plugin", count)
    methods = "counts,mean-ab,histogram-matching"
    code, output = bench("run", *TINY, *arguments, "--methods", methods)
    assert code == 0, output
    results = read_results(tmp_path / "out")
    assert list(results.cells["scored"]) == [14] * 3
    assert set(results.images["reference"].dropna()) <= {f"train/{n}.png" for n in range(3)}
    assert "learned from train/" in (tmp_path / "out" / results.cells["log"].iloc[0]).read_text()
    assert results.run.dataset["learned from"]["name"] == f"folder:{tmp_path / 'other'}"
    code, output = bench("run", *TINY, *arguments, "--methods", methods)
    assert output.count("already done") == 3


def test_the_splits_and_ignored_files_are_shown(bench, photos, tmp_path):
    (photos / "list.txt").touch()
    code, output = bench("run", *TINY, "--methods", "gray")
    assert code == 0
    assert "splits of folder:photos: train in train/; validation in val/; test in test/" in output
    assert "passed over of folder:photos: 1 file other than photos: list.txt" in output
    report = (tmp_path / "out" / "report.md").read_text()
    assert "train in train/; validation in val/; test in test/" in report
    code, output = bench("datasets", "info", "folder:photos")
    assert "splits: train in train/; validation in val/; test in test/" in output


def test_home_is_understood_wherever_a_path_is_taken(bench, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    code, output = bench(
        "run", "--dataset", "folder:~/photos", *TINY[2:6], "--methods", "gray", "--out=~/home-run"
    )
    assert code == 0, output
    assert bench("report", "~/home-run")[0] == 0
    code, output = bench("datasets", "info", "folder:~/photos")
    assert code == 0, output


def test_linked_photos_are_scored_when_asked(bench, photos, tmp_path):
    (tmp_path / "linked").mkdir()
    for split in ("train", "test"):
        (tmp_path / "linked" / split).symlink_to(photos / split)
    arguments = ("run", "--dataset", "folder:linked", *TINY[2:], "--methods", "gray")
    code, output = bench(*arguments)
    assert code == 2
    assert "add --follow-links" in output
    assert bench(*arguments, "--follow-links")[0] == 0
    assert read_results(tmp_path / "out").cells["scored"].item() == 6


DATASET = """
from pathlib import Path
import numpy as np
from PIL import Image
from huebench.datasets.base import Dataset, DatasetInfo, Entry, register_dataset
from huebench.datasets.digests import file_digest

@register_dataset
class Own(Dataset):
    info = DatasetInfo("own", "a test", "a test", "CC0", "by folder")

    def entries(self):
        splits = {"train": "train", "val": "validation", "test": "test"}
        return [
            Entry(str(path), splits[path.parent.name], "", "CC0", file_digest(path))
            for path in sorted(Path("photos").absolute().rglob("*.png"))
        ]

    def read(self, entry):
        return np.array(Image.open(entry.id))
"""


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_dataset_that_compares_nothing_is_checked_after_it_was_read(bench, plugin, photos, tmp_path, split):
    (tmp_path / "own.py").write_text(DATASET)
    change = f"list(train); Image.new('RGB', (32, 32)).save({str(photos / split / '1.png')!r})"
    path = plugin("meddles", fit=f"from PIL import Image; {change}")
    arguments = ("--methods", "meddles", "--plugin", path, "--plugin", tmp_path / "own.py")
    code, _ = bench("run", "--dataset", "own", *TINY[2:], *arguments)
    assert code == 1
    reason = read_results(tmp_path / "out").cells["reason"].item()
    assert f"photos have changed since the run was planned ({photos / split / '1.png'}: content" in reason
