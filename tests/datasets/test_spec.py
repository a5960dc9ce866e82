import dataclasses
import sys
from pathlib import Path

import pytest

from huebench import UserError
from huebench.datasets.base import Entry, datasets
from huebench.datasets.sets.folder import Folder
from huebench.datasets.sets.samples import Samples
from huebench.datasets.spec import dataset_info, open_dataset

ENTRY = Entry("a.jpg", "train", "sea", "CC0", "00")


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


def _opened(monkeypatch, entries):
    class Made(Samples):
        info = dataclasses.replace(Samples.info, name="made")

        def entries(self):
            return entries() if callable(entries) else entries

    monkeypatch.setattr(datasets, "_items", {**datasets.items(), "made": Made})
    return open_dataset("made")


def _changed(**change):
    return [ENTRY, dataclasses.replace(ENTRY, **{"id": "b.jpg", **change})]


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        (_changed(split="val"), "photo 'b.jpg' has split 'val'; the splits are train, validation, test"),
        (_changed(split="Train"), "photo 'b.jpg' has split 'Train'"),
        (_changed(id="a.jpg"), "2 photos have the id 'a.jpg'; ids must be unique"),
        (_changed(id=7), "id of photo 7 must be text, not 7"),
        (_changed(id=""), "an entry has an empty id"),
        (_changed(id="\ud800"), "id of photo .* must be text"),
        (_changed(category=None), "category of photo 'b.jpg' must be text, not None"),
        (_changed(sha256=b"00"), "sha256 of photo 'b.jpg' must be text"),
        ([("a.jpg", "train")], "an entry must be an Entry, not tuple"),
        (None, r"entries\(\) must return a list, not NoneType"),
        (lambda: 1 / 0, "dataset 'made' cannot be opened: ZeroDivisionError: division by zero"),
        (sys.exit, "dataset 'made' cannot be opened: SystemExit"),
    ],
)
def test_a_wrong_entry_is_refused_where_the_dataset_is_opened(monkeypatch, entries, fault):
    with pytest.raises(UserError, match=fault):
        _opened(monkeypatch, entries)


def test_home_is_understood_in_paths(tmp_path, make_photos, monkeypatch):
    make_photos(tmp_path / "photos", ["1.png"])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_dataset("folder:~/photos").entries() == open_dataset("folder", Path("~/photos")).entries()


def test_links_are_followed_by_datasets_that_are_folders(tmp_path, make_photos):
    make_photos(tmp_path / "far", ["1.png"])
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "linked").symlink_to(tmp_path / "far")
    (entry,) = open_dataset("folder", tmp_path / "root", follow_links=True).entries()
    assert entry.id == "linked/1.png"
    assert open_dataset("samples", follow_links=True).entries()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda _: None, "must return a dictionary with 'splits'"),
        (lambda _: {"splits": "halves", "root": Path()}, "texts, numbers, lists and dictionaries only"),
        (lambda _: 1 / 0, "cannot be opened: ZeroDivisionError"),
    ],
)
def test_facts_that_a_report_cannot_hold_are_refused_when_the_dataset_is_opened(monkeypatch, answer, message):
    monkeypatch.setattr(Samples, "facts", answer)
    with pytest.raises(UserError, match=message):
        open_dataset("samples")


def test_an_opened_dataset_answers_the_same_from_then_on(monkeypatch):
    dataset = open_dataset("samples")
    entries, facts = dataset.entries(), dataset.facts()
    for name in ("entries", "facts"):
        monkeypatch.setattr(Samples, name, lambda _: 1 / 0)
    assert dataset.entries() == entries
    assert dataset.facts() == facts
    assert dataset.split("test")
