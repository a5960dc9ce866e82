import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data as skimage_data
from skimage.color import rgb2lab

from huebench.datasets import audit as module
from huebench.datasets.audit import audit, cached_audit, near_pairs
from huebench.datasets.sets.folder import Folder

PHOTO = skimage_data.astronaut()[:128, 150:300]


@pytest.fixture
def dataset(tmp_path):
    """Return a set with one of everything."""

    def save(name: str, rgb: np.ndarray, **options) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(path, **options)

    save("train/a/face.png", PHOTO)
    save("train/a/grey.png", np.repeat(PHOTO[..., :1], 3, 2))
    save("train/b/noise.png", np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8))
    save("val/flip.png", np.ascontiguousarray(PHOTO[::-1]))
    save("test/a/same.png", PHOTO, compress_level=0)
    save("test/a/again.jpg", PHOTO, quality=80)
    (tmp_path / "test" / "empty.png").touch()
    return Folder(tmp_path)


def test_statistics_of_splits(dataset):
    train, validation, test = audit(dataset).splits()
    assert (train.split, train.photos, train.undecodable, train.near_grey) == ("train", 3, 0, 1)
    assert train.categories == {"a": 2, "b": 1}
    assert (train.smallest, train.largest) == ((50, 40), (150, 128))
    assert (test.photos, test.undecodable, test.categories) == (3, 1, {"": 1, "a": 2})
    assert validation.photos == 1


def test_chroma_and_near_grey_against_scikit_image(dataset):
    facts = {facts.id: facts for facts in audit(dataset).photos}
    expected = np.hypot(*np.moveaxis(rgb2lab(PHOTO)[..., 1:], -1, 0)).mean()
    assert facts["train/a/face.png"].chroma == pytest.approx(expected, abs=0.02)
    assert facts["train/a/grey.png"].chroma == 0
    assert [facts.id for facts in audit(dataset).near_grey] == ["train/a/grey.png"]


def test_blocks_of_rows_change_nothing(dataset, monkeypatch):
    entry = dataset.entries()[4]
    whole = module.facts(dataset, entry)
    monkeypatch.setattr(module, "_BLOCK_PIXELS", 1)
    assert module.facts(dataset, entry).chroma == pytest.approx(whole.chroma, rel=1e-6)
    assert module.facts(dataset, entry).near_grey == whole.near_grey


def test_undecodable_photos_are_named_with_their_reason(dataset):
    assert [(facts.id, facts.problem) for facts in audit(dataset).undecodable] == [
        ("test/empty.png", "the file is empty")
    ]


def test_exact_duplicates_are_found_by_their_pixels(dataset):
    groups = audit(dataset).duplicates()
    assert [[facts.id for facts in group] for group in groups] == [["test/a/same.png", "train/a/face.png"]]


def test_near_duplicates_across_splits(dataset):
    pairs = audit(dataset).near_duplicates()
    assert ("train/a/face.png", "test/a/again.jpg") in {(pair.first.id, pair.second.id) for pair in pairs}
    assert ("train/a/face.png", "test/a/same.png") not in {(pair.first.id, pair.second.id) for pair in pairs}
    assert all(pair.distance <= module.NEAR for pair in pairs)
    assert not any("flip" in pair.second.id or "noise" in pair.first.id for pair in pairs)


def test_near_pairs_against_a_loop_over_python_integers(monkeypatch):
    rng = np.random.default_rng(5)
    first = rng.integers(0, 2**63, 60, np.uint64)
    second = first[rng.permutation(60)[:40]] ^ (np.uint64(1) << rng.integers(0, 64, 40, np.uint64))
    second[::3] ^= rng.integers(0, 2**7, len(second[::3]), np.uint64)
    expected = [
        (i, j, (int(a) ^ int(b)).bit_count())
        for i, a in enumerate(first)
        for j, b in enumerate(second)
        if (int(a) ^ int(b)).bit_count() <= 4
    ]
    assert len(expected) > 20
    assert list(near_pairs(first, second, 4)) == expected
    monkeypatch.setattr(module, "_BLOCK_PIXELS", 100)
    assert list(near_pairs(first, second, 4)) == expected
    assert list(near_pairs(first, second[:0], 4)) == list(near_pairs(first[:0], second, 4)) == []


def test_second_audit_decodes_nothing_until_something_changes(dataset, monkeypatch):
    assert cached_audit(dataset) is None
    first = audit(dataset)

    def fail(*_):
        raise AssertionError("decoded again")

    monkeypatch.setattr(module, "facts", fail)
    assert audit(dataset) == cached_audit(dataset) == first
    assert audit(Folder(dataset.root)) == first
    Path(dataset.root, "test", "empty.png").write_bytes(b"x")
    assert cached_audit(Folder(dataset.root)) is None


def test_damaged_cache_is_made_again(dataset, monkeypatch, tmp_path_factory):
    first = audit(dataset)
    (file,) = (module.cache_folder() / "audits").iterdir()
    file.write_text('[{"id": 1}]')
    assert audit(dataset) == first


def test_audit_works_without_a_writable_cache(dataset, monkeypatch, tmp_path_factory):
    file = tmp_path_factory.mktemp("no") / "folder"
    file.touch()
    monkeypatch.setenv("HUEBENCH_CACHE", str(file))
    assert len(audit(dataset).photos) == 7


def test_another_decoder_audits_again(dataset, monkeypatch):
    audit(dataset)
    monkeypatch.setattr(module, "decoder_digest", lambda *_: "another")
    assert cached_audit(dataset) is None


def test_progress_is_reported(dataset):
    told = []
    audit(dataset, lambda done, total: told.append((done, total)))
    assert told == [(n, 7) for n in range(1, 8)]


def test_pixels_tell_shapes_apart(tmp_path):
    Image.new("RGB", (2, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 2)).save(tmp_path / "b.png")
    assert audit(Folder(tmp_path)).duplicates() == []
    assert audit(Folder(tmp_path)).photos[0].pixels == hashlib.sha256(b"2 8 " + bytes(48)).hexdigest()


def test_empty_split_has_no_chroma(tmp_path):
    Image.new("RGB", (2, 8)).save(tmp_path / "a.png")
    assert np.isnan(audit(Folder(tmp_path)).splits()[2].chroma)
