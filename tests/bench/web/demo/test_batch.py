import csv
import errno
import io
import os
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from huebench.bench.colorize.picture import Picture
from huebench.bench.web.demo.batch import colorize_photos


@pytest.fixture
def colorize(variants, tmp_path, generous):
    """Colorize photos with both methods; return the last state and how many there were."""

    def run(uploads, limits=generous, stopped=lambda: False):
        states = list(colorize_photos(uploads, variants, tmp_path / "work", limits, stopped))
        return states[-1], len(states)

    return run


def test_every_photo_is_colorized_by_every_method(colorize, photo):
    batch, states = colorize([photo("a.png"), photo("b.jpg")])
    assert [each.label for each in batch.answers] == [
        "warm: a.png", "cool: a.png", "warm: b.jpg", "cool: b.jpg",
    ]  # fmt: skip
    assert (batch.total, states, batch.problems, batch.at_work) == (4, 5, [], "")
    for each in batch.answers:
        with Image.open(each.output) as output, Image.open(each.after) as after:
            assert output.size == after.size == (80, 60)
            red, _, blue = np.asarray(output.convert("RGB")).reshape(-1, 3).mean(axis=0)
            assert (red > blue) == (each.variant.method == "warm")
        with Image.open(each.before) as before:
            red, _, blue = np.asarray(before.convert("RGB")).reshape(-1, 3).mean(axis=0)
            assert abs(red - blue) < 1


def test_the_archive_has_a_folder_for_each_method_and_says_what_made_each_photo(colorize, photo, tmp_path):
    batch, _ = colorize([photo("a.png")])
    with zipfile.ZipFile(batch.archive) as packed:
        assert packed.namelist() == ["warm/a.png", "cool/a.png", "colorized.csv"]
        assert packed.testzip() is None
        with Image.open(io.BytesIO(packed.read("warm/a.png"))) as output:
            assert output.size == (80, 60)
        assert b"colorized by huebench warm" in Picture.open(packed.read("warm/a.png")).fact("xmp-data")
        table = packed.read("colorized.csv").decode()
    assert str(tmp_path) not in table
    assert [(row["file"], row["output"]) for row in csv.DictReader(io.StringIO(table))] == [
        ("a.png", "warm/a.png"), ("a.png", "cool/a.png"),
    ]  # fmt: skip


def test_photos_of_the_same_name_all_have_results(colorize, photo):
    batch, _ = colorize([photo("a.png"), photo("a.png"), photo("A.jpg"), photo("a.gif")])
    names = [each.output.name for each in batch.answers[::2]]
    assert names == ["a.png", "a (2).png", "A (3).jpg", "a (4).png"]
    assert batch.problems == []


@pytest.mark.parametrize(
    ("uploads", "expected"),
    [
        (["a.png", "a.png", "a (2).png"], ["a.png", "a (2).png", "a (2) (2).png"]),
        (["a (2).png", "a.png", "A.jpg"], ["a (2).png", "a.png", "A (3).jpg"]),
    ],
)
def test_a_number_in_a_name_is_not_given_again(colorize, photo, uploads, expected):
    batch, _ = colorize([photo(name) for name in uploads])
    assert [each.photo for each in batch.answers[::2]] == expected
    with zipfile.ZipFile(batch.archive) as packed:
        assert len(set(packed.namelist())) == len(packed.namelist()) == 2 * len(uploads) + 1


def test_a_hostile_file_is_one_message_and_the_others_go_on(colorize, photo):
    batch, _ = colorize([photo("bad.png", b"\x89PNG\r\n\x1a\nnonsense"), photo("a.png"), photo("b.jpg", b"")])
    assert [each.photo for each in batch.answers] == ["a.png", "a.png"]
    assert len(batch.problems) == 2
    assert batch.problems[0].startswith("bad.png was not colorized: ")
    assert batch.problems[1] == "b.jpg was not colorized: the file is empty"


def test_mutated_files_are_colorized_or_refused(colorize, photo):
    rng = np.random.default_rng(0)
    whole = {kind: photo(f"whole.{kind}").read_bytes() for kind in ("png", "jpg", "tif", "webp", "gif")}
    uploads = []
    for i in range(40):
        kind, content = list(whole.items())[i % len(whole)]
        data = bytearray(content)
        for place in rng.integers(0, len(data), 8):
            data[place] = rng.integers(256)
        uploads.append(photo(f"{i}.{kind}", bytes(data)))
    batch, _ = colorize(uploads)
    assert len(batch.answers) // 2 + len(batch.problems) == 40
    assert batch.problems
    assert all("\n" not in problem for problem in batch.problems)


def test_names_with_control_characters_are_shown_safely(colorize, photo):
    batch, _ = colorize([photo("a\x1b[31m.png", b"nonsense"), photo("b\x1b[31m.png")])
    assert "\x1b" not in batch.problems[0] + batch.answers[0].label


def test_more_photos_than_allowed_are_left_out(colorize, photo, generous):
    batch, _ = colorize([photo("a.png"), photo("b.png")], replace(generous, photos=1))
    assert {each.photo for each in batch.answers} == {"a.png"}
    assert batch.problems == ["Only the first 1 of 2 photos were taken."]


@pytest.mark.parametrize(
    ("limit", "text"), [({"file_bytes": 100}, "a file of more than"), ({"pixels": 4799}, "megapixels")]
)
def test_photos_that_are_too_large_are_refused(colorize, photo, generous, limit, text):
    batch, _ = colorize([photo("a.png")], replace(generous, **limit))
    assert batch.answers == []
    assert batch.archive is None
    assert len(batch.problems) == 1
    assert text in batch.problems[0]


def test_what_the_time_limit_leaves_out_is_counted(colorize, photo, generous):
    batch, _ = colorize([photo("a.png")], replace(generous, seconds=-1))
    assert batch.problems == ["The limit of -1 s is reached: 2 pictures left out."]


def test_fault_of_the_environment_is_said_once(colorize, photo, monkeypatch):
    monkeypatch.setenv("HUEBENCH_MAX_PIXELS", "many")
    batch, _ = colorize([photo("a.png"), photo("b.png")])
    (problem,) = batch.problems
    assert problem.startswith("HUEBENCH_MAX_PIXELS is not a number of pixels")
    assert problem.endswith("4 pictures left out.")


def test_a_full_disk_is_said_without_the_servers_folders(colorize, photo, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("huebench.bench.colorize.job.write", full)
    batch, _ = colorize([photo("a.png")])
    assert batch.problems == [
        "a.png was not colorized: this page has no space left for results: try again later"
    ]


def test_a_batch_that_is_stopped_keeps_what_is_done(colorize, photo):
    answers = iter([False, False, True])
    batch, _ = colorize([photo("a.png"), photo("b.png")], stopped=lambda: next(answers))
    assert len(batch.answers) == 2
    assert batch.problems == ["Stopped: 2 pictures left out."]
    with zipfile.ZipFile(batch.archive) as packed:
        assert len(packed.namelist()) == 3


def test_an_upload_that_is_gone_says_to_drop_it_again(colorize, photo):
    path = photo("a.png")
    path.unlink()
    batch, _ = colorize([path])
    assert "drop it again" in batch.problems[0]


def test_the_time_left_is_estimated_after_the_first_answer(variants, photo, tmp_path, generous):
    left = [
        batch.left for batch in colorize_photos([photo("a.png")], variants, tmp_path, generous, lambda: False)
    ]
    assert left[0] is None
    assert left[1] > 0
    assert left[2] == 0
