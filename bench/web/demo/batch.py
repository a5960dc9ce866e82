"""Colorizes a visitor's photos, one photo by one method at a time, within limits."""

from __future__ import annotations

import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, product
from pathlib import Path, PurePosixPath
from typing import Final

from .... import UserError
from ....datasets.base import PhotoError
from ....files import file_digest
from ....reports.text import printable
from ....wording import counted
from ...colorize.compare import thumbnail
from ...colorize.job import Job, PhotoOutcome
from ...colorize.picture import Picture
from ...colorize.record import ColorizedRow, Record
from ...colorize.sources import PhotoSource
from ...colorize.variants import Variant

PREVIEW: Final = 1200
"""Longer side in pixels of the pictures on the page."""

ARCHIVE: Final = "colorized.zip"


@dataclass(frozen=True)
class Limits:
    """What a visitor may ask for.

    Attributes
    ----------
    photos
        Photos at a time.
    file_bytes
        Bytes of a photo's file.
    pixels
        Pixels of a photo.
    seconds
        Time for all photos, after which no further photo is begun; or for a film.
    film_seconds
        Length of a film.
    film_pixels
        Pixels of a film's frame.
    """

    photos: int
    file_bytes: int
    pixels: int
    seconds: float
    film_seconds: float
    film_pixels: int


@dataclass(frozen=True)
class ColorizedPhoto:
    """A photo that one method has colorized.

    Attributes
    ----------
    photo
        The photo's name.
    digest
        The first 16 hex digits of the SHA-256 of its file.
    variant
        The method and its settings.
    before, after
        Pictures of the original and of the result for the page, JPEG.
    output
        The colorized photo at full size.
    seconds
        Time that it took.
    warnings
        Traits of the photo that make its colours less reliable.
    """

    photo: str
    digest: str
    variant: Variant
    before: Path
    after: Path
    output: Path
    seconds: float
    warnings: tuple[str, ...]

    @property
    def label(self) -> str:
        """How the photo was colorized, and its name."""
        return f"{self.variant.label}: {printable(self.photo)}"


@dataclass
class Batch:
    """Photos on their way to colours.

    Attributes
    ----------
    total
        Number of answers that were asked for.
    at_work
        What is being made; ``""`` at the end.
    answers
        The answers so far.
    problems
        A message for each photo that was refused, and for what was left out.
    left
        Estimated seconds to the end; ``None`` before there is an answer.
    archive
        The ZIP of all answers, at the end.
    """

    total: int
    at_work: str = ""
    answers: list[ColorizedPhoto] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: float | None = None
    archive: Path | None = None


def colorize_photos(
    uploads: Sequence[Path],
    variants: Sequence[Variant],
    workspace: Path,
    limits: Limits,
    stopped: Callable[[], bool],
) -> Iterator[Batch]:
    """Colorize photos in several ways; yield before each step, and at the end with a ZIP of all answers.

    A photo that cannot be colorized is a message; the others go on.

    Parameters
    ----------
    uploads
        The photos' files.
    variants
        The ways to colorize each.
    workspace
        Folder for the results.
    limits
        What is refused or left out.
    stopped
        Whether the visitor wants no more.
    """
    start = time.monotonic()
    folder = workspace / "results" / secrets.token_hex(16)
    folder.mkdir(parents=True)
    sources = _sources(uploads[: limits.photos])
    batch = Batch(total=len(sources) * len(variants))
    if len(sources) < len(uploads):
        batch.problems.append(f"Only the first {limits.photos} of {len(uploads)} photos were taken.")
    for done, ((number, source), variant) in enumerate(product(enumerate(sources), variants)):
        spent = time.monotonic() - start
        batch.left = spent / done * (batch.total - done) if done else None
        batch.at_work = f"{printable(source.name)}, {variant.label}"
        yield batch
        if reason := _reason_to_end(stopped(), time.monotonic() - start, limits):
            batch.problems.append(f"{reason} {counted(batch.total - done, 'picture')} left out.")
            break
        try:
            _add(batch, source, variant, workspace / "scratch", folder / str(number), limits)
        except UserError as error:  # not about this photo: every other one would fail too
            batch.problems.append(
                f"{printable(str(error))}. {counted(batch.total - done, 'picture')} left out."
            )
            break
    batch.at_work, batch.left = "", 0.0
    if batch.answers:
        batch.archive = _pack(batch.answers, folder)
    yield batch


def _sources(uploads: Sequence[Path]) -> list[PhotoSource]:
    """Return the photos under names that differ in more than their suffix or in capitals."""
    taken: set[str] = set()
    sources = []
    for path in uploads:
        numbered = (f"{path.stem} ({number})" for number in count(2))
        stem = next(each for each in chain([path.stem], numbered) if each.casefold() not in taken)
        taken.add(stem.casefold())
        sources.append(PhotoSource(f"{stem}{path.suffix}", path))
    return sources


def _reason_to_end(stopped: bool, spent: float, limits: Limits) -> str:
    if stopped:
        return "Stopped:"
    return f"The limit of {limits.seconds:g} s is reached:" if spent > limits.seconds else ""


def _add(
    batch: Batch, source: PhotoSource, variant: Variant, scratch: Path, folder: Path, limits: Limits
) -> None:
    """Colorize a photo in one way; add the answer, or the problem, to a batch."""
    before = folder / "before.jpg"
    try:
        if not before.exists():
            _check_size(source.path, limits)
            folder.mkdir(exist_ok=True)
            before.write_bytes(thumbnail(source.path, PREVIEW))
        answer = _colorized(source, variant, scratch, folder)
    except FileNotFoundError:
        _tell(batch, source, "it was deleted, because it was here too long; drop it again")
    except OSError as error:
        _tell(batch, source, error.strerror or str(error))
    except PhotoError as error:
        _tell(batch, source, str(error))
    else:
        batch.answers.append(answer)


def _tell(batch: Batch, source: PhotoSource, reason: str) -> None:
    """Add a problem, once for all methods."""
    message = f"{printable(source.name)} was not colorized: {printable(reason)}"
    if message not in batch.problems:
        batch.problems.append(message)


def _check_size(path: Path, limits: Limits) -> None:
    """Raise `PhotoError` if a photo is too large, before it is decoded."""
    if path.stat().st_size > limits.file_bytes:
        raise PhotoError(f"a file of more than {limits.file_bytes / 2**20:,.3g} MB")
    picture = Picture.open(path)
    if picture.width * picture.height > limits.pixels:
        megapixels = picture.width * picture.height / 1e6
        raise PhotoError(
            f"{megapixels:,.3g} megapixels, and the page takes {limits.pixels / 1e6:,.3g}: make it smaller, "
            "or use bench colorize"
        )


def outcome_of(
    job: Job, reached: Callable[[PhotoSource, float], None] = lambda _source, _seconds: None
) -> PhotoOutcome:
    """Return the outcome of a job of one photo or film; raises `PhotoError` with the reason if it failed."""
    outcomes: list[PhotoOutcome] = []
    try:
        job.run(outcomes.append, reached)
    except UserError as error:
        if isinstance(error.__cause__, OSError):  # its message names a folder of the server
            raise PhotoError("this page has no space left for results: try again later") from error
        raise
    (outcome,) = outcomes
    if outcome.status != "done":
        raise PhotoError("; ".join(outcome.notes))
    return outcome


def _colorized(source: PhotoSource, variant: Variant, scratch: Path, folder: Path) -> ColorizedPhoto:
    """Return a photo's answer; raises `PhotoError` with the reason if there is none."""
    job = Job([source], [variant], scratch, overwrite=True)
    outcome = outcome_of(job)
    made = job.target(source, variant)
    output = folder / _folder_of(variant) / made.name
    output.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, output)
    after = folder / f"after-{secrets.token_hex(8)}.jpg"
    after.write_bytes(thumbnail(output, PREVIEW))
    return ColorizedPhoto(
        source.name, file_digest(source.path)[:16], variant, folder / "before.jpg", after, output,
        outcome.seconds, tuple(outcome.notes),
    )  # fmt: skip


def _folder_of(variant: Variant) -> str:
    return variant.folder or "colorized"


def _pack(answers: Sequence[ColorizedPhoto], folder: Path) -> Path:
    """Write a ZIP with a folder per variant and a table of what made each photo; return its path."""
    record = Record(folder)
    for each in answers:
        record.add(_row(each))
    archive = folder / ARCHIVE
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:  # photos are compressed already
        for each in answers:
            packed.write(each.output, _row(each).output)
        packed.write(record.path, record.path.name)
    return archive


def _row(answer: ColorizedPhoto) -> ColorizedRow:
    variant = answer.variant
    output = (PurePosixPath(_folder_of(variant)) / answer.output.name).as_posix()
    return ColorizedRow(
        answer.photo, output, variant.method, variant.digest, variant.text, f"{answer.seconds:.3f}",
        "; ".join(answer.warnings),
    )  # fmt: skip
