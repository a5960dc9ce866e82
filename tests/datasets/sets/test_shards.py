"""Tar shards: read as WebDataset lays them out, in order, and hostile ones without harm."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.datasets.base import PhotoChangedError, PhotoError
from huebench.datasets.shards import find_shards
from huebench.datasets.spec import open_dataset


def png(level):
    out = io.BytesIO()
    Image.fromarray(np.full((5, 4, 3), level, np.uint8)).save(out, "PNG")
    return out.getvalue()


def write(path, members):
    """Write a tar file of (name or TarInfo, content)."""
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if info.isreg():
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HUEBENCH_CACHE", str(tmp_path / "cache"))
    for shard in range(3):
        members = []
        for i in range(4):
            members += [(f"{shard}{i}.png", png(40 * shard + i)), (f"{shard}{i}.cls", str(i % 2).encode())]
        write(tmp_path / f"photos-{shard:03}.tar", members)
    return tmp_path


@pytest.mark.parametrize("pattern", ["photos-{000..002}.tar", "photos-*.tar"])
def test_photos_are_read_in_the_order_of_the_shards(folder, pattern):
    dataset = open_dataset(f"shards:{folder}/{pattern}")
    entries = dataset.entries()
    assert [e.id for e in entries] == [f"photos-00{s}.tar/{s}{i}.png" for s in range(3) for i in range(4)]
    assert [e.category for e in entries[:4]] == ["0", "1", "0", "1"]
    assert dataset.load(entries[6]).shape == (5, 4, 3)
    assert (dataset.load(entries[6]) == 42).all()
    assert len(dataset.facts()["shards"]) == 3
    assert len(dataset.split("train")) == 10


@pytest.mark.parametrize(
    ("texts", "categories"),
    [
        (["cat", "dog", "cat", "dog"], ["cat", "dog", "cat", "dog"]),
        (["A cat.", "A cat on a mat.", "Two dogs", "A cat."], ["", "", "", ""]),
    ],
)
def test_texts_that_mostly_differ_are_captions_and_no_categories(folder, texts, categories):
    for shard in range(2):
        members = []
        for i in range(2):
            members += [(f"{i}.png", png(2 * shard + i)), (f"{i}.txt", texts[2 * shard + i].encode())]
        write(folder / f"texts-{shard}.tar", members)
    assert [e.category for e in open_dataset(f"shards:{folder}/texts-*.tar").entries()] == categories


def test_beside_classes_texts_are_captions(folder):
    members = [("0.png", png(0)), ("0.txt", b"cat"), ("0.cls", b"7"), ("1.png", png(1)), ("1.txt", b"cat")]
    write(folder / "both.tar", members)
    assert [e.category for e in open_dataset(f"shards:{folder}/both.tar").entries()] == ["7", ""]


def test_a_shard_has_its_own_fingerprint(folder):
    before = open_dataset(f"shards:{folder}/photos-*.tar").facts()["shards"]
    write(folder / "photos-001.tar", [("new.png", png(7))])
    after = open_dataset(f"shards:{folder}/photos-*.tar").facts()["shards"]
    assert [name for name in before if before[name] != after[name]] == ["photos-001.tar"]


def test_names_of_shards_state_the_splits(folder):
    for name, level in (("train-0", 1), ("train-1", 2), ("val-0", 3), ("test-0", 4)):
        write(folder / f"set-{name}.tar", [("a.png", png(level))])
    dataset = open_dataset(f"shards:{folder}/set-*.tar")
    assert {e.id.partition("/")[0]: e.split for e in dataset.entries()} == {
        "set-train-0.tar": "train", "set-train-1.tar": "train", "set-val-0.tar": "validation",
        "set-test-0.tar": "test",
    }  # fmt: skip


def test_an_unchanged_shard_is_not_read_again(folder, monkeypatch):
    first = open_dataset(f"shards:{folder}/photos-*.tar").fingerprint()
    monkeypatch.setattr("huebench.datasets.shards._photos", lambda *_: pytest.fail("read again"))
    assert open_dataset(f"shards:{folder}/photos-*.tar").fingerprint() == first


def test_a_changed_photo_is_noticed(folder):
    dataset = open_dataset(f"shards:{folder}/photos-*.tar")
    write(folder / "photos-000.tar", [("00.png", png(99))])
    with pytest.raises(PhotoChangedError, match="other content"):
        dataset.load(dataset.entries()[0])


def test_an_address_of_fsspec_is_opened(folder):
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/hub/photos-0.tar", (folder / "photos-000.tar").read_bytes())
    dataset = open_dataset("shards:memory://hub/photos-0.tar")
    assert len(dataset.entries()) == 4
    assert (dataset.load(dataset.entries()[1]) == 1).all()


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_links_devices_and_upward_names_touch_nothing(folder):
    (folder / "secret.png").write_bytes(png(200))
    device = tarfile.TarInfo("device.png")
    device.type = tarfile.CHRTYPE
    write(
        folder / "hostile.tar",
        [
            (link("soft.png", str(folder / "secret.png")), b""),
            (link("hard.png", "../secret.png", tarfile.LNKTYPE), b""),
            (device, b""),
            ("../../up.png", png(1)),
            ("/etc/absolute.png", png(2)),
            ("code.pkl", b"cos\nsystem\n(S'exit'\ntR."),
            (".hidden.png", png(3)),
        ],
    )
    entries = open_dataset(f"shards:{folder}/hostile.tar").entries()
    assert [e.id for e in entries] == ["hostile.tar/%2E%2E/%2E%2E/up.png", "hostile.tar/etc/absolute.png"]
    assert not list(folder.parent.glob("up.png"))


def test_a_huge_member_is_not_read(folder, monkeypatch):
    monkeypatch.setattr("huebench.datasets.shards.LARGEST_MEMBER", 1000)
    write(folder / "huge.tar", [("huge.png", bytes(2000)), ("small.png", png(5))])
    dataset = open_dataset(f"shards:{folder}/huge.tar")
    huge = next(e for e in dataset.entries() if "huge.png" in e.id)
    assert huge.sha256 == ""
    with pytest.raises(PhotoError, match="more than 1,000 bytes in the shard"):
        dataset.load(huge)


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100, None])
def test_a_broken_shard_is_named(folder, content):
    whole = (folder / "photos-000.tar").read_bytes()
    (folder / "broken.tar").write_bytes(whole[:700] if content is None else content)
    with pytest.raises(UserError, match=r"broken\.tar' (is not a complete|)"):
        open_dataset(f"shards:{folder}/broken.tar").entries()


@pytest.mark.parametrize("again", ["a.png", "./a.png", "/a.png"])
def test_two_photos_of_one_name_are_refused(folder, again):
    write(folder / "twice.tar", [("a.png", png(1)), (again, png(2))])
    with pytest.raises(UserError, match=r"twice\.tar' holds two photos named 'a\.png'"):
        open_dataset(f"shards:{folder}/twice.tar")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("absent-*.tar", "no shard at"),
        ("photos-{003..001}.tar", r"range \{003\.\.001\} of '.*' is empty: write \{001\.\.003\}"),
        ("photos-{000..003}.tar", r"no shard at '.*photos-003\.tar'"),
        ("nowhere://x.tar", "cannot be found: Protocol not known"),
    ],
)
def test_shards_that_are_not_there_are_named(folder, monkeypatch, pattern, message):
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match=message):
        open_dataset(f"shards:{pattern}")


def test_ranges_are_written_out_with_their_zeros(folder):
    assert [s.name for s in find_shards(f"{folder}/photos-{{001..002}}.tar")] == [
        "photos-001.tar", "photos-002.tar",
    ]  # fmt: skip
    with pytest.raises(UserError, match="write shards:PATTERN"):
        open_dataset("shards")
