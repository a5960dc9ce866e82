"""Parquet files of Hugging Face: photos in their rows, read in order, and nothing else."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from huebench import UserError
from huebench.datasets.base import PhotoChangedError, PhotoError
from huebench.datasets.spec import open_dataset


def png(level):
    out = io.BytesIO()
    Image.fromarray(np.full((5, 4, 3), level, np.uint8)).save(out, "PNG")
    return out.getvalue()


def write(path, contents, **others):
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"bytes": content, "path": "../../etc/passwd"} for content in contents]
    pq.write_table(pa.table({"image": images, **others}), path, row_group_size=2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "set" / "data"
    write(data / "train-00000-of-00002.parquet", [png(i) for i in range(5)], label=[0, 1, 0, 1, None])
    write(data / "train-00001-of-00002.parquet", [png(10 + i) for i in range(3)], label=[2, 2, 2])
    write(data / "test-00000-of-00001.parquet", [png(20)], label=[3])
    return tmp_path / "set"


def test_rows_are_photos_with_splits_and_categories(folder):
    dataset = open_dataset(f"hf:{folder}")
    assert [len(dataset.split(name)) for name in ("train", "test")] == [8, 1]
    train = dataset.split("train")
    assert [
        (dataset.load(each) == level).all()
        for each, level in zip(train, (0, 1, 2, 3, 4, 10, 11, 12), strict=True)
    ] == [True] * 8
    assert [each.category for each in train] == ["0", "1", "0", "1", "", "2", "2", "2"]
    assert train[4].id == "data/train-00000-of-00002.parquet/4"
    assert len(dataset.facts()["shards"]) == 3


def test_an_unchanged_file_is_not_read_again_and_a_changed_one_is(folder, monkeypatch):
    before = open_dataset(f"hf:{folder}")
    write(folder / "data" / "test-00000-of-00001.parquet", [png(99)])
    with pytest.raises(PhotoChangedError, match="other content"):
        before.load(before.split("test")[0])
    after = open_dataset(f"hf:{folder}")
    old, new = before.facts()["shards"], after.facts()["shards"]
    assert [file for file in old if old[file] != new[file]] == ["data/test-00000-of-00001.parquet"]
    monkeypatch.setattr("huebench.datasets.sets.hf._scan", lambda *_: pytest.fail("read again"))
    assert open_dataset(f"hf:{folder}").fingerprint() == after.fingerprint()


def test_a_row_without_bytes_is_an_undecodable_photo(folder):
    write(folder / "data" / "test-00000-of-00001.parquet", [None, b"no photo"])
    dataset = open_dataset(f"hf:{folder}")
    empty, broken = dataset.split("test")
    assert empty.sha256 == ""
    with pytest.raises(PhotoError, match="holds no bytes"):
        dataset.load(empty)
    with pytest.raises(PhotoError, match="not an image"):
        dataset.load(broken)


def test_what_is_not_such_a_set_is_an_error(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match="neither a folder nor a set in Hugging Face's cache"):
        open_dataset("hf:nobody/nothing")
    with pytest.raises(UserError, match=r"write hf:FOLDER"):
        open_dataset("hf")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no Parquet files in"):
        open_dataset(f"hf:{tmp_path / 'empty'}")
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "empty" / "a.parquet")
    with pytest.raises(UserError, match=r"has no column of images .* its columns are text"):
        open_dataset(f"hf:{tmp_path / 'empty'}")
    (tmp_path / "empty" / "a.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(UserError, match=r"a\.parquet' is not a complete Parquet file"):
        open_dataset(f"hf:{tmp_path / 'empty'}")
