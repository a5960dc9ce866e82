"""A clip as a film for browsers: the input, the truth and every method's answer side by side, in motion."""

from __future__ import annotations

import io
from fractions import Fraction
from importlib.util import find_spec
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..analysis.films import KeptClip
from ..text import label_lines
from .style import GROUND, INK

RATE: Final = 12
"""Frames per second: slow enough to see what flickers."""

SIDE: Final = 192
"""Shorter side of a picture in pixels, at least; smaller pictures are enlarged."""

COLUMNS: Final = 4

MOST_FRAMES: Final = 120
"""Frames of the film, so that the page stays small."""

_LINES, _LINE = 2, 14
_EDGE = 8
_OPTIONS: Final = {"crf": "20", "preset": "medium"}


def can_be_made() -> bool:
    """Return whether PyAV, which writes films, is installed."""
    return find_spec("av") is not None


def film(clip: KeptClip) -> bytes:
    """Return the film as MP4 with H.264, the same bytes for the same pictures."""
    import av

    made = io.BytesIO()
    with av.open(made, "w", format="mp4", options={"fflags": "+bitexact"}) as out:
        first = sheet(clip, 0)
        stream = out.add_stream("libx264", rate=RATE, options=dict(_OPTIONS))
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1  # the number of threads would change the bytes
        for place in range(min(len(clip.frames), MOST_FRAMES)):
            frame = av.VideoFrame.from_ndarray(sheet(clip, place), "rgb24")
            frame.pts, frame.time_base = place, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return made.getvalue()


def sheet(clip: KeptClip, place: int) -> NDArray[np.uint8]:
    """Return all pictures of a frame with their labels, uint8 (H, W, 3); its sides are even."""
    pictures = {label: _enlarged(clip.picture(label, place)) for label in clip.pictures}
    width, height = next(iter(pictures.values())).size
    columns = min(COLUMNS, len(pictures))
    wide, tall = width + _EDGE, height + _LINES * _LINE + _EDGE
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", _even(columns * wide + _EDGE, rows * tall + _EDGE), GROUND)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(11)
    for number, (label, picture) in enumerate(pictures.items()):
        left, top = _EDGE + number % columns * wide, _EDGE + number // columns * tall
        lines = label_lines(label, width // 6, _LINES)
        draw.text((left, top), "\n".join(lines), fill=INK, font=font, spacing=2)
        canvas.paste(picture, (left, top + _LINES * _LINE))
    return np.asarray(canvas)


def _enlarged(pixels: NDArray[np.uint8]) -> Image.Image:
    picture = Image.fromarray(pixels)
    factor = max(1, SIDE / min(picture.size))
    return picture.resize((round(factor * picture.width), round(factor * picture.height)))


def _even(width: int, height: int) -> tuple[int, int]:
    return width + width % 2, height + height % 2
