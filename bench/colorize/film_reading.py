"""Reads a film frame by frame: what it is, its frames with their times, and what is damaged."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...datasets.base import PhotoError
from ...datasets.films import BT_601, BT_709, HD, HDR, UNSTATED, require_films
from ...datasets.guards import max_pixels
from ...wording import counted

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

LIMITED_RANGE: Final = 1
"""FFmpeg's number of levels 16…235, as in television."""

FULL_RANGE: Final = 2
"""FFmpeg's number of levels 0…255, without the head- and footroom of television."""

_RGB: Final = 0
"""FFmpeg's number of "no matrix": the film's channels are R, G and B."""

_DEEP: Final = 8
"""Bits of a channel above which a film is coloured with 16 bits and written with 10."""

_CUT_SHORT: Final = 0.5
"""Share of the length its header states below which a film's frames end too early."""

_GAP: Final = 2.5
"""Times the usual distance of two frames from which frames are missing, if the film is otherwise steady."""

_STEADY: Final = 0.9
"""Share of the distances between frames that are the usual one in a steady film."""

_FIRST_BOXES: Final = frozenset({b"ftyp", b"mdat", b"wide", b"free"})
"""Kinds of boxes with which an MP4 or MOV begins, if not with its index."""


@dataclass(frozen=True)
class Span:
    """The part of a film that is coloured.

    Attributes
    ----------
    start, end
        Seconds from the film's beginning; ``end`` is ``None`` for its end.
    """

    start: float = 0.0
    end: float | None = None

    @property
    def text(self) -> str:
        """The part as text for tables: ``start=60 end=65``; empty for the whole film."""
        start = f"start={self.start:g}" if self.start else ""
        end = "" if self.end is None else f"end={self.end:g}"
        return f"{start} {end}".strip()

    @property
    def words(self) -> str:
        """The part as words for messages: `` between 60 and 65 s``; empty for the whole film."""
        if self.end is None:
            return f" from {self.start:g} s on" if self.start else ""
        return f" between {self.start:g} and {self.end:g} s"


@dataclass(frozen=True)
class Look:
    """How a film's frames are stored and shown.

    Attributes
    ----------
    width, height
        Pixels as stored.
    pixels
        FFmpeg's name of the pixel format that is written.
    deep
        Whether a channel has more than 8 bits.
    matrix, levels, primaries, transfer
        FFmpeg's numbers of colour matrix (never "unstated"), range, primaries and transfer function.
    stated
        The matrix that the new film states: as the film does, or ``matrix`` if it holds RGB.
    aspect
        Width of a pixel over its height, or ``None``.
    rotation
        Degrees, counterclockwise, by which players turn the frames.
    time_base, rate
        Unit of times in seconds, and nominal frames per second.
    """

    width: int
    height: int
    pixels: str
    deep: bool
    matrix: int
    levels: int
    primaries: int
    transfer: int
    stated: int
    aspect: Fraction | None
    rotation: int
    time_base: Fraction
    rate: Fraction

    @property
    def orientation(self) -> int:
        """The rotation as EXIF's orientation, as for photos."""
        return (1, 8, 3, 6)[round(self.rotation / 90) % 4]


@dataclass
class Pace:
    """The distances between a film's frames, which tell where a damaged container has lost some.

    Some containers pass over what is damaged without a word. A film of an uneven rate has no gaps.

    Attributes
    ----------
    step
        Usual seconds from one frame to the next.
    steady, distances
        Distances that are the usual one, and all.
    longer
        Distances that are several usual ones.
    first
        Seconds at which the frame before the first of them was shown, and the frame after it.
    """

    step: float
    steady: int = 0
    distances: int = 0
    longer: int = 0
    first: tuple[float, float] = (0.0, 0.0)

    def add(self, before: float, after: float) -> None:
        """Add two neighbouring frames, by their seconds."""
        self.distances += 1
        self.steady += 0.5 * self.step < after - before < 1.5 * self.step
        if after - before >= _GAP * self.step:
            self.first = self.first if self.longer else (before, after)
            self.longer += 1

    @property
    def gaps(self) -> int:
        """Number of places where frames are missing; 0 for a film of an uneven rate."""
        return self.longer if self.steady >= _STEADY * self.distances else 0

    def note(self) -> str:
        """Return where frames are missing."""
        before, after = self.first
        return (
            f"frames are missing at {counted(self.gaps, 'place')}, the first between {clock(before)} and "
            f"{clock(after)}: it may be damaged there"
        )


@dataclass
class FilmReader:
    """A film that is decoded in order; memory does not grow with its length.

    Attributes
    ----------
    path
        The film.
    span
        The part that is read.
    damaged
        Packets that could not be decoded, so far.
    gap
        Seconds from the beginning to the frame before the first damaged packet.
    repaired
        Damaged frames that the decoder filled from others, so far.
    first_repaired
        Seconds from the beginning to the first of them.
    pace
        Tells missing frames by the times of the others.
    ended
        Seconds at which the last frame was shown.
    cut_short
        Whether the file ends within a packet.
    lost
        Properties of the film that cannot be kept.
    """

    path: Path
    span: Span = field(default_factory=Span)
    damaged: int = 0
    gap: float = 0.0
    repaired: int = 0
    first_repaired: float = 0.0
    pace: Pace = field(default_factory=lambda: Pace(0.0))
    ended: float = 0.0
    cut_short: bool = False
    lost: list[str] = field(default_factory=list)

    def look(self) -> Look:
        """Return how the first frame is stored.

        Raises
        ------
        PhotoError
            If the film cannot be read, has no frame in the span, is HDR or too large.
        """
        for frame in self.frames():
            self.lost = _lost(frame)
            with opened(self.path) as film:
                return _look(frame, picture_stream(film))
        with opened(self.path) as film:
            stated = (film.duration or 0) / 1e6
        if self.span.start >= stated > 0:
            raise PhotoError(f"no frame{self.span.words}: the film ends at {clock(stated)}")
        raise _unreadable(self.path, f"no frame{self.span.words} that can be decoded")

    def frames(self, skipped: int = 0) -> Generator[VideoFrame]:
        """Yield the frames of the span from number ``skipped`` on; ``pts`` counts from the film's zero."""
        import av

        self.damaged, self.repaired, number, last = 0, 0, 0, None
        with opened(self.path) as film:
            stream = picture_stream(film)
            zero = (film.start_time or 0) / av.time_base
            base = stream.time_base or Fraction(1, 1000)
            step = round(1 / ((stream.guessed_rate or 25) * base))
            self.pace = Pace(float(step * base))
            if self.span.start > 0:
                film.seek(int((self.span.start + zero) * av.time_base))
            for frame in self._decoded(film, stream):
                if frame.pts is None or (last is not None and frame.pts <= last):
                    frame.pts = 0 if last is None else last + step
                last, time = frame.pts, float(frame.pts * base) - zero
                if self.span.end is not None and time >= self.span.end:
                    return
                if time < self.span.start:
                    continue
                if number:
                    self.pace.add(self.ended, time)
                self.ended = time
                if frame.is_corrupt:
                    self.first_repaired = self.first_repaired if self.repaired else time
                    self.repaired += 1
                number += 1
                if number > skipped:
                    yield frame

    def notes(self) -> list[str]:
        """Return what was wrong with the film, after its frames were read."""
        found = list(self.lost)
        if self.damaged:
            found.append(
                f"{self.damaged:,} damaged packets, the first after {clock(self.gap)}: "
                "what they held is missing"
            )
        if self.repaired:
            found.append(
                f"{self.repaired:,} damaged frames, the first at {clock(self.first_repaired)}: "
                "the decoder filled them from others"
            )
        if self.pace.gaps and not self.damaged and not self.repaired:
            found.append(self.pace.note())
        with opened(self.path) as film:
            stated = (film.duration or 0) / 1e6
        if self.cut_short or (self.span.end is None and self.ended + 1 < _CUT_SHORT * stated):
            found.append(f"cut short: it states {clock(stated)}, but its frames end at {clock(self.ended)}")
        return found

    def _decoded(self, film: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        import av

        stream.thread_type = "SLICE"  # frame threads need memory for each
        packets = film.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self.cut_short = True
                return
            try:
                frames: list[Any] = packet.decode()
            except av.FFmpegError:
                self.gap = self.gap if self.damaged else self.ended
                self.damaged += 1
                continue
            yield from frames


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a film for reading; raises `PhotoError` if it is not a film."""
    require_films()
    import av

    try:
        film = av.open(str(path), metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        if path.is_file() and path.stat().st_size == 0:
            raise PhotoError("not a film that can be read (the file is empty)") from error
        reason = f"not a film that can be read ({getattr(error, 'strerror', None) or error})"
        if isinstance(error, av.InvalidDataError | av.EOFError):
            raise _unreadable(path, reason) from error
        raise PhotoError(reason) from error
    with film:
        yield film


def _unreadable(path: Path, reason: str) -> PhotoError:
    """Return an error that says why a film's content cannot be read: a missing index, or another reason."""
    if _lacks_index(path):
        reason = (
            "the film is incomplete: its index, which cameras write last, is missing; "
            "copy or download it again"
        )
    return PhotoError(reason)


def _lacks_index(path: Path) -> bool:
    """Return whether a file is an MP4 or MOV whose index, the box ``moov``, is missing or cut."""
    first, place, whole = b"", 0, path.stat().st_size
    with path.open("rb") as stream:
        while place + 8 <= whole:
            stream.seek(place)
            head = stream.read(16)
            size, kind = int.from_bytes(head[:4]), head[4:8]
            first = first or kind
            if size == 1:  # a large box, whose size follows
                size = int.from_bytes(head[8:])
            place += size or whole  # a box without a size reaches to the file's end
            if first not in _FIRST_BOXES or 0 < size < 8 or (kind == b"moov" and place <= whole):
                return False
    return first in _FIRST_BOXES


def picture_stream(film: InputContainer) -> VideoStream:
    """Return the first video stream that is not a cover picture; raises `PhotoError` if there is none."""
    from av.stream import Disposition

    for stream in film.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    raise _unreadable(Path(film.name), "no video in it")


def _look(frame: VideoFrame, stream: VideoStream) -> Look:
    if frame.width * frame.height > max_pixels():
        raise PhotoError(f"{frame.width}×{frame.height} pixels, more than {max_pixels():,}")
    if (transfer := HDR.get(int(frame.color_trc))) is not None:
        raise PhotoError(f"an HDR film ({transfer}): convert it to SDR first")
    stated = int(frame.colorspace)
    matrix = (BT_709 if frame.height >= HD else BT_601) if stated in (UNSTATED, _RGB) else stated
    deep = frame.format.components[0].bits > _DEEP
    full = int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")
    return Look(
        frame.width, frame.height, _pixels(frame, deep=deep), deep, matrix,
        FULL_RANGE if full else int(frame.color_range), int(frame.color_primaries), int(frame.color_trc),
        matrix if stated == _RGB else stated, stream.sample_aspect_ratio, frame.rotation,
        stream.time_base or Fraction(1, 1000), stream.guessed_rate or Fraction(25),
    )  # fmt: skip


def _lost(frame: VideoFrame) -> list[str]:
    found = []
    if any(channel.is_alpha for channel in frame.format.components):
        found.append("its transparency is not kept")
    if frame.interlaced_frame:
        found.append("it is interlaced: two half-pictures of a frame are coloured and written as one picture")
    return found


def _pixels(frame: VideoFrame, *, deep: bool) -> str:
    """Return the format to write: subsampled as the film, but in full where an odd side forbids it."""
    sampling = next((each for each in ("444", "422") if each in frame.format.name), "420")
    if (frame.width % 2 and sampling != "444") or (frame.height % 2 and sampling == "420"):
        sampling = "444"
    return f"yuv{sampling}p{'10le' if deep else ''}"


def clock(seconds: float) -> str:
    """Return a time as ``h:mm:ss.s``."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes // 60)}:{int(minutes % 60):02}:{rest:04.1f}"
