"""A visitor's film: what comes out, its limits, and hostile files."""

import struct
from dataclasses import replace

import numpy as np
import pytest

from huebench.bench.web.demo import film as module
from huebench.bench.web.demo.film import checked_length, colorize_clip
from huebench.datasets.base import PhotoError

from ....film_files import av, damage, decoded, pictures, sounds, write, yellow


@pytest.fixture
def colorize(variants, tmp_path, generous, monkeypatch):
    """Colorize a film in orange; return its states."""
    monkeypatch.setattr(module, "EVERY", 0.01)

    def run(path, limits=generous, stopped=lambda: False):
        return list(colorize_clip(path, variants[0], tmp_path / "work", limits, stopped))

    return run


@pytest.fixture
def left_in(tmp_path):
    """Return the files in the folder of results."""
    return lambda: [path.name for path in (tmp_path / "work").rglob("*") if path.is_file()]


def test_a_film_becomes_what_bench_colorize_makes_of_it(colorize, bench, tmp_path):
    film = write(tmp_path / "a.mp4", pictures(10), sound=True, rotation=90)
    last = colorize(film)[-1]
    assert last.problem == ""
    assert bench("colorize", "a.mp4", "--method", "warm")[0] == 0
    made, by_command = decoded(last.answer.film), decoded(tmp_path / "colorized" / "a.mp4")
    assert len(made) == 10
    for one, other in zip(made, by_command, strict=True):
        np.testing.assert_array_equal(one.to_ndarray(), other.to_ndarray())
    assert last.answer.film.name == "a.mp4"
    assert sounds(last.answer.film) == sounds(film) != []
    assert min(yellow(last.answer.film)) > max(yellow(film)) + 20


def test_progress_and_the_time_left_are_told(colorize, tmp_path):
    states = [
        (state.reached, state.length, state.left)
        for state in map(replace, colorize(write(tmp_path / "a.mp4", pictures(10))))
    ]
    reached, length, _ = states[-1]
    assert length == pytest.approx(0.4)
    assert reached == pytest.approx(0.36)  # the time at which the last frame begins


@pytest.mark.parametrize(
    ("limit", "frames"), [({"film_seconds": 0.3}, 10), ({"film_pixels": 64 * 48 - 1}, 1)]
)
def test_too_long_and_too_large_films_are_refused_in_one_message(
    colorize, left_in, tmp_path, generous, limit, frames
):
    film = write(tmp_path / "a.mp4", pictures(frames))
    (only,) = colorize(film, replace(generous, **limit))
    length = 0.04 * frames
    assert only.problem.startswith(f"a.mp4 was not colorized: {length:.1f} s of 64×48 pixels, and the page ")
    assert only.problem.endswith("cut it, make it smaller, or use bench colorize")
    assert only.answer is None
    assert left_in() == []


def test_films_at_the_limits_are_taken(tmp_path, generous):
    film = write(tmp_path / "a.mp4", pictures(10))
    limits = replace(generous, film_seconds=0.4, film_pixels=64 * 48, file_bytes=film.stat().st_size)
    assert checked_length(film, limits) == pytest.approx(0.4)
    with pytest.raises(PhotoError, match="a file of more than"):
        checked_length(film, replace(limits, file_bytes=film.stat().st_size - 1))


def test_the_length_is_not_what_the_header_states(tmp_path, generous):
    film = write(tmp_path / "a.mkv", pictures(3))
    content = film.read_bytes()
    start = content.index(b"\x44\x89\x88") + 3  # the element Duration, a float of 8 bytes in milliseconds
    film.write_bytes(content[:start] + struct.pack(">d", 7_200_000) + content[start + 8 :])
    with av.open(str(film)) as opened:
        assert opened.duration == 7200 * 10**6
    assert checked_length(film, generous) == pytest.approx(0.12, abs=0.05)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.mp4", "not a film that can be read"),
        ("noise.mkv", "not a film that can be read"),
        ("photo.mov", "no film that can be read|not a film that can be read|no frame|no video"),
        ("headless.mp4", "its index, which cameras write last, is missing"),
        ("none.mp4", "no frame that can be decoded|no video in it|not a film that can be read"),
        ("notes.txt", "'.txt' is not the suffix of a film"),
    ],
)
def test_a_hostile_film_is_one_message(colorize, left_in, photo, tmp_path, name, reason):
    whole = write(tmp_path / "whole.mp4", pictures(20)).read_bytes()
    contents = {
        "empty.mp4": b"",
        "noise.mkv": np.random.default_rng(0).bytes(5000),
        "photo.mov": photo("a.png").read_bytes()[:300],
        "headless.mp4": whole[: len(whole) // 2],
        "none.mp4": write(tmp_path / "without.mp4", []).read_bytes(),
        "notes.txt": b"not a film",
    }
    (tmp_path / name).write_bytes(contents[name])
    last = colorize(tmp_path / name)[-1]
    assert last.answer is None
    told, _, why = last.problem.partition(" was not colorized: ")
    assert told == name
    assert any(each in why for each in reason.split("|")), why
    assert "\n" not in last.problem
    assert left_in() == []


def test_a_damaged_film_is_colorized_and_the_damage_said(colorize, tmp_path):
    film = write(tmp_path / "a.mkv", pictures(20), codec="mjpeg", pixels="yuvj420p", matrix=5, levels=2)
    damage(film, [5], share=0)
    answer = colorize(film)[-1].answer
    assert any("damaged" in note for note in answer.notes)


def test_a_stopped_film_leaves_nothing(colorize, left_in, tmp_path):
    asked = iter([False, False, True])
    states = colorize(write(tmp_path / "a.mp4", pictures(10)), stopped=lambda: next(asked, True))
    assert states[-1].problem == "a.mp4 was not colorized: stopped"
    assert left_in() == []


def test_a_film_that_takes_too_long_is_ended(colorize, left_in, tmp_path, generous):
    last = colorize(write(tmp_path / "a.mp4", pictures(3)), replace(generous, seconds=-1))[-1]
    assert "the limit of -1 s is reached" in last.problem
    assert left_in() == []


def test_names_with_control_characters_are_shown_safely(colorize, tmp_path):
    (tmp_path / "a\x1b[31m.mp4").write_bytes(b"")
    last = colorize(tmp_path / "a\x1b[31m.mp4")[-1]
    assert "\x1b" not in last.problem + last.label
