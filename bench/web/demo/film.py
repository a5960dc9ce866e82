"""Colorizes a visitor's film by the code of ``bench colorize``, within limits."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ....datasets.base import PhotoError
from ....reports.text import printable
from ...colorize.film import is_film
from ...colorize.film_reading import opened, picture_stream
from ...colorize.job import Job
from ...colorize.sources import PhotoSource
from ...colorize.variants import Variant
from .batch import Limits, outcome_of
from .pair import Places, write_pair

EVERY: Final = 0.5
"""Seconds between two states of a film."""

PAIR: Final = "pair/before-and-after.mp4"
"""Place of the pair below the folder of the colorized film, whose name may be any other."""


@dataclass(frozen=True)
class FilmAnswer:
    """A film that a method has colorized.

    Attributes
    ----------
    film
        The colorized film.
    pair
        The original beside it, as a small film for browsers.
    places
        Where in the pair the original and the colorized film are, as `pair.write_pair` says.
    seconds
        Time that it took.
    notes
        Damage that was found, and what could not be kept.
    """

    film: Path
    pair: Path
    places: Places
    seconds: float
    notes: tuple[str, ...]


@dataclass
class FilmState:
    """A film on its way to colours.

    Attributes
    ----------
    label
        The method with its settings, and the film's name.
    length
        Seconds of the film.
    reached
        Seconds of it that are colorized.
    left
        Estimated seconds to the end; ``None`` before the first frame.
    answer
        The film, at the end.
    problem
        Why there is none; ``""`` if nothing is wrong.
    """

    label: str
    length: float = 0.0
    reached: float = 0.0
    left: float | None = None
    answer: FilmAnswer | None = None
    problem: str = ""


def colorize_clip(
    upload: Path, variant: Variant, workspace: Path, limits: Limits, stopped: Callable[[], bool]
) -> Iterator[FilmState]:
    """Colorize a film; yield its state twice a second, and at the end with the answer or the problem.

    Parameters
    ----------
    upload
        The film.
    variant
        The way to colorize it.
    workspace
        Folder for the results.
    limits
        What is refused.
    stopped
        Whether the visitor wants no more.
    """
    start = time.monotonic()
    state = FilmState(f"{variant.label}: {printable(upload.name)}")
    folder = workspace / "results" / secrets.token_hex(16)
    left = False

    def check() -> None:
        if left or stopped():
            raise PhotoError("stopped")
        if time.monotonic() - start > limits.seconds:
            raise PhotoError(f"the limit of {limits.seconds:g} s is reached: drop a shorter or smaller film")

    def reached(_source: PhotoSource, seconds: float) -> None:
        check()
        state.reached = min(seconds, state.length)

    def make() -> FilmAnswer:
        state.length = checked_length(upload, limits)
        return _made(upload, variant, folder, reached, check)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(make)
        try:
            while not wait([working], EVERY).done:
                spent = time.monotonic() - start
                rest = state.length - state.reached
                state.left = spent / state.reached * rest if state.reached else None
                yield state
        finally:
            left = True
    try:
        state.answer = working.result()
    except PhotoError as error:
        state.problem = f"{printable(upload.name)} was not colorized: {printable(str(error))}"
        shutil.rmtree(folder, ignore_errors=True)
    yield state


def checked_length(path: Path, limits: Limits) -> float:
    """Return a film's length in seconds, by its packets: a header may state any length.

    Nothing is decoded.

    Raises
    ------
    PhotoError
        If it is not a film, too long or too large.
    """
    import av

    if not is_film(path):
        raise PhotoError(f"'{path.suffix}' is not the suffix of a film, such as .mp4, .mov or .mkv")
    if path.stat().st_size > limits.file_bytes:
        raise PhotoError(f"a file of more than {limits.file_bytes / 2**20:,.3g} MB")
    with opened(path) as film:
        stream = picture_stream(film)
        width, height = stream.codec_context.width, stream.codec_context.height
        zero, ended = (film.start_time or 0) / av.time_base, 0.0
        packets = film.demux(stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.FFmpegError):
                break
            if packet.pts is not None and packet.time_base is not None:
                ended = max(ended, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    length: float = max(ended - zero, 0.0)
    if length > limits.film_seconds or width * height > limits.film_pixels:
        raise PhotoError(
            f"{length:,.1f} s of {width}×{height} pixels, and the page takes up to {limits.film_seconds:g} s "
            f"of {limits.film_pixels / 1e6:,.3g} megapixels: cut it, make it smaller, or use bench colorize"
        )
    return length


def _made(
    upload: Path, variant: Variant, folder: Path, reached: Callable[[PhotoSource, float], None],
    check: Callable[[], None],
) -> FilmAnswer:  # fmt: skip
    """Return the answer for a film; raises `PhotoError` with the reason if there is none."""
    source = PhotoSource(upload.name, upload)
    job = Job([source], [variant], folder, overwrite=True)
    outcome = outcome_of(job, reached)
    film, pair = job.target(source, variant), folder / PAIR
    pair.parent.mkdir()
    places = write_pair(upload, film, pair, check)
    return FilmAnswer(film, pair, places, outcome.seconds, tuple(outcome.notes))
