import hashlib
import os
from pathlib import Path

import pytest

from huebench import UserError
from huebench.datasets.sets.mirflickr.card import Mirflickr
from huebench.datasets.sets.mirflickr.forms import official_splits


def test_official_splits_are_80_10_10_in_the_order_of_sha256_of_ids():
    ordered = sorted(
        (f"im{n}" for n in range(1, 25_001)), key=lambda name: hashlib.sha256(name.encode()).digest()
    )
    splits = official_splits()
    assert [splits[f"{name}.jpg"] for name in ordered] == (
        ["train"] * 20_000 + ["validation"] * 2_500 + ["test"] * 2_500
    )


def test_entries_are_in_the_order_of_numbers_and_keep_their_splits(tmp_path, make_photos):
    make_photos(tmp_path / "mirflickr", ["im10.jpg", "im2.jpg", "im1.jpg"])
    three = Mirflickr(tmp_path).entries()
    assert [entry.id for entry in three] == ["im1.jpg", "im2.jpg", "im10.jpg"]
    (tmp_path / "mirflickr" / "im1.jpg").unlink()
    assert Mirflickr(tmp_path).entries() == three[1:]


def test_reading(tmp_path, make_photos):
    make_photos(tmp_path, ["im1.jpg"])
    dataset = Mirflickr(tmp_path)
    assert dataset.read(dataset.entries()[0]).shape == (6, 8, 3)


@pytest.mark.parametrize("given", [True, False])
def test_missing_photos_error_says_which_file_to_put_where(tmp_path, given):
    match = r"(not found in|add --data-root).*Put mirflickr25k\.zip from .*--download'"
    with pytest.raises(UserError, match=match):
        Mirflickr(tmp_path if given else None)


def test_archive_has_an_address_and_a_checksum():
    assert Mirflickr.archive.url.endswith(f"/{Mirflickr.archive.file}")
    assert len(Mirflickr.archive.checksum) == len("md5:") + 32


@pytest.mark.skipif("HUEBENCH_DATA" not in os.environ, reason="HUEBENCH_DATA is not set")
def test_real_photos():
    root = Path(os.environ["HUEBENCH_DATA"], "mirflickr")
    dataset = Mirflickr(root)
    assert len(dataset.entries()) == 5_000
    assert dataset.fingerprint() == Mirflickr(root / "mirflickr").fingerprint()
    assert dataset.read(dataset.entries()[-1]).shape == (128, 128, 3)
