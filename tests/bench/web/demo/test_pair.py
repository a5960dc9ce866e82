from fractions import Fraction

import numpy as np
import pytest

from huebench.bench.colorize.film_reading import FilmReader
from huebench.bench.web.demo.pair import write_pair

from ....film_files import BT709, decoded, pictures, rgb, write


@pytest.mark.parametrize("codec", [{}, {"codec": "ffv1", "pixels": "yuv420p10le"}])
@pytest.mark.parametrize(
    ("width", "axis", "places"), [(64, 0, ("above", "below")), (32, 1, ("left", "right"))]
)
def test_every_frame_of_both_films_is_there_at_its_time(tmp_path, codec, width, axis, places):
    times = [0, 40, 200, 240]
    frames = list(pictures(4, width))
    tinted = [picture // 2 + np.array([90, 40, 0], np.uint8) for picture in frames]
    one = write(tmp_path / "one.mkv", frames, times=times, **codec)
    other = write(tmp_path / "other.mkv", tinted, times=times, **codec)
    assert write_pair(one, other, tmp_path / "pair.mp4", lambda: None) == places
    pair = decoded(tmp_path / "pair.mp4")
    assert [round(1000 * frame.time) for frame in pair] == times
    for frame, before, after in zip(pair, frames, tinted, strict=True):
        assert frame.format.name == "yuv420p"
        shown = np.split(rgb(frame, BT709).astype(int), 2, axis)
        for found, wanted in zip(shown, (before, after), strict=True):
            assert np.abs(found - wanted).mean() < 4


def test_films_are_shown_upright_with_square_pixels_and_no_larger_than_needed(tmp_path):
    film = write(
        tmp_path / "film.mp4", pictures(1, 1000, 500), aspect=Fraction(2, 1), rotation=90,
    )  # fmt: skip
    write_pair(film, film, tmp_path / "pair.mp4", lambda: None)
    (frame,) = decoded(tmp_path / "pair.mp4")
    assert (frame.width, frame.height) == (2 * 120, 480)  # 2000 × 500, turned
    (turned,) = FilmReader(film).frames()
    assert turned.rotation == 90
    shown = rgb(frame, BT709)[:, :120].astype(float).mean(axis=2)
    assert shown[:20].mean() > shown[-20:].mean() + 80  # the ramp's bright right end is at the top


def test_an_error_of_the_check_leaves_no_file(tmp_path):
    film = write(tmp_path / "film.mp4", pictures(3))

    def check():
        raise KeyError

    with pytest.raises(KeyError):
        write_pair(film, film, tmp_path / "pair.mp4", check)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
