"""The photos that a user names, and the names of their outputs."""

import zipfile

import pytest
from PIL import Image

from huebench import UserError
from huebench.bench.colorize.sources import find_sources
from huebench.datasets import tree


@pytest.fixture
def box(tmp_path, grey):
    """A folder with two photos, a text, a hidden photo and a sub-folder with a photo."""
    folder = tmp_path / "box"
    (folder / "inner").mkdir(parents=True)
    for name in ("a.png", "b.JPG", ".hidden.png", "inner/c.png"):
        Image.fromarray(grey).save(folder / name)
    (folder / "notes.txt").write_text("not a photo")
    return folder


def names(*inputs, out, **options):
    return [source.name for source in find_sources([str(each) for each in inputs], out, **options)]


def test_photos_of_a_folder_keep_their_names(box, tmp_path):
    assert names(box, out=tmp_path / "out") == ["a.png", "b.JPG"]
    assert names(box, out=tmp_path / "out", recursive=True) == ["a.png", "b.JPG", "inner/c.png"]


def test_several_inputs_are_named_below_the_folder_that_they_share(box, tmp_path):
    other = tmp_path / "more" / "box"
    other.mkdir(parents=True)
    Image.open(box / "a.png").save(other / "a.png")
    assert names(box, other, out=tmp_path / "out") == ["box/a.png", "box/b.JPG", "more/box/a.png"]
    assert names(box / "a.png", box / "b.JPG", box / "a.png", out=tmp_path / "out") == ["a.png", "b.JPG"]


def test_glob_patterns_are_expanded(box, tmp_path):
    assert names(box / "*.png", out=tmp_path / "out") == ["a.png"]
    assert names(box / "**" / "*.png", out=tmp_path / "out") == ["a.png", "inner/c.png"]


def test_empty_input_is_refused_not_taken_for_this_folder(box, tmp_path, monkeypatch):
    monkeypatch.chdir(box)
    with pytest.raises(UserError, match="an INPUT is empty"):
        names("", out=tmp_path / "out")


def test_output_folder_inside_the_input_is_left_out(box):
    out = box / "colorized"
    out.mkdir()
    Image.open(box / "a.png").save(out / "a.png")
    assert names(box, out=out, recursive=True) == ["a.png", "b.JPG", "inner/c.png"]


def test_output_folder_that_is_the_input_is_refused(box):
    with pytest.raises(UserError, match="originals are never overwritten"):
        names(box, out=box)


def test_links_to_folders_are_not_followed(box, tmp_path):
    (box / "inner" / "loop").symlink_to(box)
    assert "inner/loop/a.png" not in names(box, out=tmp_path / "out", recursive=True)


@pytest.mark.parametrize("given", ["missing.png", "missing/*.png"])
def test_missing_input_is_one_message(tmp_path, given):
    with pytest.raises(UserError, match="no such file or folder"):
        names(tmp_path / given, out=tmp_path / "out")


def test_folder_without_photos_is_one_message(box, tmp_path):
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    with pytest.raises(UserError, match=r"no photos in .*--recursive"):
        names(tmp_path / "empty", out=tmp_path / "out")


def test_members_of_a_zip_never_leave_the_output_folder(box, tmp_path):
    archive = tmp_path / "album.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for member in ("x.png", "in/y.png", "../evil.png", "/evil.png", "in/../../evil.png", "in/notes.txt"):
            zipped.writestr(zipfile.ZipInfo(member), b"")
    assert names(archive, out=tmp_path / "out") == ["in/y.png", "x.png"]
    assert names(archive, box, out=tmp_path / "out") == [
        "album/in/y.png",
        "album/x.png",
        "box/a.png",
        "box/b.JPG",
    ]


def test_members_that_lead_out_of_a_zip_are_said_in_one_line(colorize, tmp_path, grey):
    Image.fromarray(grey).save(tmp_path / "x.png")
    with zipfile.ZipFile(tmp_path / "album.zip", "w") as zipped:
        for member in ("good.png", "/evil.png", "in/../../evil.png", "..notes.png", "../notes.txt"):
            zipped.writestr(zipfile.ZipInfo(member), (tmp_path / "x.png").read_bytes())
    code, output = colorize("album.zip")
    assert code == 0, output
    line = "album.zip: 2 photos left out, whose paths lead out of the archive: '/evil.png', …; unpack it"
    assert output.count(line) == 1
    assert "1 colorized" in output


def test_member_over_the_limit_is_one_line_that_says_to_unpack_it(colorize, tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "LARGEST_MEMBER", 999)
    with zipfile.ZipFile(tmp_path / "album.zip", "w") as zipped:
        zipped.writestr("scan.png", bytes(1000))
    code, output = colorize("album.zip")
    assert code == 1
    assert "scan.png: failed: more than 999 bytes in the archive: unpack it" in output


def test_broken_zip_is_one_message(tmp_path):
    (tmp_path / "album.zip").write_bytes(b"PK\3\4 no archive")
    with pytest.raises(UserError, match="not a complete zip archive"):
        names(tmp_path / "album.zip", out=tmp_path / "out")
