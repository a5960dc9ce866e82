"""``colorized.csv``: a row for every photo that was colorized, and by what."""

from __future__ import annotations

import csv
import errno
import io
import os
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from threading import Lock
from typing import Final

from ... import UserError
from ...files import atomic

FILE: Final = "colorized.csv"


@dataclass(frozen=True)
class ColorizedRow:
    """A colorized photo.

    Attributes
    ----------
    file
        The original, as it was found.
    output
        The colorized photo, below the output folder.
    method, model_digest
        The method's label, and the digest of its model.
    settings
        Size, strength and other settings that differ from the defaults.
    seconds
        Time that the photo took, from reading to writing.
    warnings
        What was found, separated by semicolons.
    """

    file: str
    output: str
    method: str
    model_digest: str
    settings: str
    seconds: str
    warnings: str

    @property
    def made_by(self) -> tuple[str, ...]:
        """The original, method, model and settings: what decides the colours."""
        return self.file, self.method, self.model_digest, self.settings


class Record:
    """The rows of an output folder; a killed process loses none that it has finished.

    Parameters
    ----------
    folder
        The output folder.

    Raises
    ------
    UserError
        If the folder holds another file of that name.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._lock = Lock()
        text = self._text()
        start = _line(_HEADINGS).rstrip()
        if not (text.startswith(start) or start.startswith(text)):
            raise UserError(
                f"not a record of bench colorize: '{self.path}'; move it, or choose another --out"
            )
        lines = [row for row in csv.reader(io.StringIO(text, newline="")) if len(row) == len(_HEADINGS)]
        self.rows = {row[1]: ColorizedRow(*row) for row in lines if tuple(row) != _HEADINGS}
        self._fresh = not text
        if text and not text.endswith("\n"):
            self._write(list(self.rows.values()))  # a killed process has left half a row

    def add(self, row: ColorizedRow) -> None:
        """Append a row with one write, so that no other process sees half of it.

        Raises `OSError`, and leaves the file as it was, if the disk is full.
        """
        with self._lock:
            text = ("" if not self._fresh else _line(_HEADINGS)) + _line(astuple(row))
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                content, before = text.encode("utf-8", "surrogateescape"), os.fstat(descriptor).st_size
                if os.write(descriptor, content) < len(content):  # as much as the disk could take
                    os.ftruncate(descriptor, before)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            finally:
                os.close(descriptor)
            self._fresh = False
            self.rows[row.output] = row

    def tidy(self) -> None:
        """Rewrite the file: one row per output that exists, in the order of outputs."""
        kept = [row for name, row in sorted(self.rows.items()) if (self.path.parent / name).is_file()]
        self.rows = {row.output: row for row in kept}
        if kept or not self._fresh:
            self._write(kept)

    def _text(self) -> str:
        try:
            return self.path.read_bytes().decode("utf-8", "surrogateescape")  # names may hold any line end
        except FileNotFoundError:
            return ""

    def _write(self, rows: list[ColorizedRow]) -> None:
        text = "".join(map(_line, [_HEADINGS, *map(astuple, rows)]))
        with atomic(self.path) as partial:
            partial.write_bytes(text.encode("utf-8", "surrogateescape"))
        self._fresh = False


_HEADINGS: Final = tuple(field.name for field in fields(ColorizedRow))


def _line(values: tuple[str, ...]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(values)
    return stream.getvalue()
