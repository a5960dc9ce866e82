"""Films: what is kept, where memory is reset, how an interrupted one goes on, and damaged ones."""

import os
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from huebench import Method, MethodInfo, register
from huebench.bench.colorize import film as films
from huebench.bench.colorize.colorist import named
from huebench.bench.colorize.film import distance
from huebench.bench.colorize.film_reading import FilmReader, Span
from huebench.bench.colorize.profiles import srgb
from huebench.bench.colorize.settings import Settings
from huebench.bench.plan.request import Request

from ...film_files import BT601, BT709, FULL, LIMITED, UNSTATED, decoded, pictures, rgb, sounds, write, yellow

av = pytest.importorskip("av")


class StopHereError(Exception):
    pass


@pytest.fixture(autouse=True)
def remembers():
    """Register a method whose b* grows with every frame since the last reset."""

    class Remembers(Method):
        """Counts frames."""

        info = MethodInfo(
            name="remembers", family="classical", source="tests", temporal=True, trainable=False
        )
        frames = 0

        def start(self):
            self.frames = 0

        def colorize(self, lightness, context):
            chroma = np.zeros((*lightness.shape, 2), np.float32)
            for number in range(len(lightness)):
                chroma[number, ..., 1] = 2 * min(self.frames, 20)
                self.frames += 1
            return chroma

    return register(Remembers)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_all_but_the_colours_is_kept(colorize, tmp_path, suffix):
    times = [0, 40, 80, 200, 240, 300, 500, 540]
    base = Fraction(1, 1000)
    chapters = [
        {"id": 1, "start": 0, "end": 200, "time_base": base, "metadata": {"title": "one"}},
        {"id": 2, "start": 200, "end": 540, "time_base": base, "metadata": {"title": "two"}},
    ]
    write(
        tmp_path / f"film{suffix}", pictures(8), times=times, aspect=Fraction(4, 3), rotation=90, sound=True,
        chapters=chapters, matrix=BT709, levels=FULL,
    )  # fmt: skip
    code, output = colorize(f"film{suffix}")
    assert code == 0, output
    before, after = tmp_path / f"film{suffix}", tmp_path / "colorized" / f"film{suffix}"
    assert len(sounds(before)) > 3
    assert sounds(after) == sounds(before)
    old, new = decoded(before), decoded(after)
    assert [round(frame.time, 3) for frame in new] == [round(frame.time, 3) for frame in old]
    assert [round(1000 * frame.time) for frame in new] == times
    for frame in new:
        assert (frame.width, frame.height, frame.rotation) == (64, 48, old[0].rotation)
        assert (int(frame.colorspace), int(frame.color_range)) == (BT709, FULL)
    assert abs(old[0].rotation) == 90
    with av.open(str(after)) as film:
        assert film.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
        assert [chapter["metadata"]["title"] for chapter in film.chapters()] == ["one", "two"]
        assert "colorized by huebench warm" in {k.lower(): v for k, v in film.metadata.items()}["comment"]


@pytest.mark.parametrize(
    ("matrix", "levels", "pixels"),
    [(BT601, LIMITED, "yuv420p"), (BT709, LIMITED, "yuv420p"), (BT709, FULL, "yuv420p"),
     (BT601, FULL, "yuv444p"), (BT709, LIMITED, "yuv420p10le")],
)  # fmt: skip
def test_lightness_is_kept(colorize, tmp_path, matrix, levels, pixels):
    write(
        tmp_path / "film.mkv", pictures(3), matrix=matrix, levels=levels, pixels=pixels, options={"crf": "1"}
    )
    assert colorize("film.mkv", "--strength", 0.5)[0] == 0
    old, new = decoded(tmp_path / "film.mkv")[1], decoded(tmp_path / "colorized" / "film.mkv")[1]
    assert (new.format.name.replace("j", ""), int(new.colorspace), int(new.color_range)) == (
        pixels,
        matrix,
        levels,
    )
    before, after = (srgb().lightness(rgb(frame, matrix)) for frame in (old, new))
    assert np.abs(after - before).mean() < 0.5
    assert np.quantile(np.abs(after - before), 0.99) < 2
    assert abs((after - before).mean()) < 0.1
    assert np.ptp(rgb(new, matrix).astype(int), axis=2).mean() > 10


@pytest.mark.parametrize("levels", [0, LIMITED, FULL])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p10le"])
def test_range_is_stated_as_before_even_where_no_other_trait_of_colours_is(
    colorize, tmp_path, levels, suffix, pixels
):
    write(
        tmp_path / f"film{suffix}", pictures(2), codec="ffv1" if suffix == ".mkv" else "libx264",
        pixels=pixels, matrix=UNSTATED, transfer=UNSTATED, primaries=UNSTATED, levels=levels,
        options={"x264-params": "videoformat=component"} if levels and suffix == ".mp4" else {},
    )  # fmt: skip
    assert int(decoded(tmp_path / f"film{suffix}")[0].color_range) == levels
    assert colorize(f"film{suffix}")[0] == 0
    assert int(decoded(tmp_path / "colorized" / f"film{suffix}")[0].color_range) == levels


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le", "yuv422p10le", "yuv444p10le"])
@pytest.mark.parametrize("width", [64, 63])
def test_lightness_of_a_coloured_film_is_kept(colorize, tmp_path, pixels, width):
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, 48))
    picture = np.stack([across, down, 255 - across], axis=-1).astype(np.uint8)
    write(tmp_path / "film.mkv", [picture] * 2, codec="ffv1", pixels=pixels)
    assert colorize("film.mkv", "--strength", 0)[0] == 0
    before, after = (
        srgb().lightness(rgb(decoded(path / "film.mkv")[1])) for path in (tmp_path, tmp_path / "colorized")
    )
    assert np.abs(after - before).mean() < 1


def test_memory_is_reset_at_cuts(bench, tmp_path):
    bright = [np.full((48, 64, 3), 230, np.uint8)] * 6
    write(tmp_path / "film.mkv", [*pictures(6), *bright], options={"crf": "1"})
    assert bench("colorize", "film.mkv", "--method", "remembers")[0] == 0
    found = yellow(tmp_path / "colorized" / "film.mkv")
    assert len(found) == 12
    assert all(a < b for part in (found[:6], found[6:]) for a, b in pairwise(part))
    assert found[6] < found[5]


def test_distance_of_a_slow_motion_is_small():
    first, second = (picture[..., 0] / np.float32(2.55) for picture in pictures(2))
    assert distance(first, second) < films.CUT / 2
    assert distance(first, 100 - first * 0) > films.CUT


@pytest.mark.slow
@pytest.mark.skipif("HUEBENCH_DATA" not in os.environ, reason="HUEBENCH_DATA is not set")
def test_the_cuts_of_a_real_film_are_found():
    """Its five cuts were found by eye; cars that pass close to the camera are none."""
    reader = FilmReader(Path(os.environ["HUEBENCH_DATA"], "video", "bikes.mp4"))
    seen = [frame.seen for frame in films._read(reader, reader.look(), 128, 0)]
    cuts = [number for number, pair in enumerate(pairwise(seen), 1) if distance(*pair) >= films.CUT]
    assert cuts == [30, 76, 137, 187, 242]


@pytest.mark.parametrize("method", ["warm", "remembers"])
def test_an_interrupted_film_goes_on(bench, tmp_path, monkeypatch, method):
    monkeypatch.setattr(films, "PIECE", 5)
    write(tmp_path / "film.mp4", pictures(18), sound=True)
    assert bench("colorize", "film.mp4", "--method", method, "--out", "whole")[0] == 0
    pieces, written = films.write_piece, []

    def stops(path, look, frames):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)
        pieces(path, look, frames)

    monkeypatch.setattr(films, "write_piece", stops)
    code, output = bench("colorize", "film.mp4", "--method", method)
    assert code == 2
    assert "No space left" in output
    assert not (tmp_path / "colorized" / "film.mp4").exists()
    again = []
    monkeypatch.setattr(films, "write_piece", lambda path, *rest: (again.append(path), pieces(path, *rest)))
    assert bench("colorize", "film.mp4", "--method", method)[0] == 0
    assert [path.name for path in again] == ["000002.nut", "000003.nut"]
    whole, resumed = (decoded(tmp_path / folder / "film.mp4") for folder in ("whole", "colorized"))
    assert len(resumed) == 18
    for one, other in zip(whole, resumed, strict=True):
        assert one.pts == other.pts
        np.testing.assert_array_equal(one.to_ndarray(), other.to_ndarray())
    assert sorted(p.name for p in (tmp_path / "colorized").iterdir()) == ["colorized.csv", "film.mp4"]


def test_pieces_of_another_reference_photo_are_not_used_again(tmp_path, monkeypatch):
    write(tmp_path / "film.mp4", pictures(2))
    folders = []

    def stops(path, target, made_by):
        folders.append(made_by)
        raise StopHereError

    monkeypatch.setattr(films, "_pieces_folder", stops)
    colorist = named("remembers", Request.of())[0]
    grey = np.full((64, 64, 3), 128, np.uint8)
    other = grey.copy()
    other[32, 32] = 0  # where NumPy elides the text of an array
    for photo in (None, grey, grey.copy(), grey.reshape(32, 128, 3), other):
        with pytest.raises(StopHereError):
            films.colorize_film(
                tmp_path / "film.mp4", tmp_path / "out.mp4", colorist, Settings(reference=photo), Span(), ""
            )
    assert folders[1] == folders[2]
    assert len(set(folders)) == 4


def test_a_part_begins_at_zero(colorize, tmp_path):
    write(tmp_path / "film.mp4", pictures(50), sound=True, options={"g": "10"})
    code, output = colorize("film.mp4", "--start", 1, "--preview", 0.4)
    assert code == 0, output
    new = decoded(tmp_path / "colorized" / "film.mp4")
    assert [round(frame.time, 2) for frame in new] == [0.04 * number for number in range(10)]
    old = sounds(tmp_path / "film.mp4")
    assert {digest for _, _, digest in sounds(tmp_path / "colorized" / "film.mp4")} < {row[2] for row in old}
    shown = (rgb(frame) for frame in (decoded(tmp_path / "film.mp4")[25], new[0]))
    before, after = (srgb().lightness(pixels) for pixels in shown)
    assert np.abs(before - after).mean() < 2


def test_smooth_steadies_colours(bench, tmp_path):
    @register
    class Trembles(Method):
        """Another hue every frame."""

        info = MethodInfo(name="trembles", family="classical", source="tests", trainable=False)
        calls = 0

        def colorize(self, lightness, context):
            type(self).calls += 1
            return np.full((*lightness.shape, 2), 20 * (self.calls % 2), np.float32)

    write(tmp_path / "film.mkv", [next(pictures(1))] * 12)
    trembling = []
    for options in ((), ("--smooth",)):
        code, output = bench("colorize", "film.mkv", "--method", "trembles", "--overwrite", *options)
        assert code == 0, output
        trembling.append(np.abs(np.diff(yellow(tmp_path / "colorized" / "film.mkv"))[2:]).mean())
    assert trembling[1] < trembling[0] / 2


def test_films_and_photos_mix_and_nothing_is_overwritten(colorize, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    Image.fromarray(next(pictures(1))).save(folder / "photo.png")
    write(folder / "film.avi", pictures(3), codec="mpeg4")
    original = (folder / "film.avi").read_bytes()
    code, output = colorize("mixed")
    assert code == 0, output
    assert "2 colorized" in output
    made = tmp_path / "colorized" / "film.mkv"
    assert len(decoded(made)) == 3
    content = made.read_bytes()
    again = colorize("mixed", "--compare")[1]
    assert "2 already there" in again
    assert "comparison: colorized/index.html" in again
    assert "films are left out" in again
    assert "made in another way and is kept" in colorize("mixed", "--preview", 0.05)[1]
    assert made.read_bytes() == content
    assert colorize("mixed", "--preview", 0.05, "--overwrite")[0] == 0
    assert len(decoded(made)) == 2
    assert (folder / "film.avi").read_bytes() == original


def test_subtitles_are_copied(colorize, tmp_path):
    (tmp_path / "words.srt").write_text(
        "1\n00:00:00,040 --> 00:00:00,200\nHello\n\n2\n00:00:00,240 --> 00:00:00,400\nBye\n"
    )
    write(tmp_path / "silent.mkv", pictures(12))
    with (
        av.open(str(tmp_path / "silent.mkv")) as film,
        av.open(str(tmp_path / "words.srt")) as words,
        av.open(str(tmp_path / "film.mkv"), "w") as out,
    ):
        streams = [out.add_stream_from_template(each.streams[0]) for each in (film, words)]
        for container, stream in zip((film, words), streams, strict=True):
            for packet in container.demux(0):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    assert colorize("film.mkv")[0] == 0
    assert len(sounds(tmp_path / "film.mkv")) == 2
    assert sounds(tmp_path / "colorized" / "film.mkv") == sounds(tmp_path / "film.mkv")
    assert colorize("film.mkv", "--start", 0.12, "--end", 0.28, "--out", "part")[0] == 0
    with av.open(str(tmp_path / "part" / "film.mkv")) as film:
        shown = [(packet.pts, packet.duration, bytes(packet)) for packet in film.demux(1) if packet.size]
    assert shown == [(0, 80, b"Hello"), (120, 40, b"Bye")]  # both cut to the part


@pytest.mark.parametrize("options", [("--start", 1), ("--end", 0.1), ("--preview", 5), ("--smooth",)])
def test_options_of_films_are_refused_where_no_input_is_one(colorize, tmp_path, options):
    for number, picture in enumerate(pictures(2)):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    code, output = colorize("0.png", "1.png", *options)
    assert code == 2
    assert f"{options[0]}: only for films, and no input is one: leave it out" in output
    write(tmp_path / "film.mkv", pictures(30))
    code, output = colorize("0.png", "film.mkv", *options)
    assert code == 0, output
    assert "2 colorized" in output


def test_wrong_parts_are_one_line(colorize, tmp_path):
    write(tmp_path / "film.mp4", pictures(2))
    for options, reason in (
        (("--preview", 5, "--end", 7), "--preview and --end"),
        (("--start", 5, "--end", 2), "is empty"),
    ):
        code, output = colorize("film.mp4", *options)
        assert code == 2
        assert reason in output


@pytest.mark.slow
@pytest.mark.skipif("HUEBENCH_DATA" not in os.environ, reason="HUEBENCH_DATA is not set")
@pytest.mark.parametrize(("name", "packets", "matrix"), [("bikes", 0, BT601), ("bigbuckbunny", 249, BT709)])
def test_real_films_keep_their_times_sound_and_lightness(colorize, tmp_path, name, packets, matrix):
    path = Path(os.environ["HUEBENCH_DATA"], "video", f"{name}.mp4")
    code, output = colorize(path)
    assert code == 0, output
    made = tmp_path / "colorized" / path.name
    assert len(sounds(path)) == packets
    assert sounds(made) == sounds(path)
    old, new = decoded(path), decoded(made)
    assert [frame.time for frame in new] == [frame.time for frame in old]
    for frames in list(zip(old, new, strict=True))[::50]:
        before, after = (srgb().lightness(rgb(frame, matrix)) for frame in frames)
        assert np.abs(after - before).mean() < 0.75
        assert np.quantile(np.abs(after - before), 0.99) < 3


def test_smoothing_a_method_whose_row_in_a_run_has_a_name_of_its_own():
    (colorist,) = named("remembers", Request.of(methods="gray", dataset="samples"))
    assert films.smoothed(replace(colorist, row="mine")).label == "smoothed[method=remembers]"


def test_smoothing_names_the_method_even_where_it_is_the_one_smoothed_by_default():
    (colorist,) = named("huebench-small", Request.of(methods="gray", dataset="samples"))
    assert films.smoothed(colorist).label == "smoothed[method=huebench-small]"
