"""Films that are damaged, empty, odd or unusual: no crash, and nothing is lost without a word."""

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from huebench import Method, MethodInfo, register
from huebench.bench.colorize.profiles import srgb

from ...film_files import FULL, HLG, LIMITED, PQ, av, damage, decoded, pictures, rgb, sounds, write


@pytest.mark.parametrize(("width", "height"), [(33, 21), (34, 21), (2, 2), (300, 2)])
def test_odd_sizes(colorize, tmp_path, width, height):
    write(
        tmp_path / "film.mkv",
        [np.full((height, width, 3), 90 + 9 * i, np.uint8) for i in range(3)],
        codec="ffv1",
        pixels="yuv444p",
    )
    code, output = colorize("film.mkv")
    assert code == 0, output
    assert [(f.width, f.height) for f in decoded(tmp_path / "colorized" / "film.mkv")] == [
        (width, height)
    ] * 3


def test_one_frame(colorize, tmp_path):
    write(tmp_path / "film.mp4", pictures(1))
    assert colorize("film.mp4")[0] == 0
    assert len(decoded(tmp_path / "colorized" / "film.mp4")) == 1


def refused(colorize, name, reason):
    code, output = colorize(name)
    assert code == 1
    assert reason in output
    assert "Traceback" not in output
    line = next(line for line in output.splitlines() if name in line)
    assert "failed" in line
    assert not (Path("colorized") / name).exists()


def test_films_without_a_frame_are_refused(colorize, tmp_path):
    (tmp_path / "empty.mp4").touch()
    refused(colorize, "empty.mp4", "the file is empty")
    (tmp_path / "noise.mkv").write_bytes(np.random.default_rng(0).bytes(5000))
    refused(colorize, "noise.mkv", "not a film that can be read")
    write(tmp_path / "late.mp4", pictures(3))
    code, output = colorize("late.mp4", "--start", 100)
    assert code == 1
    assert "no frame from 100 s on: the film ends at 0:00:00.1" in output


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}])
def test_a_film_without_its_index_is_called_incomplete(colorize, tmp_path, suffix, share, options):
    whole = write(tmp_path / f"whole.{suffix}", pictures(20), of_container=options).read_bytes()
    index = whole.index(b"moov")
    size = int.from_bytes(whole[index - 4 : index])
    end = index + int(size * share) if options else int(index * share)
    (tmp_path / f"cut.{suffix}").write_bytes(whole[:end])
    refused(
        colorize,
        f"cut.{suffix}",
        "the film is incomplete: its index, which cameras write last, is missing; copy or download it again",
    )


def test_noise_behind_the_first_bytes_of_a_film_is_not_called_incomplete(colorize, tmp_path):
    noise = np.random.default_rng(0).bytes(5000)
    (tmp_path / "noise.mp4").write_bytes(b"\0\0\0\7ftyp" + noise)
    refused(colorize, "noise.mp4", "not a film that can be read")


def test_sound_alone_is_refused(colorize, tmp_path):
    with av.open(str(tmp_path / "song.mp4"), "w") as out:
        audio = out.add_stream("aac", rate=16_000, layout="mono")
        piece = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        piece.sample_rate, piece.pts = 16_000, 0
        out.mux(audio.encode(piece))
        out.mux(audio.encode(None))
    refused(colorize, "song.mp4", "no video in it")


@pytest.mark.parametrize(("transfer", "name"), [(PQ, "PQ"), (HLG, "HLG")])
def test_hdr_is_refused(colorize, tmp_path, transfer, name):
    write(tmp_path / "hdr.mp4", pictures(2), pixels="yuv420p10le", transfer=transfer)
    refused(colorize, "hdr.mp4", f"an HDR film ({name}): convert it to SDR first")


def test_a_container_without_frames_is_refused(colorize, tmp_path):
    write(tmp_path / "header.mkv", [])
    refused(colorize, "header.mkv", "not a film that can be read (End of file)")
    write(tmp_path / "sound.mkv", [], sound=True)
    refused(colorize, "sound.mkv", "no frame that can be decoded")


@pytest.mark.parametrize(
    ("pixels", "levels"),
    [("gray", 0), ("gray", LIMITED), ("gray", FULL), ("gray16le", 0), ("bgr0", 0), ("bgra", 0),
     ("yuv422p10le", LIMITED), ("yuv411p", LIMITED)],
)  # fmt: skip
def test_unusual_pixels_keep_their_lightness(colorize, tmp_path, pixels, levels):
    write(tmp_path / "film.mkv", pictures(3), codec="ffv1", pixels=pixels, levels=levels)
    code, output = colorize("film.mkv", "--strength", 0.5)
    assert code == 0, output
    old, new = decoded(tmp_path / "film.mkv")[1], decoded(tmp_path / "colorized" / "film.mkv")[1]
    shown = np.asarray(new.to_image())  # with the matrix and levels that the new film states
    before, after = srgb().lightness(rgb(old)), srgb().lightness(shown)
    assert np.abs(after - before).mean() < 1
    assert np.ptp(shown.astype(int), axis=2).mean() > 10


@pytest.mark.parametrize(
    ("pixels", "codec", "options", "reason"),
    [("bgra", "ffv1", {}, "its transparency is not kept"),
     ("yuv420p", "libx264", {"x264-params": "tff=1"}, "it is interlaced")],
)  # fmt: skip
def test_what_cannot_be_kept_is_said(colorize, tmp_path, pixels, codec, options, reason):
    write(tmp_path / "film.mkv", pictures(3), codec=codec, pixels=pixels, options=options)
    code, output = colorize("film.mkv")
    assert code == 0, output
    assert reason in output


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_methods_see_rotated_films_upright(bench, tmp_path, rotation):
    @register
    class Sky(Method):
        """Blue above, yellow below."""

        info = MethodInfo(name="sky", family="classical", source="tests", trainable=False)

        def colorize(self, lightness, context):
            chroma = np.zeros((*lightness.shape, 2), np.float32)
            half = lightness.shape[1] // 2
            chroma[:, :half, :, 1], chroma[:, half:, :, 1] = -30, 30
            return chroma

    write(tmp_path / "film.mp4", [np.full((48, 64, 3), 128, np.uint8)] * 2, rotation=rotation)
    assert bench("colorize", "film.mp4", "--method", "sky")[0] == 0
    frame = decoded(tmp_path / "colorized" / "film.mp4")[0]
    assert abs(frame.rotation) in (90, 180)
    shown = np.rot90(rgb(frame), frame.rotation // 90)  # counterclockwise, as players turn it
    blue = shown[..., 2].astype(int) - shown[..., 0]
    assert blue[: len(blue) // 3].min() > 20
    assert blue[-len(blue) // 3 :].max() < -20


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mjpeg"])
def test_every_frame_around_damaged_packets_is_kept(colorize, tmp_path, codec):
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    write(tmp_path / "film.mkv", pictures(30), codec=codec, pixels=pixels, sound=True, options={"g": "12"})
    damage(tmp_path / "film.mkv", range(15, 18), share=0)
    code, output = colorize("film.mkv")
    assert code == 0, output
    assert "3 damaged packets, the first after 0:00:0" in output
    assert len(decoded(tmp_path / "colorized" / "film.mkv")) == 27
    assert sounds(tmp_path / "colorized" / "film.mkv") == sounds(tmp_path / "film.mkv")


def test_frames_that_the_decoder_repaired_are_said(colorize, tmp_path):
    write(tmp_path / "film.mkv", pictures(30), codec="mpeg4", options={"g": "12", "threads": "2"})
    damage(tmp_path / "film.mkv", range(15, 18), share=0.5)
    code, output = colorize("film.mkv")
    assert code == 0, output
    assert "3 damaged frames, the first at 0:00:00.6" in output
    assert len(decoded(tmp_path / "colorized" / "film.mkv")) == 30


def test_the_shape_of_pixels_and_uneven_times_are_kept_in_a_part(colorize, tmp_path):
    times = [0, 30, 90, 100, 400, 410, 700]
    write(tmp_path / "film.mkv", pictures(7), times=times, aspect=Fraction(16, 11))
    assert colorize("film.mkv", "--start", 0.08, "--end", 0.5)[0] == 0
    made = tmp_path / "colorized" / "film.mkv"
    assert [round(1000 * frame.time) for frame in decoded(made)] == [10, 20, 320, 330]
    with av.open(str(made)) as film:
        assert film.streams.video[0].sample_aspect_ratio == Fraction(16, 11)


def test_damaged_packets_leave_a_gap_that_is_said(colorize, tmp_path):
    write(tmp_path / "film.mkv", pictures(40), codec="ffv1", pixels="yuv420p", options={"slicecrc": "1"})
    with av.open(str(tmp_path / "film.mkv")) as film:
        damaged = [bytes(p) for p in film.demux(video=0) if p.size][20:23]
    content = (tmp_path / "film.mkv").read_bytes()
    for packet in damaged:
        assert content.count(packet) == 1
        content = content.replace(packet, b"\xff" * len(packet))
    (tmp_path / "film.mkv").write_bytes(content)
    code, output = colorize("film.mkv")
    assert code == 0, output
    assert "damaged" in output
    found = [round(25 * frame.time) for frame in decoded(tmp_path / "colorized" / "film.mkv")]
    assert len(found) >= 36
    assert found[-1] == 39


def test_frames_that_a_damaged_container_has_lost_are_said(colorize, tmp_path):
    """Matroska's reader passes over what is damaged without an error, up to what it knows again."""
    whole = write(tmp_path / "film.mkv", pictures(60), codec="mjpeg", pixels="yuvj420p", levels=FULL)
    with av.open(str(whole)) as film:
        packets = [bytes(packet) for packet in film.demux(video=0) if packet.size]
    content = whole.read_bytes()
    start, end = (content.index(packets[number]) for number in (20, 24))
    whole.write_bytes(content[: start - 6] + b"\xff" * (end - start) + content[end - 6 :])
    code, output = colorize("film.mkv")
    assert code == 0, output
    assert len(decoded(tmp_path / "colorized" / "film.mkv")) < 60
    assert "frames are missing at 1 place, the first between 0:00:00.8 and 0:00:" in output


def test_a_steady_film_and_an_uneven_one_have_no_gaps(colorize, tmp_path):
    write(tmp_path / "steady.mkv", pictures(30))
    write(tmp_path / "uneven.mkv", pictures(8), times=[0, 40, 80, 200, 240, 300, 500, 540])
    assert "missing" not in colorize("steady.mkv", "uneven.mkv")[1]


def test_a_film_that_ends_too_early_says_so(colorize, tmp_path):
    whole = write(tmp_path / "film.mkv", pictures(500), codec="mpeg4").read_bytes()
    (tmp_path / "film.mkv").write_bytes(whole[: len(whole) // 8])
    code, output = colorize("film.mkv")
    assert code == 0, output
    assert "cut short: it states 0:00:20.0" in output
    assert 10 < len(decoded(tmp_path / "colorized" / "film.mkv")) < 150


def test_two_hours_in_the_header_and_three_frames(colorize, tmp_path):
    content = write(tmp_path / "film.mkv", pictures(3)).read_bytes()
    start = content.index(b"\x44\x89\x88") + 3  # the element Duration, a float of 8 bytes in milliseconds
    (tmp_path / "film.mkv").write_bytes(content[:start] + struct.pack(">d", 7_200_000) + content[start + 8 :])
    code, output = colorize("film.mkv")
    assert code == 0, output
    assert "cut short: it states 2:00:00.0, but its frames end at 0:00:00.1" in output
    assert len(decoded(tmp_path / "colorized" / "film.mkv")) == 3
