import os
from collections import Counter
from pathlib import Path

import pytest

from huebench import UserError
from huebench.datasets.sets.landscapes import CATEGORIES, Landscapes


def fill(folder: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        (folder / name).write_bytes(number.to_bytes(4, "big"))


def test_kaggle_names_give_categories(tmp_path):
    fill(
        tmp_path, ["00000000.jpg", *(f"00000000_({n}).jpg" for n in range(2, 8)), "00000001_(9).jpg", "x.jpg"]
    )
    found = {entry.id: entry.category for entry in Landscapes(tmp_path).entries()}
    assert found["00000000.jpg"] == "landscape"
    assert found["00000000_(3).jpg"] == "desert"
    assert found["00000001_(9).jpg"] == found["x.jpg"] == ""
    assert set(CATEGORIES.values()) < set(found.values())


def test_plain_folder_has_no_categories_even_if_numbered(tmp_path):
    fill(tmp_path, ["00000000.jpg", "00000001.jpg", "b.png"])
    assert {entry.category for entry in Landscapes(tmp_path).entries()} == {""}


@pytest.mark.parametrize(
    ("photos", "expected"),
    [(4_319, (4_000, 200, 119)), (5_000, (4_000, 200, 800)), (432, (400, 20, 12)), (3, (1, 1, 1))],
)
def test_splits_follow_the_order_of_digests(tmp_path, photos, expected):
    fill(tmp_path, [f"{n}.jpg" for n in range(photos)])
    entries = Landscapes(tmp_path).entries()
    counts = Counter(entry.split for entry in entries)
    assert (counts["train"], counts["validation"], counts["test"]) == expected
    ordered = [entry.split for entry in sorted(entries, key=lambda entry: entry.sha256)]
    assert ordered == sorted(ordered, key=["train", "validation", "test"].index)


def test_equal_files_share_a_split(tmp_path):
    fill(tmp_path, [f"{n}.jpg" for n in range(40)])
    for n in range(40):
        (tmp_path / f"copy{n}.jpg").write_bytes((tmp_path / f"{n}.jpg").read_bytes())
    splits = {entry.id: entry.split for entry in Landscapes(tmp_path).entries()}
    assert all(splits[f"{n}.jpg"] == splits[f"copy{n}.jpg"] for n in range(40))
    assert len(set(splits.values())) == 3


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda _: None, "add --data-root FOLDER"),
        (lambda path: path / "none", "not a folder: '.*none'"),
        (lambda path: path, "no photos in"),
    ],
)
def test_missing_photos_error_says_which_file_to_put_where(tmp_path, make, match):
    with pytest.raises(UserError, match=rf"{match}.*Download archive\.zip from https://www\.kaggle\.com"):
        Landscapes(make(tmp_path))


@pytest.mark.skipif("HUEBENCH_DATA" not in os.environ, reason="HUEBENCH_DATA is not set")
def test_real_photos():
    dataset = Landscapes(Path(os.environ["HUEBENCH_DATA"], "landscapes"))
    assert [len(dataset.split(name)) for name in ("train", "validation", "test")] == [4_000, 200, 119]
    assert dataset.read(dataset.entries()[0]).shape == (256, 256, 3)
