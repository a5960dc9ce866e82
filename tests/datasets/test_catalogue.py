import pytest

from huebench import UserError
from huebench.datasets.base import dataset_info, datasets, open_dataset
from huebench.datasets.sets.folder import Folder
from huebench.datasets.sets.samples import Samples


def test_every_dataset_is_registered_and_none_is_broken():
    assert list(datasets.items()) == ["folder", "landscapes", "mirflickr", "samples"]
    assert datasets.broken == {}


def test_name_alone():
    assert isinstance(open_dataset("samples"), Samples)


def test_path_in_the_name_or_as_data_root(tmp_path, make_photos):
    make_photos(tmp_path, ["1.png"])
    one, other = open_dataset(f"folder:{tmp_path}"), open_dataset("folder", tmp_path)
    assert isinstance(one, Folder)
    assert one.entries() == other.entries()


def test_two_places(tmp_path):
    with pytest.raises(UserError, match="name two places: leave one out"):
        open_dataset("folder:here", tmp_path)


def test_unknown_name():
    with pytest.raises(UserError, match="unknown dataset 'sample'; did you mean samples"):
        open_dataset("sample")
    with pytest.raises(UserError, match="unknown dataset 'imagenet'"):
        dataset_info("imagenet:path")


def test_info_needs_no_photos():
    assert dataset_info("landscapes").name == "landscapes"
