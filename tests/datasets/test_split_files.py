import csv
import hashlib
import subprocess

import pytest

from huebench import UserError
from huebench.datasets.base import Entry, fingerprint
from huebench.datasets.split_files import differences, read_splits, write_splits

ENTRIES = [
    Entry("a,b.jpg", "train", "sea", "CC BY 2.0", "00"),
    Entry('new\r\nline".jpg', "train", "", "a, b", "11"),
    Entry("é.jpg", "validation", "", "", "22"),
    Entry("c.jpg", "test", "", "", "33"),
]


def test_written_content_is_read_back(tmp_path):
    paths = write_splits(ENTRIES, tmp_path / "new")
    assert [path.name for path in paths] == ["train.csv", "validation.csv", "test.csv", "SHA256SUMS"]
    assert read_splits(tmp_path / "new") == ENTRIES
    assert fingerprint(read_splits(tmp_path / "new")) == fingerprint(ENTRIES)
    assert (
        tmp_path / "new" / "test.csv"
    ).read_text() == "id,split,category,licence,sha256\nc.jpg,test,,,33\n"


def test_a_lone_carriage_return_is_read_back(tmp_path):
    entries = [Entry("lone\rreturn.jpg", "train", "", "", "00")]
    write_splits(entries, tmp_path)
    assert read_splits(tmp_path) == entries


def test_sums_are_as_sha256sum_checks_them(tmp_path):
    write_splits(ENTRIES, tmp_path)
    run = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False
    )
    assert run.returncode == 0
    (tmp_path / "test.csv").write_text("")
    run = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False
    )
    assert run.returncode == 1


def test_order_of_the_entries_does_not_matter(tmp_path):
    write_splits(ENTRIES, tmp_path / "a")
    write_splits(ENTRIES[::-1], tmp_path / "b")
    assert (tmp_path / "a" / "SHA256SUMS").read_bytes() == (tmp_path / "b" / "SHA256SUMS").read_bytes()


def test_changed_file(tmp_path):
    write_splits(ENTRIES, tmp_path)
    (tmp_path / "test.csv").write_text("id,split,category,licence,sha256\n")
    with pytest.raises(UserError, match=r"test\.csv' does not match .*SHA256SUMS'"):
        read_splits(tmp_path)


@pytest.mark.parametrize("content", ["id,split\n", "", "id,split,category,licence,sha256\na,b\n"])
def test_other_columns(tmp_path, content):
    write_splits(ENTRIES, tmp_path)
    (tmp_path / "train.csv").write_text(content)
    lines = (tmp_path / "SHA256SUMS").read_text().splitlines()
    lines[0] = f"{hashlib.sha256(content.encode()).hexdigest()}  train.csv"
    (tmp_path / "SHA256SUMS").write_text("\n".join(lines))
    with pytest.raises(
        UserError, match=r"train\.csv' must have the columns id,split,category,licence,sha256"
    ):
        read_splits(tmp_path)


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(UserError, match=r"SHA256SUMS' cannot be read .*prepare --out"):
        read_splits(tmp_path)
    write_splits(ENTRIES, tmp_path)
    (tmp_path / "SHA256SUMS").write_bytes(b"\xff")
    with pytest.raises(UserError, match="codec can't decode"):
        read_splits(tmp_path)


def test_garbled_sums_match_nothing(tmp_path):
    write_splits(ENTRIES, tmp_path)
    (tmp_path / "SHA256SUMS").write_text("nonsense\n")
    with pytest.raises(UserError, match="does not match"):
        read_splits(tmp_path)


def test_differences():
    found = [
        Entry("a,b.jpg", "test", "lake", "another licence", "00"),
        Entry("é.jpg", "validation", "", "", "99"),
        Entry("c.jpg", "test", "", "", "33"),
        Entry("d.jpg", "train", "", "", "44"),
    ]
    assert differences(ENTRIES, ENTRIES) == []
    assert differences(ENTRIES, found) == sorted(
        [
            "a,b.jpg: split was 'train', is 'test'",
            "a,b.jpg: category was 'sea', is 'lake'",
            'new\r\nline".jpg: missing',
            "é.jpg: content was '22', is '99'",
            "d.jpg: new",
        ]
    )


@pytest.mark.parametrize("name", ["=1+1.jpg", "'=1.jpg", "''@x", "-2.png", "'plain.jpg", "\t=x"])
def test_no_cell_of_a_split_file_is_a_formula_and_names_come_back(tmp_path, name):
    entries = [Entry(name, "train", name, "", "00")]
    write_splits(entries, tmp_path)
    assert read_splits(tmp_path) == entries
    (row,) = csv.reader((tmp_path / "train.csv").read_text().splitlines()[1:])
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row)


def test_clips_are_written_with_their_frames_and_read_back(tmp_path):
    entries = [
        Entry("a/1.png", "train", "", "", "00", "a", 0),
        Entry("a/2.png", "train", "", "", "01", "a", 1),
        Entry("b/1.png", "test", "", "", "02", "b", 0),
    ]
    write_splits(entries, tmp_path)
    assert read_splits(tmp_path) == entries
    header = (tmp_path / "train.csv").read_text().splitlines()[0]
    assert header == "id,split,category,licence,sha256,clip,frame"


def test_photos_are_written_without_clips(tmp_path):
    write_splits([Entry("a.png", "train", "", "", "00")], tmp_path)
    assert (tmp_path / "train.csv").read_text().splitlines()[0] == "id,split,category,licence,sha256"
