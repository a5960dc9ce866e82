"""Films as photos: frames decoded in order by PyAV, which comes with the extra ``video``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..extras import require
from ..wording import counted
from .base import RGB, PhotoError
from .guards import max_pixels

if TYPE_CHECKING:
    from av import VideoFrame

_SUFFIXES: Final = ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .webm .wmv .y4m"
SUFFIXES: Final = frozenset(_SUFFIXES.split())
"""Suffixes, in any case, of files that count as films."""

HDR: Final = {16: "PQ", 18: "HLG"}
"""Transfer functions that no sRGB picture can hold, by FFmpeg's number."""

BT_601, BT_709, UNSTATED = 5, 1, 2
"""FFmpeg's numbers of the matrices between RGB and Y'CbCr."""

HD: Final = 720
"""Rows from which a film that does not state its matrix is taken for BT.709, as players do."""


def require_films() -> None:
    """Raise a UserError that says what to install if PyAV is missing."""
    require("a film", "video", "av")


def exactly() -> Any:
    """Return FFmpeg's flags for exact conversion between RGB and Y'CbCr.

    Its quick conversion makes frames darker by half a unit of L*.
    """
    from av.video.reformatter import Interpolation

    wanted = ("ACCURATE_RND", "FULL_CHR_H_INP", "FULL_CHR_H_INT")
    return reduce(or_, (Interpolation[name] for name in wanted), Interpolation.AREA)


def count_frames(path: Path) -> int:
    """Return how many frames a film holds, counted without decoding; 0 if it cannot be read.

    A header may state any number, so the packets are counted.
    """
    require_films()
    import av

    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            return sum(packet.size > 0 for packet in container.demux(stream))
    except (av.FFmpegError, OSError, IndexError, ValueError):
        return 0


class Film:
    """A film that is read frame by frame; memory does not grow with its length.

    Reading forwards decodes every frame once; reading backwards starts again at the first frame.

    Parameters
    ----------
    path
        The film.
    """

    def __init__(self, path: Path) -> None:
        require_films()
        self.path = path
        self._frames: Iterator[VideoFrame] = iter(())
        self._next = -1

    def read(self, number: int) -> RGB:
        """Return a frame, uint8 (H, W, 3), upright.

        Raises
        ------
        PhotoError
            If it cannot be decoded; the message says why.
        """
        import av

        try:
            if self._next < 0 or number < self._next:
                self._frames, self._next = _decoded(self.path), 0
            while True:
                frame = next(self._frames)
                self._next += 1
                if self._next > number:
                    return _upright_rgb(frame)
        except StopIteration:
            found, self._next = self._next, -1
            raise PhotoError(
                f"the film ends after {counted(found, 'frame')}: no more can be decoded"
            ) from None
        except (av.FFmpegError, OSError, IndexError, ValueError) as error:
            self._next = -1
            reason = getattr(error, "strerror", None) or error
            raise PhotoError(f"not a film that can be read ({reason})") from error


def _decoded(path: Path) -> Iterator[VideoFrame]:
    """Yield the frames of the first video stream, passing over packets that are damaged."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # frame threads would hold back frames, and need memory for each
        for packet in container.demux(stream):
            try:
                frames: list[Any] = packet.decode()
            except av.InvalidDataError:
                continue
            yield from frames


def _upright_rgb(frame: VideoFrame) -> RGB:
    if frame.is_corrupt:
        raise PhotoError("a damaged frame, which the decoder filled from others")
    if frame.width * frame.height > max_pixels():
        raise PhotoError(f"{frame.width}×{frame.height} pixels, more than {max_pixels():,}")
    if (transfer := HDR.get(int(getattr(frame, "color_trc", 0) or 0))) is not None:
        raise PhotoError(f"an HDR film ({transfer}): convert it to SDR first")
    matrix = int(frame.colorspace)
    if matrix == UNSTATED:
        matrix = BT_709 if frame.height >= HD else BT_601
    rgb = frame.reformat(format="rgb24", src_colorspace=matrix, interpolation=exactly()).to_ndarray()
    quarters = round(getattr(frame, "rotation", 0) / 90)
    return np.ascontiguousarray(np.rot90(rgb, quarters))
