import hashlib
import os
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from huebench import UserError
from huebench.datasets.base import PhotoError
from huebench.datasets.guards import FORMATS
from huebench.datasets.sets.folder import Folder
from huebench.datasets.tree import SUFFIXES, PhotoArchive, PhotoTree


def test_photos_are_found_by_ending_in_the_order_of_ids(tmp_path):
    for name in ("b/2.JPG", "b/1.jpeg", "a.png", "c/d/e.heic", "notes.txt", ".hidden.png", ".git/x.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "b.png").touch()
    tree = PhotoTree(tmp_path)
    assert list(tree.paths) == ["a.png", "b/1.jpeg", "b/2.JPG", "c/d/e.heic"]
    assert tree.digests()["b/2.JPG"] == hashlib.sha256(b"b/2.JPG").hexdigest()


def test_every_ending_of_a_format_that_is_read_makes_a_photo():
    Image.init()
    endings = {ending for ending, name in Image.registered_extensions().items() if name in FORMATS}
    assert {".j2k", ".apng", ".pbm"} < endings <= SUFFIXES


@pytest.mark.parametrize("name", ["a.tga", "a.psd"])
def test_a_photo_of_a_format_that_is_not_read_is_reported(tmp_path, name):
    Image.new("RGB", (2, 2)).save(tmp_path / name, "TGA")
    dataset = Folder(tmp_path)
    with pytest.raises(PhotoError, match="not an image in a supported format"):
        dataset.read(dataset.entries()[0])


@pytest.mark.parametrize("name", ["a.NEF", "a.dng"])
def test_the_thumbnail_in_a_raw_file_is_not_taken_for_the_photo(tmp_path, name):
    Image.new("RGB", (160, 120)).save(tmp_path / name, "TIFF")
    dataset = Folder(tmp_path)
    with pytest.raises(PhotoError, match="a camera raw file: develop it"):
        dataset.read(dataset.entries()[0])


def test_names_that_are_not_utf8_become_readable_ids(tmp_path):
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff.png", os.O_CREAT))
    tree = PhotoTree(tmp_path)
    assert list(tree.paths) == [r"\xff.png"]
    assert Path(tree.paths[r"\xff.png"]).exists()


def test_a_byte_and_its_escape_are_two_photos(tmp_path):
    (tmp_path / r"\xff.png").write_bytes(b"1")
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff.png", os.O_CREAT))
    tree = PhotoTree(tmp_path)
    assert sorted(tree.paths) == [r"\\xff.png", r"\xff.png"]
    assert Path(tree.paths[r"\\xff.png"]).read_bytes() == b"1"


def test_a_pipe_is_not_a_photo(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert PhotoTree(tmp_path).paths == {}


def test_link_inside_the_root_is_a_photo(tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    digests = PhotoTree(tmp_path).digests()
    assert digests["a.png"] == digests["b.png"]


@pytest.mark.parametrize("target", ["outside.png", "nothing.png"])
def test_link_out_of_the_root_or_to_nothing_is_refused(tmp_path, target):
    (tmp_path / "outside.png").touch()
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.png").symlink_to(tmp_path / target)
    with pytest.raises(UserError, match=r"a\.png' links to nothing or out of"):
        PhotoTree(root)


def test_link_to_a_folder_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path)
    with pytest.raises(UserError, match="loop' links to a folder"):
        PhotoTree(tmp_path)


@pytest.mark.parametrize("name", ["loop", "loop.png"])
def test_link_to_itself_is_refused(tmp_path, name):
    (tmp_path / name).symlink_to(tmp_path / name)
    with pytest.raises(UserError, match=rf"{name}' cannot be read: Too many levels of symbolic links"):
        PhotoTree(tmp_path)


def test_root_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.png").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert list(PhotoTree(tmp_path / "link").paths) == ["a.png"]


def test_missing_root(tmp_path):
    with pytest.raises(UserError, match=r"not a folder: '.*none'; name the folder that holds the photos"):
        PhotoTree(tmp_path / "none")


def test_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    scan = os.scandir

    def scandir(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    with monkeypatch.context() as patch:  # pytest itself scans the folder to remove it
        patch.setattr(os, "scandir", scandir)
        with pytest.raises(UserError, match="locked' cannot be read: Permission denied"):
            PhotoTree(tmp_path)


def test_links_are_followed_when_asked_and_loops_end(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.png").write_bytes(b"1")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "far")
    (root / "b.png").symlink_to(tmp_path / "far" / "a.png")
    (root / "loop").symlink_to(root)
    tree = PhotoTree(root, follow_links=True)
    assert list(tree.paths) == ["b.png", "linked/a.png"]
    assert tree.passed_over == ["loop"]
    (root / "nothing.png").symlink_to(tmp_path / "nothing")
    with pytest.raises(UserError, match=r"nothing\.png' links to nothing"):
        PhotoTree(root, follow_links=True)


def test_files_that_are_not_photos_are_counted_and_named(tmp_path):
    for name in ("1.png", "list.txt", "sub/x.json", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert PhotoTree(tmp_path).facts() == {"passed over": "2 files other than photos: list.txt, sub/x.json"}


def test_names_in_an_archive_are_never_paths_on_disk(tmp_path):
    with ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in ("../out.png", "/root.png", ".hidden.png", "__MACOSX/x.png", "in/a.png", "notes.txt"):
            archive.writestr(name, name)
    photos = PhotoArchive(tmp_path / "photos.zip")
    assert photos.ids == ["in/a.png"]
    assert photos.digests() == {"in/a.png": hashlib.sha256(b"in/a.png").hexdigest()}


def test_steps_upward_within_an_archive_lead_nowhere_else(tmp_path):
    with ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in ("a/../b.png", "a/c/../d.png", "a/../../e.png"):
            archive.writestr(name, name)
    photos = PhotoArchive(tmp_path / "photos.zip")
    assert photos.ids == ["a/d.png", "b.png"]
    assert photos.content("b.png") == b"a/../b.png"
    assert photos.outside == ["a/../../e.png"]
    with ZipFile(tmp_path / "photos.zip", "a") as archive:
        archive.writestr("b.png", "another")
    with pytest.raises(UserError, match=r"holds two photos named 'b\.png'"):
        PhotoArchive(tmp_path / "photos.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_two_photos_of_one_name_is_refused(tmp_path):
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        for content in (b"first", b"second"):
            archive.writestr("sea/1.jpg", content)
    with pytest.raises(UserError, match=r"a.zip' holds two photos named 'sea/1.jpg'"):
        PhotoArchive(tmp_path / "a.zip")


def test_a_file_without_end_is_neither_hashed_nor_read(tmp_path):
    with (tmp_path / "hole.jpg").open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk, and hours to read
    dataset = Folder(tmp_path)
    (entry,) = dataset.entries()
    assert entry.sha256 == ""
    with pytest.raises(PhotoError, match="a file of more than 1,073,741,824 bytes"):
        dataset.load(entry)
