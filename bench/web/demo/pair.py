"""Two films in one small film that every browser plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ....datasets.films import BT_709, exactly
from ....files import atomic
from ...colorize.engine import upright
from ...colorize.film import rgb
from ...colorize.film_reading import FULL_RANGE, FilmReader, Look

if TYPE_CHECKING:
    from av import VideoFrame

Places = tuple[str, str]

WIDTH, HEIGHT = 640, 480
"""Most pixels of each film in the pair."""

_TELEVISION: Final = 1
"""FFmpeg's number of levels with head- and footroom, which every player knows."""

_OPTIONS: Final = {"crf": "20", "preset": "veryfast"}


def write_pair(original: Path, coloured: Path, target: Path, check: Callable[[], None]) -> Places:
    """Write a film without sound: each frame of the original beside that of the coloured film.

    Wide frames are placed one above the other, which shows them larger, also on a phone.

    Parameters
    ----------
    original, coloured
        Two films with as many frames.
    target
        The film to write, MP4 with H.264.
    check
        Is called before every frame; what it raises ends the work.

    Returns
    -------
    tuple of str
        Places of the original and of the coloured film: ``above`` and ``below``, or ``left`` and ``right``.

    Raises
    ------
    PhotoError
        If one of the films cannot be read.
    """
    import av

    before, after = FilmReader(original), FilmReader(coloured)
    looks = replace(before.look(), deep=False), replace(after.look(), deep=False)
    size = shown_size(looks[1])
    stacked = size[0] > size[1]
    axis = 0 if stacked else 1
    with (
        atomic(target) as partial,
        av.open(str(partial), "w", format="mp4", options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream("libx264", rate=looks[1].rate, options=dict(_OPTIONS))
        stream.width, stream.height = (size[0], 2 * size[1]) if stacked else (2 * size[0], size[1])
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = looks[1].time_base
        context.colorspace = context.color_primaries = context.color_trc = BT_709
        context.color_range = _TELEVISION
        for frames in zip(before.frames(), after.frames(), strict=False):
            check()
            shown = [_shown(frame, look, size) for frame, look in zip(frames, looks, strict=True)]
            made = av.VideoFrame.from_ndarray(np.concatenate(shown, axis), "rgb24").reformat(
                format="yuv420p", src_color_range=FULL_RANGE, dst_colorspace=BT_709,
                dst_color_range=_TELEVISION, interpolation=exactly(),
            )  # fmt: skip
            made.pts, made.time_base = frames[1].pts, looks[1].time_base
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return ("above", "below") if stacked else ("left", "right")


def shown_size(look: Look) -> tuple[int, int]:
    """Return the even width and height of one film in the pair, upright and with square pixels."""
    width, height = look.width * float(look.aspect or 1), float(look.height)
    if _on_its_side(look):
        width, height = height, width
    scale = min(1.0, WIDTH / width, HEIGHT / height)
    return _even(scale * width), _even(scale * height)


def _shown(frame: VideoFrame, look: Look, size: tuple[int, int]) -> NDArray[Any]:
    """Return a frame upright, uint8 (height, width, 3), by its width and height."""
    stored = size[::-1] if _on_its_side(look) else size
    return upright(rgb(frame, look, *stored), look.orientation)


def _on_its_side(look: Look) -> bool:
    return round(look.rotation / 90) % 2 == 1


def _even(side: float) -> int:
    return max(2, 2 * round(side / 2))
