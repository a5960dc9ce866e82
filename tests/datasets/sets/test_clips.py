"""Films and folders of frames: one clip each, split whole, read in order."""

import sys

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.datasets import films
from huebench.datasets.base import PhotoChangedError, PhotoError
from huebench.datasets.spec import open_dataset

SHADES = (40, 90, 140, 190, 240)


def write_frames(folder, names, shade=0):
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        Image.new("RGB", (32, 24), (10 * number + shade, 80, 30)).save(folder / name)


def write_film(path, shades=SHADES, **metadata):
    av = pytest.importorskip("av", reason="needs the extra 'video'")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.bit_rate = 2_000_000
        for shade in shades:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_folders_of_frames_are_clips_in_the_order_of_numbers(tmp_path):
    write_frames(tmp_path / "walk", ["f10.png", "f2.png", "f1.png"])
    write_frames(tmp_path / "run", ["f1.png"], shade=5)
    found = open_dataset(f"clips:{tmp_path}").entries()
    assert [(e.clip, e.frame, e.id) for e in found if e.clip == "walk"] == [
        ("walk", 0, "walk/f1.png"), ("walk", 1, "walk/f2.png"), ("walk", 2, "walk/f10.png"),
    ]  # fmt: skip


def test_a_clip_is_in_one_split_and_clips_are_split_in_tenths(tmp_path):
    for number in range(10):
        write_frames(tmp_path / f"clip{number}", ["a.png", "b.png"], shade=3 * number)
    splits = {}
    for entry in open_dataset(f"clips:{tmp_path}").entries():
        splits.setdefault(entry.clip, set()).add(entry.split)
    assert all(len(found) == 1 for found in splits.values())
    counts = [next(iter(found)) for found in splits.values()]
    assert sorted(map(counts.count, ("train", "validation", "test"))) == [1, 1, 8]


def test_a_film_is_a_clip_of_its_frames(tmp_path):
    write_film(tmp_path / "film.mp4")
    dataset = open_dataset(f"clips:{tmp_path / 'film.mp4'}")
    entries = dataset.entries()
    assert [entry.frame for entry in entries] == list(range(len(SHADES)))
    means = [dataset.load(entry).mean() for entry in entries]
    np.testing.assert_allclose(means, SHADES, atol=4)
    assert dataset.load(entries[1]).mean() == pytest.approx(means[1])  # backwards too
    assert dataset.load(entries[0]).shape == (48, 64, 3)


def test_a_changed_film_is_refused(tmp_path):
    path = write_film(tmp_path / "film.mp4")
    dataset = open_dataset(f"clips:{path}")
    entry = dataset.entries()[0]
    dataset.load(entry)
    write_film(path, shades=(200,) * 5)
    with pytest.raises(PhotoChangedError):
        dataset.load(entry)


def test_a_broken_film_is_one_frame_that_cannot_be_read(tmp_path):
    pytest.importorskip("av", reason="needs the extra 'video'")
    (tmp_path / "film.mkv").write_bytes(b"not a film" * 100)
    dataset = open_dataset(f"clips:{tmp_path}")
    (entry,) = dataset.entries()
    with pytest.raises(PhotoError, match="not a film that can be read"):
        dataset.load(entry)


def test_a_link_to_no_film_is_one_frame_that_cannot_be_read(tmp_path):
    write_film(tmp_path / "film.mp4")
    (tmp_path / "lost.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    dataset = open_dataset(f"clips:{tmp_path}")
    (lost,) = (entry for entry in dataset.entries() if entry.clip == "lost.mp4")
    assert len(dataset.entries()) > 1
    with pytest.raises(PhotoError, match=r"cannot be read \(No such file or directory\)"):
        dataset.load(lost)


def test_a_film_that_is_cut_short_keeps_its_frames_and_says_where_it_ends(tmp_path):
    path = write_film(tmp_path / "film.ts", shades=range(0, 250, 5))
    whole = films.count_frames(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    dataset = open_dataset(f"clips:{tmp_path}")
    entries = dataset.entries()
    assert 0 < len(entries) < whole
    assert dataset.load(entries[0]).mean() < 10
    with pytest.raises(PhotoError, match=r"the film ends after \d+ frames"):
        films.Film(path).read(whole)


def test_without_pyav_one_line_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "film.mp4").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UserError, match=r"^a film needs av: pip install 'huebench\[video\]'$"):
        open_dataset(f"clips:{tmp_path}")


@pytest.mark.parametrize(
    ("name", "message"), [("empty", "no films and no frames"), ("none", "neither a film")]
)
def test_a_folder_without_clips_is_refused(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        open_dataset(f"clips:{tmp_path / name}")
    with pytest.raises(UserError, match="write clips:PATH"):
        open_dataset("clips")


def test_davis_scores_its_thirty_clips(tmp_path):
    inside = tmp_path / "JPEGImages" / "480p"
    for number, clip in enumerate(("dog", "libby", *(f"other{i}" for i in range(10)))):
        write_frames(inside / clip, ["00000.png", "00001.png"], shade=2 * number)
    dataset = open_dataset(f"davis:{tmp_path}")
    splits = {entry.clip: entry.split for entry in dataset.entries()}
    assert {clip for clip, split in splits.items() if split == "test"} == {"dog", "libby"}
    assert list(splits.values()).count("validation") == 1
    assert "blackswan" in dataset.facts()["missing clips of DAVIS30"]
    with pytest.raises(UserError, match="dataset 'davis': add --data-root FOLDER"):
        open_dataset("davis")


def test_videvo_is_all_test(tmp_path):
    write_frames(tmp_path / "Waterfall", ["00000.png", "00001.png"])
    dataset = open_dataset(f"videvo:{tmp_path}")
    assert {entry.split for entry in dataset.entries()} == {"test"}
    assert dataset.facts()["clips"] == "1 of 20"
    with pytest.raises(UserError, match="dataset 'videvo': add --data-root FOLDER"):
        open_dataset("videvo")
