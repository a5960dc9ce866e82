"""Writes a film: coloured frames as pieces of video, then the pieces beside the original's sound."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...files import atomic
from .film_reading import LIMITED_RANGE, Look, Span, opened, picture_stream

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

KEPT: Final = frozenset({".m4v", ".mkv", ".mov", ".mp4"})
"""Suffixes of films that keep their container; others become Matroska, which holds any sound."""

OTHERS: Final = ".mkv"
"""Suffix of films from other containers."""

_ENCODER: Final = "libx264"
_OPTIONS: Final = {"crf": "12", "preset": "superfast", "tune": "grain", "bf": "0"}
"""Visually lossless, with the film's grain; of the usual presets, it moves lightness least.

Without B-frames, so that pieces that were encoded one by one join exactly.
"""

_STATING: Final = {"x264-params": "videoformat=component"}
"""Lets x264 state a limited range where nothing else about colours is known, which it would leave out."""


def write_piece(path: Path, look: Look, frames: Iterable[VideoFrame]) -> None:
    """Encode frames, whole groups of pictures, into a file without sound.

    Parameters
    ----------
    path
        The file; it is there when it is complete.
    look
        How the frames are stored and shown.
    frames
        Frames in the format ``look.pixels``, each with its ``pts``.
    """
    import av

    with atomic(path) as partial, av.open(str(partial), "w", format="nut") as out:
        stating = _STATING if look.levels == LIMITED_RANGE else {}
        stream = out.add_stream(_ENCODER, rate=look.rate, options=_OPTIONS | stating)
        stream.width, stream.height, stream.pix_fmt = look.width, look.height, look.pixels
        context = stream.codec_context
        context.time_base = look.time_base
        context.color_range, context.colorspace = look.levels, look.stated
        context.color_primaries, context.color_trc = look.primaries, look.transfer
        if look.aspect:
            context.sample_aspect_ratio = look.aspect
        for frame in frames:
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def join(
    pieces: Sequence[Path], original: Path, target: Path, look: Look, span: Span, comment: str
) -> list[str]:
    """Write the film: coloured pieces in the place of the original's video, all else copied.

    Sound and subtitles are copied packet by packet, without decoding. Of a span, the packets that are shown
    within it are copied, and all times begin at its start.

    Returns
    -------
    list of str
        What could not be kept.
    """
    import av

    with ExitStack() as stack:
        film = stack.enter_context(opened(original))
        parts = [stack.enter_context(opened(piece)) for piece in pieces[:1]]
        out = stack.enter_context(av.open(str(target), "w"))
        shift = span.start + (film.start_time or 0) / av.time_base if span.start else 0.0
        copies, notes = _streams(film, parts[0], out, look)
        described = filter(None, (film.metadata.get("comment"), comment))
        out.metadata.update({**film.metadata, "comment": "; ".join(described)})
        out.set_chapters(_chapters(film, span))
        video = copies.pop(picture_stream(film).index)
        sources = [_video(pieces, video, shift), _others(film, copies, shift, span)]
        for _, packet in heapq.merge(*sources, key=lambda each: each[0]):
            out.mux(packet)
    return notes


def _streams(
    film: InputContainer, part: InputContainer, out: OutputContainer, look: Look
) -> tuple[dict[int, Stream], list[str]]:
    """Add a stream for each of the original's, in its order; return them by the original's index."""
    import av

    main = picture_stream(film)
    found: dict[int, Any] = {}
    notes = []
    for stream in film.streams:
        if stream.type == "data" and stream.name == "bin_data" and film.chapters():
            continue  # the chapters' titles, which are written again
        try:
            if stream.index == main.index:
                made: Any = out.add_stream_from_template(part.streams.video[0])
                made.time_base = look.time_base
                if look.rotation:
                    made.set_display_rotation(look.rotation)
            elif stream.type == "attachment":
                out.add_attachment(stream.name or "attachment", stream.mimetype, stream.data)
                continue
            else:
                made = out.add_stream_from_template(stream)
        except (av.FFmpegError, ValueError, TypeError, AttributeError):
            notes.append(f"its {stream.type} stream {stream.index} is not kept: no copy can be made of it")
            continue
        made.metadata.update(stream.metadata)
        made.disposition = stream.disposition
        found[stream.index] = made
    return found, notes


def _video(pieces: Sequence[Path], stream: Stream, shift: float) -> Iterator[tuple[float, Packet]]:
    for piece in pieces:
        with opened(piece) as part:
            yield from _placed(part.demux(video=0), {0: stream}, shift)


def _others(
    film: InputContainer, streams: dict[int, Stream], shift: float, span: Span
) -> Iterator[tuple[float, Packet]]:
    wanted = [film.streams[index] for index in streams]
    if not wanted:
        return
    length = float("inf") if span.end is None else span.end - span.start
    for time, packet in _placed(film.demux(wanted), streams, shift):
        if time >= length:
            if time >= length + 10:  # streams are interleaved: the others' packets may still come
                return
            continue
        timed = packet.stream.type == "subtitle" and packet.duration
        shown = _cut(packet, time, length, begins=span.start > 0) if timed else time
        if shown >= 0 or not span.start:
            yield shown, packet


def _cut(packet: Packet, time: float, length: float, *, begins: bool) -> float:
    """Cut a subtitle to the part in which it is shown; return its time, in seconds."""
    assert packet.time_base is not None  # noqa: S101  # see `_placed`
    end = min(time + float((packet.duration or 0) * packet.time_base), length)
    if begins and time < 0 < end:
        packet.pts = packet.dts = 0
        time = 0.0
    if end < float("inf"):
        packet.duration = round((end - time) / packet.time_base)
    return time


def _placed(
    packets: Iterator[Packet], streams: dict[int, Stream], shift: float
) -> Iterator[tuple[float, Packet]]:
    """Yield packets with their time in seconds, given to their new streams; stop where a file is damaged."""
    import av

    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        if packet.dts is None or packet.size == 0:
            continue
        assert packet.time_base is not None  # noqa: S101  # every packet of a stream has one
        moved = round(shift / packet.time_base)
        stream = streams[packet.stream.index]
        packet.dts -= moved
        if packet.pts is not None:
            packet.pts -= moved
        packet.stream = stream
        yield float(packet.dts * packet.time_base), packet


def _chapters(film: InputContainer, span: Span) -> list[Any]:
    """Return the chapters, of a span those within it, cut to it."""
    found = []
    for chapter in film.chapters():
        base = chapter["time_base"] or 1
        start, end = chapter["start"] * base - span.start, chapter["end"] * base - span.start
        length = end if span.end is None else span.end - span.start
        start, end = max(start, 0), min(end, length)
        if start < end:
            found.append({**chapter, "start": round(start / base), "end": round(end / base)})
    return found
