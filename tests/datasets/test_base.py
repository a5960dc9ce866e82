import dataclasses

import numpy as np
import pytest

from huebench import UserError
from huebench.datasets.base import (
    Entry,
    PhotoChangedError,
    PhotoError,
    datasets,
    fingerprint,
    register_dataset,
)
from huebench.datasets.decode import decode
from huebench.datasets.sets.samples import Samples
from huebench.files import file_digest

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
    still = [
        "coco",
        "folder",
        "hf",
        "imagenet-ctest10k",
        "imagenet-val5k",
        "landscapes",
        "mirflickr",
        "samples",
        "shards",
    ]
    assert [name for name, cls in datasets.items().items() if not cls.info.clips] == still
    assert [name for name, cls in datasets.items().items() if cls.info.clips] == [
        "clips",
        "davis",
        "pan",
        "videvo",
    ]
    assert datasets.broken == {}


@pytest.mark.parametrize(
    ("photo", "fault"),
    [
        (ValueError("odd"), "photo 'a.jpg' of 'samples' cannot be read: ValueError: odd"),
        (
            np.zeros((2, 2, 3), np.float32),
            r"photo 'a.jpg' of 'samples' is float32 \(2, 2, 3\); it must be uint8",
        ),
        (np.zeros((2, 2), np.uint8), r"is uint8 \(2, 2\)"),
        (None, "is NoneType"),
    ],
)
def test_photos_from_a_dataset_are_checked(monkeypatch, photo, fault):
    def read(*_):
        if isinstance(photo, Exception):
            raise photo
        return photo

    monkeypatch.setattr(Samples, "read", read)
    with pytest.raises(UserError, match=fault):
        Samples().load(ENTRY)


def test_a_photo_that_a_plugin_cannot_open_any_more_has_changed(monkeypatch, tmp_path):
    monkeypatch.setattr(Samples, "read", lambda *_: decode(tmp_path / "gone.jpg"))
    with pytest.raises(PhotoChangedError, match=r"photo 'a.jpg' has changed"):
        Samples().load(ENTRY)
    with pytest.raises(PhotoError, match="No such file"):
        Samples().load(dataclasses.replace(ENTRY, sha256=""))


@pytest.mark.parametrize("as_bytes", [False, True])
def test_what_a_plugin_decodes_is_compared_with_the_entry(monkeypatch, tmp_path, make_photos, as_bytes):
    (path,) = make_photos(tmp_path, ["1.png"])
    monkeypatch.setattr(Samples, "read", lambda *_: decode(path.read_bytes() if as_bytes else path))
    dataset, entry = Samples(), dataclasses.replace(ENTRY, sha256=file_digest(path))
    assert dataset.load(entry).shape == (6, 8, 3)
    assert not dataset.reads_unchecked
    make_photos(tmp_path, ["1.png"], seed=1)
    with pytest.raises(PhotoChangedError, match=r"photo 'a.jpg' has changed .*other content"):
        dataset.load(entry)
    path.write_bytes(b"broken")
    with pytest.raises(PhotoChangedError):
        dataset.load(entry)


def test_a_photo_of_several_files_is_not_compared(monkeypatch, tmp_path, make_photos):
    paths = make_photos(tmp_path, ["1.png", "2.png"])
    monkeypatch.setattr(Samples, "read", lambda *_: np.hstack([decode(path) for path in paths]))
    assert Samples().load(dataclasses.replace(ENTRY, sha256="0" * 64)).shape == (6, 16, 3)


def test_a_dataset_knows_if_nothing_compared_a_photo_with_its_entry(monkeypatch):
    monkeypatch.setattr(Samples, "read", lambda *_: np.zeros((2, 2, 3), np.uint8))
    dataset = Samples()
    dataset.load(ENTRY)
    assert dataset.reads_unchecked


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"size": None}, "size must be a whole number from 16 to 4096, not None"),
        ({"size": 8}, "not 8"),
        ({"caveat": 5}, "caveat must be text, not 5"),
    ],
)
def test_wrong_facts_of_a_dataset_are_refused(wrong, message):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(Samples.info, **wrong)


def test_a_photo_without_pixels_is_refused(monkeypatch):
    monkeypatch.setattr(Samples, "read", lambda *_: np.zeros((0, 4, 3), np.uint8))
    with pytest.raises(UserError, match=r"is uint8 \(0, 4, 3\); it must be uint8 \(H, W, 3\)"):
        Samples().load(ENTRY)
