from collections import Counter

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.datasets.base import PhotoError
from huebench.datasets.sets.folder import Folder


def names(folder: str, count: int) -> list[str]:
    return [f"{folder}/{n}.png" for n in range(count)]


def test_sub_folders_are_categories_and_splits_80_10_10(tmp_path, make_photos):
    make_photos(tmp_path, names("cat", 30) + names("dog/puppy", 10) + ["top.png"])
    entries = Folder(tmp_path).entries()
    assert Counter(entry.category for entry in entries) == {"cat": 30, "dog": 10, "": 1}
    assert Counter(entry.split for entry in entries) == {"train": 33, "validation": 4, "test": 4}
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)


def test_a_photo_keeps_its_split_when_it_is_renamed(tmp_path, make_photos):
    make_photos(tmp_path, names("a", 20))
    before = {entry.sha256: entry.split for entry in Folder(tmp_path).entries()}
    (tmp_path / "a" / "3.png").rename(tmp_path / "a" / "zebra.png")
    assert {entry.sha256: entry.split for entry in Folder(tmp_path).entries()} == before


def test_stated_splits(tmp_path, make_photos):
    make_photos(tmp_path, ["train/x/1.png", "val/x/2.png", "test/y/3.png", "train/4.png"])
    entries = {entry.id: (entry.split, entry.category) for entry in Folder(tmp_path).entries()}
    assert entries == {
        "test/y/3.png": ("test", "y"),
        "train/4.png": ("train", ""),
        "train/x/1.png": ("train", "x"),
        "val/x/2.png": ("validation", "x"),
    }


def test_without_a_validation_folder_a_tenth_of_train_is_validation(tmp_path, make_photos):
    make_photos(tmp_path, names("train", 40) + names("test", 5))
    entries = Folder(tmp_path).entries()
    assert Counter(entry.split for entry in entries) == {"train": 36, "validation": 4, "test": 5}
    assert all(entry.split == "test" for entry in entries if entry.id.startswith("test/"))


def test_case_and_a_year_do_not_matter(tmp_path, make_photos):
    make_photos(tmp_path, ["Train/x/1.png", "VAL2017/2.png", "Test/3.png"])
    entries = {entry.id: (entry.split, entry.category) for entry in Folder(tmp_path).entries()}
    assert entries == {
        "Test/3.png": ("test", ""),
        "Train/x/1.png": ("train", "x"),
        "VAL2017/2.png": ("validation", ""),
    }


@pytest.mark.parametrize("folder", ["val", "valid", "validation"])
def test_without_a_test_folder_the_validation_folder_is_it(tmp_path, make_photos, folder):
    make_photos(tmp_path, names("train/n01440764", 20) + names(f"{folder}/n01440764", 5))
    entries = Folder(tmp_path).entries()
    assert Counter(entry.split for entry in entries) == {"train": 18, "validation": 2, "test": 5}
    assert all((entry.split == "test") == entry.id.startswith(folder) for entry in entries)
    assert {entry.category for entry in entries} == {"n01440764"}


def test_splits_without_train_are_refused(tmp_path, make_photos):
    make_photos(tmp_path, ["val/1.png", "test/2.png"])
    with pytest.raises(UserError, match="has val and test folders but no train folder"):
        Folder(tmp_path).entries()


def test_train_alone_is_a_category(tmp_path, make_photos):
    make_photos(tmp_path, names("train", 10))
    assert {entry.category for entry in Folder(tmp_path).entries()} == {"train"}


@pytest.mark.parametrize("folder", ["test", "val"])
@pytest.mark.parametrize("stray", ["other/3.png", "train.png"])
def test_photo_outside_of_the_stated_splits(tmp_path, make_photos, folder, stray):
    make_photos(tmp_path, ["train/1.png", f"{folder}/2.png", stray])
    with pytest.raises(
        UserError, match=rf"has train and {folder} folders, but photo '{stray}' is in none of them: move it"
    ):
        Folder(tmp_path).entries()


def test_reading(tmp_path, make_photos):
    (path,) = make_photos(tmp_path, ["1.png"])
    (tmp_path / "2.png").touch()
    dataset = Folder(tmp_path)
    whole, empty = dataset.entries()
    assert np.array_equal(dataset.read(whole), np.asarray(Image.open(path)))
    with pytest.raises(PhotoError, match="the file is empty"):
        dataset.read(empty)


def test_fingerprint_follows_the_content(tmp_path, make_photos):
    (path, _) = make_photos(tmp_path, ["1.png", "2.png"])
    before = Folder(tmp_path).fingerprint()
    assert Folder(tmp_path).fingerprint() == before
    path.write_bytes(path.read_bytes() + b"\0")
    assert Folder(tmp_path).fingerprint() != before


def test_no_folder_and_no_photos(tmp_path):
    with pytest.raises(UserError, match="write folder:PATH, or add --data-root PATH"):
        Folder()
    with pytest.raises(UserError, match="no photos in"):
        Folder(tmp_path)
