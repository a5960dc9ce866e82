import os
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from huebench.datasets import photos as module
from huebench.datasets.base import PhotoChangedError, PhotoError
from huebench.datasets.photos import PhotoSet
from huebench.datasets.sets.folder import Folder
from huebench.files import atomic


@pytest.fixture
def photos(tmp_path, make_photos):
    make_photos(tmp_path / "photos", [f"{n}.png" for n in range(6)])
    (tmp_path / "photos" / "3.png").write_bytes(b"broken")
    dataset = Folder(tmp_path / "photos")
    return PhotoSet(dataset, dataset.entries(), lambda rgb: rgb[:4, :4], "crop", tmp_path / "packed")


def test_iteration_skips_and_records_undecodable_photos(photos):
    assert len(photos) == 6
    read = list(photos)
    assert [photo.entry.id for photo in read] == ["0.png", "1.png", "2.png", "4.png", "5.png"]
    assert all(photo.rgb.shape == (4, 4, 3) for photo in read)
    assert list(photos.failures) == ["3.png"]
    with pytest.raises(PhotoError, match="not an image"):
        photos.read(photos.entries[3])


def test_sample_is_drawn_without_replacement_in_order(photos):
    drawn = photos.sample(3, np.random.default_rng(0))
    ids = [entry.id for entry in drawn.entries]
    assert ids == sorted(set(ids))
    assert len(ids) == 3
    assert photos.sample(3, np.random.default_rng(0)).entries == drawn.entries
    assert photos.sample(6, np.random.default_rng(0)) is photos


def test_packed_is_pillows_triangle_filter_of_every_decodable_photo(photos):
    packed = photos.packed(2)
    assert isinstance(packed, np.memmap)
    assert packed.shape == (5, 2, 2, 3)
    for photo, row in zip(photos, packed, strict=True):
        assert np.array_equal(row, Image.fromarray(photo.rgb).resize((2, 2), Image.Resampling.BILINEAR))


def test_packed_is_made_once_and_tells_failures_again(photos, monkeypatch):
    first = np.array(photos.packed(2))
    again = PhotoSet(photos.dataset, photos.entries, photos.prepare, "crop", photos.cache)

    def fail(*_):
        raise AssertionError("decoded again")

    monkeypatch.setattr(PhotoSet, "read", fail)
    assert np.array_equal(again.packed(2), first)
    assert list(again.failures) == ["3.png"]


@pytest.mark.parametrize("change", [{"prepare_key": "other"}, {"entries": 5}])
def test_other_photos_or_preparation_are_packed_apart(photos, change):
    photos.packed(2)
    other = PhotoSet(
        photos.dataset,
        photos.entries[: change.get("entries", 6)],
        photos.prepare,
        change.get("prepare_key", "crop"),
        photos.cache,
    )
    other.packed(2)
    assert len(list(photos.cache.glob("*.npy"))) == 2


def test_another_decoder_packs_again(photos, monkeypatch):
    first = photos.packed(2)
    monkeypatch.setattr(module, "decoder_digest", lambda *_: "another")
    monkeypatch.setattr(photos, "prepare", lambda rgb: 255 - rgb[:4, :4])
    assert np.abs(photos.packed(2).astype(int) - (255 - first.astype(int))).max() <= 2  # Pillow rounds twice


def test_failures_of_a_sample_stand_in_the_whole_set(photos):
    drawn = photos.sample(5, np.random.default_rng(0))
    assert "3.png" in {entry.id for entry in drawn.entries}
    photos.failures["none of the drawn"] = "broken"
    assert len(drawn.packed(2)) == 4
    assert set(photos.failures) == {"none of the drawn", "3.png"}


def test_memory_error_is_not_recorded_as_a_failure(photos, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("PIL.Image.open", fail)
        with pytest.raises(MemoryError):
            photos.packed(2)
    assert len(photos.packed(2)) == 5


def test_files_of_killed_processes_are_removed_after_a_day(photos):
    path = photos.cache / "copy.npy"
    with atomic(path) as old, atomic(path) as new:
        for partial, age in ((old, 2 * module.ABANDONED), (new, 60)):
            partial.touch()
            os.utime(partial, times=(time.time() - age,) * 2)
        photos.packed(2)
        assert (old.exists(), new.exists()) == (False, True)
        old.touch()


def test_nothing_decodable_packs_to_nothing(photos):
    broken = PhotoSet(photos.dataset, [photos.entries[3]], photos.prepare, "crop", photos.cache)
    assert broken.packed(2).shape == (0, 2, 2, 3)


def test_packed_counts_decodable_photos_also_with_fewer_digits(tmp_path, make_photos):
    make_photos(tmp_path, [f"{n}.png" for n in range(9)])
    (tmp_path / "broken.png").touch()
    dataset = Folder(tmp_path)
    ten = PhotoSet(dataset, dataset.entries(), lambda rgb: rgb, "as it is", tmp_path / "packed")
    packed = ten.packed(2)
    assert packed.shape == (9, 2, 2, 3)
    photos = [Image.fromarray(photo.rgb).resize((2, 2), Image.Resampling.BILINEAR) for photo in ten]
    assert np.array_equal(packed, np.stack([np.asarray(photo) for photo in photos]))


def test_a_crash_while_packing_leaves_nothing_behind(photos, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(module.np.lib.format, "write_array_header_2_0", fail)
    with pytest.raises(OSError, match="disk full"):
        photos.packed(2)
    assert not list(photos.cache.glob("*.npy"))
    assert not list(photos.cache.iterdir())


@pytest.mark.parametrize("damage", ["one bit", "cut short", "zeroed", "list of failures empty", "list lost"])
def test_a_damaged_packed_copy_is_made_again(photos, damage):
    good = np.array(photos.packed(2))
    (copy,), (seal,) = photos.cache.glob("*.npy"), photos.cache.glob("*.json")
    content = bytearray(copy.read_bytes())
    match damage:
        case "one bit":
            content[-5] ^= 64
        case "cut short":
            del content[-5:]
        case "zeroed":
            content[128:] = bytes(len(content) - 128)
        case "list of failures empty":
            seal.write_text("")
        case "list lost":
            seal.unlink()
    copy.write_bytes(content)
    photos.failures.clear()
    assert np.array_equal(photos.packed(2), good)
    assert list(photos.failures) == ["3.png"]


def test_a_photo_that_has_changed_is_not_passed_over(photos):
    (photos.dataset.root / "1.png").unlink()
    with pytest.raises(PhotoChangedError, match=r"photo '1\.png' has changed"):
        list(photos)
    with pytest.raises(PhotoChangedError, match=r"photo '1\.png' has changed"):
        photos.packed(2)
    assert not list(photos.cache.glob("*.json"))


def test_packing_reports_every_photo_it_decodes(photos):
    told = []
    replace(photos, progress=lambda *progress: told.append(progress)).packed(4)
    assert told == [(number + 1, len(photos), "decoding") for number in range(len(told))]
    assert len(told) == len(photos) - len(photos.failures)
