"""Small films for tests, written and read by PyAV."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest

from huebench.datasets.films import exactly

av = pytest.importorskip("av", reason="needs the extra 'video'")

BT709, UNSTATED, BT601 = 1, 2, 5
LIMITED, FULL = 1, 2
PQ, HLG = 16, 18


def pictures(count, width=64, height=48):
    """A bright square that moves over a dark ramp, uint8 (H, W, 3) each."""
    for number in range(count):
        picture = np.tile(np.linspace(30, 180, width).astype(np.uint8)[:, None], (height, 1, 3))
        picture[8:24, number % 32 : number % 32 + 16] = 220
        yield picture


def write(
    path, frames, *, codec="libx264", pixels="yuv420p", matrix=BT601, levels=LIMITED, transfer=BT709,
    primaries=BT709, times=None, aspect=None, rotation=0, sound=False, subtitles=(), chapters=(),
    options=None, of_container=None,
):  # fmt: skip
    """Write a film; ``times`` are in milliseconds."""
    frames = list(frames)
    times = times or [40 * number for number in range(len(frames))]
    height, width = frames[0].shape[:2] if frames else (48, 64)
    with av.open(str(path), "w", container_options=of_container or {}) as out:
        video = out.add_stream(codec, rate=25, options=options or {})
        video.width, video.height, video.pix_fmt = width, height, pixels
        context = video.codec_context
        context.time_base = Fraction(1, 1000)
        context.colorspace, context.color_range, context.color_trc = matrix, levels, transfer
        context.color_primaries = primaries
        if aspect:
            context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        audio = out.add_stream("aac", rate=16_000, layout="mono") if sound else None
        if chapters:
            out.set_chapters(chapters)
        if not frames:
            out.start_encoding()  # writes the header
        for picture, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format=pixels, dst_colorspace=matrix, dst_color_range=levels
            )
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            wave = np.sin(np.arange(16_000 * (len(frames) or 25) // 25) / 9).astype(np.float32)
            for start in range(0, len(wave) - 1023, 1024):
                piece = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], "fltp", "mono")
                piece.sample_rate, piece.pts = 16_000, start
                out.mux(audio.encode(piece))
            out.mux(audio.encode(None))
    return path


def sounds(path):
    """Times and digest of every packet that is not video."""
    with av.open(str(path)) as film:
        others = [stream for stream in film.streams if stream.type != "video"]
        return [
            (packet.stream.index, round(float(packet.pts * packet.time_base), 3),
             hashlib.sha256(bytes(packet)).hexdigest())
            for packet in (film.demux(others) if others else ()) if packet.size
        ]  # fmt: skip


def decoded(path):
    with av.open(str(path)) as film:
        return list(film.decode(video=0))


def rgb(frame, matrix=BT601):
    return frame.reformat(format="rgb24", src_colorspace=matrix, interpolation=exactly()).to_ndarray()


def yellow(path, matrix=BT601):
    """Mean of R − B of every frame."""
    return [
        float(np.mean(p[..., 0].astype(int) - p[..., 2])) for p in (rgb(f, matrix) for f in decoded(path))
    ]


def damage(path, numbers, *, share):
    """Overwrite packets of a film with noise, but for the first ``share`` of each."""
    with av.open(str(path)) as film:
        packets = [bytes(packet) for packet in film.demux(video=0) if packet.size]
    content, noise = path.read_bytes(), np.random.default_rng(0)
    for number in numbers:
        packet = packets[number]
        assert content.count(packet) == 1
        kept = int(share * len(packet))
        content = content.replace(packet, packet[:kept] + noise.bytes(len(packet) - kept))
    path.write_bytes(content)
