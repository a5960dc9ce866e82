"""A job: many photos, several ways to colorize each, and a folder that is complete or can be completed."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Final, Literal

from filelock import FileLock, Timeout

from ... import UserError
from ...datasets.base import PhotoError
from ...datasets.digests import cache_folder
from ...files import OF_DISKS, PARTIAL, atomic, is_fault_of
from ...methods.memory import OutOfMemoryError
from . import marks
from .engine import colorize
from .film import colorize_film, is_film
from .film_reading import Span
from .film_writing import KEPT as KEPT_FILMS
from .film_writing import OTHERS
from .library import reason, vips
from .picture import KEPT, Picture
from .record import ColorizedRow, Record
from .sources import PhotoSource
from .variants import Variant
from .writing import write

Format = Literal["keep", "jpeg", "png", "tiff", "webp"]

_SUFFIXES: Final = {".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".jfif": "jpeg", ".png": "png"} | {
    ".tif": "tiff", ".tiff": "tiff", ".webp": "webp",
}  # fmt: skip

_LARGE: Final = Lock()  # large photos take their turn, so that two do not need twice the memory


@dataclass(frozen=True)
class PhotoOutcome:
    """The result for one photo.

    Attributes
    ----------
    source
        The photo.
    status
        ``done``, ``kept`` (the output was there), or ``failed``.
    notes
        Warnings, or the reason of the failure.
    seconds
        Time that it took.
    stages
        Seconds of it in each stage; see `stages.STAGES`.
    """

    source: PhotoSource
    status: Literal["done", "kept", "failed"]
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Job:
    """Photos to colorize into a folder.

    Attributes
    ----------
    sources
        The photos.
    variants
        The ways to colorize each.
    out
        The output folder.
    format
        Format of the outputs; ``keep`` is that of each photo, or PNG where that cannot be written.
    overwrite
        Whether outputs that are there are replaced.
    jobs
        Photos to work on at a time; films are worked on one by one after them.
    span
        The part of films that is colorized.
    """

    sources: Sequence[PhotoSource]
    variants: Sequence[Variant]
    out: Path
    format: Format = "keep"
    overwrite: bool = False
    jobs: int = 1
    span: Span = field(default_factory=Span)

    def __post_init__(self) -> None:
        self.names = _output_names(self.sources, self.format)
        self._originals = {os.path.realpath(source.path) for source in self.sources}

    def target(self, source: PhotoSource, variant: Variant) -> Path:
        """Return the path of an output."""
        return self.out / variant.folder / self.names[source]

    def run(
        self,
        report: Callable[[PhotoOutcome], None],
        reached: Callable[[PhotoSource, float], None] = lambda _source, _seconds: None,
    ) -> None:
        """Colorize all photos and films that are not done.

        Parameters
        ----------
        report
            Gets each outcome: first of the photos in order, then of the films.
        reached
            Gets a film that is at work, and how many of its seconds are colorized. A `PhotoError` that it
            raises ends the work on the film.

        Raises
        ------
        UserError
            If another process is at work on the same folder, or the fault is not the photo's but that of the
            command or the environment, such as a full disk, which would fail every photo. Finished photos are
            kept.
        """
        with written(self.out), _locked(self.out):
            record = Record(self.out)
            waiting: deque[Future[PhotoOutcome]] = deque()
            with ThreadPoolExecutor(self.jobs) as pool:
                try:
                    for source in self.sources:
                        if is_film(source.path):
                            continue
                        waiting.append(pool.submit(self._colorize, source, record))
                        if len(waiting) > 2 * self.jobs:
                            report(waiting.popleft().result())
                    while waiting:
                        report(waiting.popleft().result())
                finally:
                    for future in waiting:
                        future.cancel()
            for source in filter(lambda each: is_film(each.path), self.sources):
                report(self._colorize(source, record, partial(reached, source)))
            record.tidy()

    def _colorize(
        self, source: PhotoSource, record: Record, reached: Callable[[float], None] = lambda _seconds: None
    ) -> PhotoOutcome:
        """Colorize one photo in all ways; whatever is wrong with it is its outcome.

        A `UserError`, or a fault of the output folder, is not about the photo: it ends the job instead of
        being repeated for every photo.
        """
        start = time.perf_counter()
        try:
            missing, notes = self._missing(source, record)
            if not missing:
                return PhotoOutcome(source, "kept", notes)
            if is_film(source.path):
                for variant in missing:
                    notes += self._write_film(source, variant, record, reached)
                return PhotoOutcome(source, "done", notes, time.perf_counter() - start)
            picture = Picture.open(source.content())
            with nullcontext() if picture.small else _LARGE:
                for variant in missing:
                    notes += self._write(source, picture, variant, record)
        except Exception as error:
            if isinstance(error, UserError) and not isinstance(error, OutOfMemoryError):
                raise
            if isinstance(error, OSError) and error.errno in OF_DISKS and is_fault_of(self.out, error):
                raise
            return PhotoOutcome(source, "failed", [_fault(error)])
        seconds = time.perf_counter() - start
        return PhotoOutcome(source, "done", list(dict.fromkeys(notes)), seconds, picture.stages.seconds)

    def _missing(self, source: PhotoSource, record: Record) -> tuple[list[Variant], list[str]]:
        """Return the variants whose output is to be written, and notes on outputs that are kept."""
        missing, notes = [], []
        for variant in self.variants:
            target = self.target(source, variant)
            self._check(target)
            if self.overwrite or not os.path.lexists(target):
                missing.append(variant)
                continue
            known = record.rows.get(self._name(target))
            if known is None or known.made_by != self._row(source, known.output, variant).made_by:
                notes.append(f"'{target}' was made in another way and is kept; --overwrite replaces it")
        return missing, notes

    def _check(self, target: Path) -> None:
        """Raise `PhotoError` if a target is an original, or leads out of the output folder."""
        if os.path.realpath(target) in self._originals:
            raise PhotoError(f"its output '{target}' is an original: choose another --out")
        if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(self.out)):
            raise PhotoError(f"its output '{target}' would lie outside of '{self.out}'")

    def _write(self, source: PhotoSource, picture: Picture, variant: Variant, record: Record) -> list[str]:
        start = time.perf_counter()
        target = self.target(source, variant)
        made = colorize(picture, variant.colorist, variant.settings)
        xmp = marks.marked(
            picture.fact("xmp-data"),
            method=variant.method,
            digest=variant.digest,
            trained=variant.colorist.trained,
        )
        known = PurePosixPath(source.name).suffix.lower() in _SUFFIXES
        kept = self.format == "keep" and known and picture.kind
        kind = picture.kind if kept else _SUFFIXES[target.suffix.lower()]
        target.parent.mkdir(parents=True, exist_ok=True)
        raw = target.with_name(f"{PARTIAL}{secrets.token_hex(4)}-pixels")
        try:
            with atomic(target) as unfinished:
                write(picture, made.rows(), unfinished, raw, kind=kind, xmp=xmp)
                seconds = f"{time.perf_counter() - start:.3f}"
                warnings = "; ".join(made.warnings)
                record.add(self._row(source, self._name(target), variant, seconds, warnings))
        finally:
            raw.unlink(missing_ok=True)
        return made.warnings

    def _write_film(
        self, source: PhotoSource, variant: Variant, record: Record, reached: Callable[[float], None]
    ) -> list[str]:
        start = time.perf_counter()
        target = self.target(source, variant)
        comment = f"colorized by huebench {variant.method} {variant.digest}"
        notes = colorize_film(
            source.path, target, variant.colorist, variant.settings, self.span, comment, reached
        )
        seconds = f"{time.perf_counter() - start:.3f}"
        record.add(self._row(source, self._name(target), variant, seconds, "; ".join(notes)))
        return notes

    def _row(
        self, source: PhotoSource, output: str, variant: Variant, seconds: str = "", warnings: str = ""
    ) -> ColorizedRow:
        span = self.span.text if is_film(source.path) else ""
        text = " ".join(filter(None, (variant.text, span)))
        return ColorizedRow(str(source), output, variant.method, variant.digest, text, seconds, warnings)

    def _name(self, target: Path) -> str:
        return target.relative_to(self.out).as_posix()


def _fault(error: Exception) -> str:
    """Return why a photo failed, in one line; a plugin's method may raise anything."""
    if isinstance(error, PhotoError | OutOfMemoryError):
        return str(error)
    if isinstance(error, OSError):
        place = f" ('{error.filename}')" if error.filename else ""
        return f"{error.strerror or error}{place}"
    if isinstance(error, MemoryError):
        return "not enough memory: free some, or give fewer --jobs"
    if isinstance(error, vips().Error):
        return reason(error)
    return " ".join(f"{type(error).__name__}: {error}".split())


@contextmanager
def written(out: Path) -> Iterator[None]:
    """Say in one line why nothing more can be written to the output folder.

    Raises
    ------
    UserError
        In place of an `OSError` about a file in the folder, or about a disk that is full.
    """
    try:
        yield
    except OSError as error:
        if not is_fault_of(out, error):
            raise
        raise UserError(
            f"--out '{out}' cannot be written: {error}; free some space, make it writable, or choose another "
            "--out; finished photos are kept, and the same command does the others"
        ) from error


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Hold the output folder, and remove what a killed process has left half-written in it."""
    out.mkdir(parents=True, exist_ok=True)
    locks = cache_folder() / "colorize"
    locks.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(
            locks / f"{hashlib.sha256(os.fsencode(out.resolve())).hexdigest()[:16]}.lock", timeout=0
        ):
            for left in out.rglob(f"{PARTIAL}*"):
                left.unlink(missing_ok=True)
            yield
    except Timeout as error:
        raise UserError(
            f"another bench colorize is writing to '{out}': wait, or choose another --out"
        ) from error


def _output_names(sources: Sequence[PhotoSource], kept: Format) -> dict[PhotoSource, str]:
    """Return each output's name; two photos whose names differ in the suffix alone both keep theirs.

    Raises
    ------
    UserError
        If two photos would still have the same output.
    """
    changed = {source: _renamed(source.name, kept) for source in sources}
    counts: dict[str, int] = {}
    for name in changed.values():
        counts[name] = counts.get(name, 0) + 1
    names = {
        source: name if counts[name] == 1 or name == source.name else source.name + PurePosixPath(name).suffix
        for source, name in changed.items()
    }
    taken: dict[str, PhotoSource] = {}
    for source, name in names.items():
        other = taken.setdefault(name, source)
        if other is not source:
            raise UserError(f"'{other}' and '{source}' would both become '{name}': colorize them one by one")
    return names


def _renamed(name: str, kept: Format) -> str:
    """Return a photo's name with the suffix of its output's format."""
    suffix = PurePosixPath(name).suffix.lower()
    if is_film(Path(name)):
        return name if suffix in KEPT_FILMS else str(PurePosixPath(name).with_suffix(OTHERS))
    kind = _SUFFIXES.get(suffix)
    if kept == "keep":
        return name if kind else str(PurePosixPath(name).with_suffix(KEPT["png"]))
    return name if kind == kept else str(PurePosixPath(name).with_suffix(KEPT[kept]))
