"""Colorizes a film in a pipeline: frames are decoded, coloured, painted and encoded side by side."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ...datasets.films import SUFFIXES, exactly, require_films
from ...extras import require
from ...files import atomic
from ...methods.kernels.upsampling import chroma_lines
from ...methods.spec import MethodSpec, label
from .ahead import ahead
from .colorist import Colorist
from .engine import COMPUTING, GRAIN, LARGEST_ASPECT, plain_borders, stored, upright
from .film_reading import FULL_RANGE, FilmReader, Look, Span
from .film_writing import join, write_piece
from .profiles import srgb
from .settings import WORKING, Settings

if TYPE_CHECKING:
    from av import VideoFrame

PIECE: Final = 240
"""Frames of a piece: what an interruption costs at most."""

CUT: Final = 0.25
"""Distance of two frames' histograms, 0…1, from which a cut lies between them; see `distance`.

In real films, frames on both sides of a cut were 0.32 and more apart, and frames of one shot 0.15 at most,
when something dark passed close to the camera. PySceneDetect is not used: its main detector compares hue and
saturation, which a grey film lacks, and the one for lightness compares histograms too, of whole frames.
"""

_BINS: Final = 32


def is_film(path: Path) -> bool:
    """Return whether a file counts as a film, by its suffix."""
    return path.suffix.lower() in SUFFIXES


@dataclass(frozen=True)
class _Frame:
    """A decoded frame: number, time, seconds, L* (H, W) and L* as the method sees it (h, w)."""

    number: int
    pts: int
    seconds: float
    lightness: NDArray[np.float32]
    seen: NDArray[np.float32]


@dataclass(frozen=True)
class _Coloured:
    """A frame with its chroma, as `upsampling.chroma_lines` gives it, and the number of its shot's first."""

    frame: _Frame
    planes: NDArray[np.float32]
    shot: int


def colorize_film(
    path: Path, target: Path, colorist: Colorist, settings: Settings, span: Span, comment: str,
    reached: Callable[[float], None] = lambda _seconds: None,
) -> list[str]:  # fmt: skip
    """Colorize a film; what an interrupted call has finished is used again.

    Parameters
    ----------
    path
        The film.
    target
        The film to write; it is there when it is complete.
    colorist, settings
        The method, and how it is used.
    span
        The part to colorize.
    comment
        The mark in the film's metadata that its colours are made.
    reached
        Gets, after every frame, how many seconds of the film are colorized. An error that it raises ends the
        work; the pieces that are finished stay.

    Returns
    -------
    list of str
        What a user should know: gaps, and streams that could not be kept.

    Raises
    ------
    PhotoError
        If it is not a film that can be colorized.
    UserError
        If PyAV is missing.
    """
    require_films()
    reader = FilmReader(path, span)
    look = reader.look()
    folder = _pieces_folder(path, target, f"{look} {_all_of(settings)} {colorist.digest()} {span}")
    done = _finished(folder)
    ready = len(done) * PIECE
    first = int(_shot(done[-1]).read_text()) if done and _remembers(colorist, settings) else ready
    frames = ahead(_read(reader, look, settings.size or colorist.size or WORKING, first))
    coloured = ahead(_coloured(frames, colorist, settings, look))
    with closing(coloured):
        for _ in islice(coloured, ready - first):
            pass  # what the method remembers of the shot
        while (leading := next(coloured, None)) is not None:
            piece = folder / f"{len(done):06}.nut"
            shots = deque([leading.shot], 1)
            frames_of_piece = chain([leading], islice(coloured, PIECE - 1))
            write_piece(piece, look, _painted(frames_of_piece, look, shots, reached))
            with atomic(_shot(piece)) as partial:
                partial.write_text(str(shots[0]))
            done.append(piece)
    with atomic(target) as partial:
        notes = join(done, path, partial, look, span, comment)
    shutil.rmtree(folder, ignore_errors=True)
    return reader.notes() + notes


def smoothed(colorist: Colorist) -> Colorist:
    """Return a method whose chroma is averaged over a film's frames along the motion; see `Smoothed`.

    Raises `UserError` if OpenCV, which finds the motion, is not installed.
    """
    from ...methods.temporal.smoothed import Smoothed

    require("smoothing a film", "video", "cv2")
    name = label(colorist.method)
    method = Smoothed(method=name)
    method.inner = colorist.method
    # Its label would leave out the method that it smooths by default, which a user has not read about.
    return replace(colorist, method=method, row=MethodSpec("smoothed", {"method": name}).label)


def distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return how far apart the histograms of lightness of two frames are, 0…1, as a mean over quarters.

    Lightness is all that a grey film has, and the pipeline has it at hand, at the size that methods see.

    Parameters
    ----------
    one, other
        L*, float32 (h, w), of the same shape.
    """
    apart = [
        np.abs(_histogram(a) - _histogram(b)).sum() / 2
        for a, b in zip(_quarters(one), _quarters(other), strict=True)
    ]
    return float(np.mean(apart))


def _quarters(plane: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    parts = [part for rows in np.array_split(plane, 2) for part in np.array_split(rows, 2, axis=1)]
    return [part for part in parts if part.size]


def _histogram(plane: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the shares of levels, smoothed, so that a slow fade is no cut."""
    bins = np.clip(plane * np.float32(_BINS / 100), 0, _BINS - 1).astype(np.intp)
    return np.convolve(np.bincount(bins.ravel(), minlength=_BINS) / plane.size, [0.25, 0.5, 0.25])


def _read(reader: FilmReader, look: Look, side: int, skipped: int) -> Generator[_Frame]:
    scale = min(1.0, side / min(look.width, look.height))
    width = max(1, min(round(scale * look.width), LARGEST_ASPECT * side))
    height = max(1, min(round(scale * look.height), LARGEST_ASPECT * side))
    space = srgb()
    for number, frame in enumerate(reader.frames(skipped), skipped):
        pixels, small = rgb(frame, look, look.width, look.height), rgb(frame, look, width, height)
        lightness = space.lightness(pixels), space.lightness(small)
        yield _Frame(number, int(frame.pts or 0), reader.ended, *lightness)


def rgb(frame: VideoFrame, look: Look, width: int, height: int) -> NDArray[Any]:
    """Return a frame as stored, at some size: uint8 or, of a deep film, uint16 (height, width, 3)."""
    from av.video.reformatter import Interpolation

    kind, flags = "rgb24", exactly()
    if look.deep:
        # Where chroma has half the rows, FFmpeg's averaging overflows 16 bits, and dark levels turn white.
        kind, flags = "rgb48le", (flags & ~Interpolation.AREA) | Interpolation.BICUBIC
    turned = frame.reformat(
        width, height, kind, src_colorspace=look.matrix, src_color_range=look.levels,
        dst_color_range=FULL_RANGE, interpolation=flags, threads=1,  # the other steps need the others
    )  # fmt: skip
    return np.ascontiguousarray(turned.to_ndarray())


def _coloured(
    frames: Generator[_Frame], colorist: Colorist, settings: Settings, look: Look
) -> Generator[_Coloured]:
    """Colour frames in order; what the method and its user chose for a shot ends at a cut."""
    before: NDArray[np.float32] | None = None
    shot = 0
    reference = settings.reference
    box = (slice(None), slice(None))
    with closing(frames):
        for frame in frames:
            seen = median_filter(frame.seen, GRAIN) if settings.degrain else frame.seen
            begins = before is None or distance(before, frame.seen) >= CUT
            shot = frame.number if begins else shot
            if begins and settings.crop_borders:
                box = plain_borders(seen)
            before = frame.seen
            turned = np.ascontiguousarray(upright(seen[box], look.orientation))
            if begins and settings.reference is None:
                reference = colorist.choose_reference(turned)
            with COMPUTING:
                chroma, _ = colorist.chroma(turned, reference, settings.size, starts=begins)
                placed = np.zeros((*seen.shape, 2), np.float32)
                placed[box] = settings.strength * stored(chroma, look.orientation)
                planes = chroma_lines(placed, seen)
            yield _Coloured(frame, planes, shot)


def _painted(
    coloured: Iterator[_Coloured], look: Look, shots: deque[int], reached: Callable[[float], None]
) -> Iterator[VideoFrame]:
    """Yield frames as they are written, with the film's own lightness; ``shots`` gets their shots."""
    from av import VideoFrame

    from .kernels import colorize_rows  # Numba is slow to import

    rays, by_bits = srgb().encoding
    tables = by_bits[16 if look.deep else 8]
    for each in coloured:
        frame = each.frame
        shots.append(each.shot)
        levels = np.empty((look.height, look.width, 3), tables.dtype)
        colorize_rows(each.planes, frame.lightness, frame.lightness, 0, look.height, rays, tables, levels)
        made = VideoFrame.from_ndarray(levels, "rgb48le" if look.deep else "rgb24")
        made = made.reformat(
            format=look.pixels, src_color_range=FULL_RANGE, dst_colorspace=look.matrix,
            dst_color_range=look.levels, interpolation=exactly(), threads=1,
        )  # fmt: skip
        made.pts, made.time_base = frame.pts, look.time_base
        yield made
        reached(frame.seconds)


def _all_of(settings: Settings) -> str:
    """Return every setting as text, a reference photo by its shape and the SHA-256 of its pixels."""
    photo = settings.reference
    pixels = "" if photo is None else f"{photo.shape} {hashlib.sha256(photo.tobytes()).hexdigest()}"
    return f"{replace(settings, reference=None)} {pixels}"


def _pieces_folder(path: Path, target: Path, made_by: str) -> Path:
    """Return the folder of finished pieces, emptied if another film or method made them."""
    import av

    found = path.stat()
    facts = f"{os.path.realpath(path)} {found.st_size} {found.st_mtime_ns} {made_by} {av.__version__} {PIECE}"
    digest = hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[
        :16
    ]  # the film's own may be too long for more
    folder = target.with_name(f".{name}.pieces")
    mark = folder / "made-by"
    if not (mark.is_file() and mark.read_text() == digest):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with atomic(mark) as partial:
            partial.write_text(digest)
    return folder


def _remembers(colorist: Colorist, settings: Settings) -> bool:
    """Return whether a frame's colours depend on the frames before it in its shot."""
    info = colorist.method.info
    return info.temporal or info.reference != "none" or settings.crop_borders


def _shot(piece: Path) -> Path:
    """Return the file that says where the shot of a finished piece's last frame begins."""
    return piece.with_suffix(".shot")


def _finished(folder: Path) -> list[Path]:
    found = [piece for piece in sorted(folder.glob("*.nut")) if _shot(piece).is_file()]
    return [path for number, path in enumerate(found) if path.name == f"{number:06}.nut"]
