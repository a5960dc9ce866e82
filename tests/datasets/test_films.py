"""Films as photos: colours, turns, and what cannot be read."""

from contextlib import suppress

import numpy as np
import pytest

from huebench.datasets.base import PhotoError
from huebench.datasets.films import Film, count_frames

from ..film_files import BT601, BT709, FULL, HLG, LIMITED, PQ, damage, pictures, write


def colours():
    """Four flat patches, uint8 (48, 64, 3)."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24, :32], picture[:24, 32:] = (200, 60, 50), (60, 160, 70)
    picture[24:, :32], picture[24:, 32:] = (50, 80, 190), (250, 250, 250)
    return picture


@pytest.mark.parametrize("matrix", [BT601, BT709])
@pytest.mark.parametrize("levels", [LIMITED, FULL])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "yuv420p10le"])
def test_colours_are_read_by_the_matrix_and_levels_that_a_film_states(tmp_path, matrix, levels, pixels):
    path = write(
        tmp_path / "film.mkv", [colours()], matrix=matrix, levels=levels, pixels=pixels, options={"crf": "1"}
    )
    found = Film(path).read(0).astype(int)
    for rows, columns in ((12, 16), (12, 48), (36, 16), (36, 48)):
        assert np.abs(found[rows, columns] - colours()[rows, columns]).max() <= 5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_frames_are_turned_upright(tmp_path, rotation):
    path = write(tmp_path / "film.mp4", [colours()], rotation=rotation, options={"crf": "1"})
    found = Film(path).read(0).astype(int)
    expected = np.rot90(colours(), rotation // 90).astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected)[6:-6, 6:-6].mean() < 4


@pytest.mark.parametrize(("transfer", "name"), [(PQ, "PQ"), (HLG, "HLG")])
def test_hdr_is_refused(tmp_path, transfer, name):
    path = write(tmp_path / "film.mp4", [colours()], pixels="yuv420p10le", transfer=transfer)
    with pytest.raises(PhotoError, match=rf"^an HDR film \({name}\): convert it to SDR first$"):
        Film(path).read(0)


@pytest.mark.parametrize(
    ("sound", "reason"),
    [(False, r"not a film that can be read \(End of file\)"), (True, "the film ends after 0 frames")],
)
def test_a_film_without_frames_has_none(tmp_path, sound, reason):
    path = write(tmp_path / "film.mkv", [], sound=sound)
    assert count_frames(path) == 0
    with pytest.raises(PhotoError, match=f"^{reason}"):
        Film(path).read(0)


def test_a_header_that_states_two_hours_does_not_count(tmp_path):
    path = write(tmp_path / "film.mkv", pictures(3))
    content = path.read_bytes()
    start = content.index(b"\x44\x89\x88") + 3  # the element Duration, a float of 8 bytes in milliseconds
    path.write_bytes(content[:start] + np.array(7.2e6, ">f8").tobytes() + content[start + 8 :])
    assert count_frames(path) == 3
    assert Film(path).read(2).shape == (48, 64, 3)


@pytest.mark.parametrize(("width", "height"), [(33, 21), (2, 2)])
def test_odd_sizes_are_read(tmp_path, width, height):
    frames = [np.full((height, width, 3), 120, np.uint8)]
    path = write(tmp_path / "film.mkv", frames, codec="ffv1", pixels="yuv420p")
    assert Film(path).read(0).shape == (height, width, 3)


def test_damaged_frames_are_refused_and_those_after_them_read(tmp_path):
    path = write(tmp_path / "film.mkv", pictures(30), codec="mpeg4", options={"g": "12"})
    expected = Film(path).read(25)
    damage(path, range(13, 16), share=0.5)
    film, refused = Film(path), []
    for number in range(12, 24):
        with suppress(PhotoError):
            film.read(number)
            continue
        refused.append(number)
    assert refused[:3] == [13, 14, 15]
    with pytest.raises(PhotoError, match="a damaged frame"):
        film.read(13)
    np.testing.assert_array_equal(film.read(25), expected)
