"""Copies of ImageNet and COCO: the field's splits, and what is missing, on tiny stand-ins."""

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.datasets.sets import coco, imagenet
from huebench.datasets.spec import open_dataset


def photo(path, level):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 4, 3), level, np.uint8)).save(path, "JPEG")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Six validation photos in two layouts, and twenty of train."""
    monkeypatch.setattr(imagenet, "PHOTOS", {"imagenet-val5k": 4, "imagenet-ctest10k": 3})
    for number in range(1, 7):
        folder = tmp_path / "val" / ("n01440764" if number % 2 else "")
        photo(folder / f"ILSVRC2012_val_{number:08}.JPEG", number)
    for number in range(20):
        photo(tmp_path / "train" / "n01443537" / f"n01443537_{number}.JPEG", 100 + number)
    return tmp_path


def of_split(dataset, split):
    return [entry.id.rpartition("/")[2] for entry in dataset.split(split)]


def test_val5k_is_the_first_photos_by_number(tree):
    dataset = open_dataset("imagenet-val5k", tree)
    assert sorted(of_split(dataset, "test")) == [
        f"ILSVRC2012_val_{number:08}.JPEG" for number in (1, 2, 3, 4)
    ]
    assert len(of_split(dataset, "train")) == 18
    assert len(of_split(dataset, "validation")) == 2
    categories = {entry.id.rpartition("/")[2]: entry.category for entry in dataset.entries()}
    assert categories["ILSVRC2012_val_00000001.JPEG"] == "n01440764"
    assert categories["ILSVRC2012_val_00000002.JPEG"] == ""
    assert categories["n01443537_7.JPEG"] == "n01443537"


def test_ctest10k_is_as_its_list_says(tree):
    names = [f"ILSVRC2012_val_{number:08}.JPEG" for number in (2, 5, 6)]
    (tree / "ctest10k.txt").write_text("\n".join(f"val/{name} 17" for name in names) + "\n")
    assert sorted(of_split(open_dataset("imagenet-ctest10k", tree), "test")) == names


@pytest.mark.parametrize("text", ["ILSVRC2012_val_00000001.JPEG\n", "a.jpg\nb.jpg\nc.jpg\n", ""])
def test_an_incomplete_list_is_an_error(tree, text):
    (tree / "ctest10k.txt").write_text(text)
    with pytest.raises(UserError, match=r"ctest10k\.txt' lists [01] photos; it must list 3"):
        open_dataset("imagenet-ctest10k", tree)


def test_a_missing_list_or_photo_is_named(tree):
    with pytest.raises(UserError, match=r"ctest10k\.txt' is missing"):
        open_dataset("imagenet-ctest10k", tree)
    (tree / "val" / "ILSVRC2012_val_00000002.JPEG").unlink()
    with pytest.raises(UserError, match=r"1 of 4 test photos are missing .* ILSVRC2012_val_00000002\.JPEG"):
        open_dataset("imagenet-val5k", tree)


def test_a_photo_that_is_there_twice_is_an_error(tree):
    photo(tree / "more" / "ILSVRC2012_val_00000003.JPEG", 3)
    with pytest.raises(UserError, match="are one photo: remove one"):
        open_dataset("imagenet-val5k", tree)


@pytest.mark.parametrize("name", ["imagenet-val5k", "imagenet-ctest10k", "coco"])
def test_without_a_folder_the_layout_is_told(name, tmp_path):
    with pytest.raises(UserError, match=f"dataset '{name}': add --data-root FOLDER"):
        open_dataset(name)
    with pytest.raises(UserError, match="not a folder"):
        open_dataset(name, tmp_path / "absent")


def test_coco_is_val2017_for_test_and_train2017_to_learn_from(tmp_path, monkeypatch):
    monkeypatch.setattr(coco, "PHOTOS", 3)
    for number in range(3):
        photo(tmp_path / "val2017" / f"{number:012}.jpg", number)
    for number in range(10):
        photo(tmp_path / "train2017" / f"{number + 9:012}.jpg", 50 + number)
    dataset = open_dataset("coco", tmp_path)
    assert len(of_split(dataset, "test")) == 3
    assert len(of_split(dataset, "train")) == 9
    (tmp_path / "val2017" / "000000000001.jpg").unlink()
    with pytest.raises(UserError, match=r"val2017 holds 2 photos in .*, not 3"):
        open_dataset("coco", tmp_path)
