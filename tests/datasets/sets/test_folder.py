import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.datasets.base import PhotoChangedError, PhotoError
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
    with pytest.raises(
        UserError,
        match=r"has folders test and val, but none for training: add it, or rename them, or put a splits",
    ):
        Folder(tmp_path).entries()


def test_train_alone_is_a_category(tmp_path, make_photos):
    make_photos(tmp_path, names("train", 10))
    assert {entry.category for entry in Folder(tmp_path).entries()} == {"train"}


@pytest.mark.parametrize("folder", ["test", "val"])
@pytest.mark.parametrize("stray", ["other/3.png", "train.png"])
def test_photo_outside_of_the_stated_splits(tmp_path, make_photos, folder, stray):
    make_photos(tmp_path, ["train/1.png", f"{folder}/2.png", stray])
    with pytest.raises(
        UserError, match=rf"has folders .*{folder}.*, but photo '{stray}' is in none: move it, or rename them"
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


def test_one_photo_is_not_taken_for_an_archive(tmp_path, make_photos):
    (path,) = make_photos(tmp_path, ["1.png"])
    with pytest.raises(UserError, match=r"a photo, not a folder: '.*1\.png'; name the folder"):
        Folder(path)


@pytest.mark.parametrize(
    ("train", "other", "split"),
    [
        ("training", "testing", "test"),
        ("train_set", "test_set", "test"),
        ("trainA", "testA", "test"),
        ("DIV2K_train_HR", "DIV2K_valid_HR", "test"),
        ("train", "dev", "test"),
        ("Training-Images", "evaluation", "test"),
        ("archive/train", "archive/test", "test"),
        ("a/b/clean_train", "a/b/clean_holdout", "test"),
    ],
)
def test_usual_names_of_splits_at_any_depth(tmp_path, make_photos, train, other, split):
    make_photos(tmp_path, names(f"{train}/sea", 10) + names(f"{other}/sea", 5))
    dataset = Folder(tmp_path)
    found = {entry.id: entry.split for entry in dataset.entries()}
    assert {key for key in found if found[key] == split} == {f"{other}/sea/{n}.png" for n in range(5)}
    assert {entry.category for entry in dataset.entries()} == {"sea"}
    assert f"train in {train.rpartition('/')[2]}/" in dataset.facts()["splits"]
    assert "a tenth of train is validation" in dataset.facts()["splits"]


def test_splits_in_each_category(tmp_path, make_photos):
    make_photos(tmp_path, ["sea/train/1.png", "sea/test/2.png", "town/train/3.png", "town/test/4.png"])
    found = {entry.id: (entry.split, entry.category) for entry in Folder(tmp_path).entries()}
    assert found["sea/test/2.png"] == ("test", "sea")
    assert found["town/train/3.png"] == ("train", "town")


def test_a_name_of_two_splits_states_none_and_is_not_passed_over(tmp_path, make_photos):
    make_photos(tmp_path, ["train/1.png", "test/2.png", "train_and_test/3.png"])
    with pytest.raises(UserError, match=r"photo 'train_and_test/3\.png' is in none"):
        Folder(tmp_path).entries()


@pytest.mark.parametrize("folder", ["train", "test_images", "deep/val2017"])
def test_one_split_beside_other_folders_is_not_mixed_with_them(tmp_path, make_photos, folder):
    make_photos(tmp_path, names("cat", 3) + names(folder, 3))
    name = folder.rpartition("/")[2]
    with pytest.raises(
        UserError,
        match=rf"has the split folder {name}, but photo 'cat/0.png' is not in it: move it, or rename",
    ):
        Folder(tmp_path).entries()


def test_missing_splits_are_reported(tmp_path, make_photos):
    make_photos(tmp_path, names("cat", 3) + names("dog", 3))
    assert "the names of sub-folders define no splits" in Folder(tmp_path).facts()["splits"]


def test_a_file_states_the_splits_whatever_the_folders_say(tmp_path, make_photos):
    make_photos(tmp_path, ["train/1.png", "test/2.png", "new/3.png"])
    (tmp_path / "splits.csv").write_text(
        "id,split,category\ntrain/1.png,test,x\ntest/2.png,train,\nnew/3.png,val,y\n"
    )
    dataset = Folder(tmp_path)
    assert {entry.id: (entry.split, entry.category) for entry in dataset.entries()} == {
        "train/1.png": ("test", "x"),
        "test/2.png": ("train", ""),
        "new/3.png": ("validation", "y"),
    }
    assert dataset.facts() == {"splits": "as splits.csv states"}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("id,split\n1.png,train\n", r"does not list photo '2\.png', which is there"),
        ("id,split\n1.png,train\n2.png,test\n3.png,test\n", r"lists photo '3\.png', which is not there"),
        ("id,split\n1.png,train\n2.png,other\n", r"photo '2\.png' has split 'other'"),
        ("id,split\n1.png,train\n1.png,test\n", r"lists photo '1\.png' twice"),
        ("file,part\n1.png,train\n", "must have a header with id and split"),
        ("", "must have a header with id and split"),
        ("id,split\n\0\xff", "splits.csv"),
    ],
)
def test_a_wrong_file_of_splits_is_refused(tmp_path, make_photos, content, fault):
    make_photos(tmp_path, ["1.png", "2.png"])
    (tmp_path / "splits.csv").write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=fault):
        Folder(tmp_path).entries()


def test_a_zip_archive_is_as_good_as_its_folder(tmp_path, make_photos):
    make_photos(tmp_path / "photos", names("train", 10) + names("test", 5))
    archive = shutil.make_archive(str(tmp_path / "photos"), "zip", tmp_path / "photos")
    loose, packed = Folder(tmp_path / "photos"), Folder(Path(archive))
    assert packed.entries() == loose.entries()
    assert packed.fingerprint() == loose.fingerprint()
    for entry in loose.entries():
        assert np.array_equal(packed.read(entry), loose.read(entry))


def test_a_photo_that_was_replaced_or_lost_is_not_read(tmp_path, make_photos):
    one, two, three = make_photos(tmp_path, ["1.png", "2.png", "3.png"])
    dataset = Folder(tmp_path)
    entries = dataset.entries()
    one.write_bytes(two.read_bytes())
    three.unlink()
    dataset.read(entries[1])
    with pytest.raises(
        PhotoChangedError, match=r"photo '1\.png' has changed since .*\(other content\); run again"
    ):
        dataset.read(entries[0])
    with pytest.raises(PhotoChangedError, match=r"photo '3\.png' has changed since .*\(No such file"):
        dataset.read(entries[2])


def test_a_photo_that_became_a_pipe_is_not_waited_for(tmp_path, make_photos):
    (path,) = make_photos(tmp_path, ["1.png"])
    dataset = Folder(tmp_path)
    (entry,) = dataset.entries()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(PhotoChangedError, match="not a regular file, but a pipe or a device"):
        dataset.read(entry)
