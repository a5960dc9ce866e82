import dataclasses

import pytest

from huebench import UserError
from huebench.datasets.base import (
    Entry,
    dataset_info,
    datasets,
    fingerprint,
    open_dataset,
    register_dataset,
)
from huebench.datasets.sets.folder import Folder
from huebench.datasets.sets.samples import Samples

ENTRY = Entry("a.jpg", "train", "sea", "CC0", "00")


@pytest.mark.parametrize("change", [{"id": "b"}, {"split": "test"}, {"category": ""}, {"sha256": "01"}])
def test_fingerprint_follows_id_split_category_and_content(change):
    assert fingerprint([dataclasses.replace(ENTRY, **change)]) != fingerprint([ENTRY])


def test_fingerprint_follows_neither_order_nor_licence():
    other = dataclasses.replace(ENTRY, id="b")
    assert fingerprint([ENTRY, other]) == fingerprint([other, ENTRY])
    assert fingerprint([dataclasses.replace(ENTRY, licence="")]) == fingerprint([ENTRY])


def test_split_keeps_the_order():
    dataset = Samples()
    assert dataset.split("test") == [entry for entry in dataset.entries() if entry.split == "test"]
    assert dataset.fingerprint() == fingerprint(dataset.entries())


def test_a_name_is_registered_once():
    assert datasets.get("samples") is Samples
    with pytest.raises(UserError, match="dataset 'samples' is registered twice"):
        register_dataset(type("Other", (Samples,), {}))


def test_every_dataset_is_registered_and_none_is_broken():
    assert list(datasets.items()) == ["folder", "landscapes", "mirflickr", "samples"]
    assert datasets.broken == {}


def test_a_dataset_is_opened_by_its_name():
    assert isinstance(open_dataset("samples"), Samples)


def test_the_path_is_part_of_the_name_or_the_data_root(tmp_path, make_photos):
    make_photos(tmp_path, ["1.png"])
    one, other = open_dataset(f"folder:{tmp_path}"), open_dataset("folder", tmp_path)
    assert isinstance(one, Folder)
    assert one.entries() == other.entries()


def test_a_path_and_a_data_root_are_refused(tmp_path):
    with pytest.raises(UserError, match="both name a path: leave one out"):
        open_dataset("folder:here", tmp_path)


def test_an_unknown_name_shows_the_nearest():
    with pytest.raises(UserError, match="unknown dataset 'sample'; did you mean samples"):
        open_dataset("sample")
    with pytest.raises(UserError, match="unknown dataset 'imagenet'"):
        dataset_info("imagenet:path")


def test_dataset_info_needs_no_photos():
    assert dataset_info("landscapes").name == "landscapes"
