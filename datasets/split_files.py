"""Splits as CSV files, to publish and to check photos against later."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Final

from .. import UserError
from ..files import write_text
from .base import SPLITS, Entry, Split
from .split_folders import split_named

COLUMNS: Final = ("id", "split", "category", "licence", "sha256")
"""Columns of a split file."""

CLIP_COLUMNS: Final = ("clip", "frame")
"""Further columns in the split files of clips."""

SUMS: Final = "SHA256SUMS"
"""File of the digests of the split files, in the format of ``sha256sum --check``."""


def write_splits(entries: Sequence[Entry], folder: Path) -> list[Path]:
    """Write ``train.csv``, ``validation.csv``, ``test.csv`` and ``SHA256SUMS``.

    Returns
    -------
    list of Path
        The files written.
    """
    texts = {f"{split}.csv": _csv([entry for entry in entries if entry.split == split]) for split in SPLITS}
    texts[SUMS] = "".join(f"{_digest(text)}  {name}\n" for name, text in texts.items())
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def read_splits(folder: Path) -> list[Entry]:
    """Read the files of `write_splits`.

    Raises
    ------
    UserError
        If a file is missing, does not match ``SHA256SUMS``, or has other columns.
    """
    sums = {
        name: digest
        for digest, _, name in (line.partition("  ") for line in _text(folder / SUMS).splitlines())
    }
    entries = []
    for split in SPLITS:
        path = folder / f"{split}.csv"
        text = _text(path)
        if sums.get(path.name) != _digest(text):
            raise UserError(f"'{path}' does not match '{folder / SUMS}': it was changed after it was written")
        header, *rows = [*csv.reader(io.StringIO(text, newline=""))] or [[]]
        known = tuple(header) in (COLUMNS, COLUMNS + CLIP_COLUMNS)
        if not known or any(len(row) != len(header) for row in rows):
            raise UserError(f"'{path}' must have the columns {','.join(COLUMNS)}")
        for key, _, category, licence, sha256, *place in (map(_unescaped, row) for row in rows):
            clip, frame = place or ("", "0")
            entries.append(Entry(key, split, category, licence, sha256, clip, _whole(frame, path)))
    return entries


def _whole(frame: str, path: Path) -> int:
    if not (frame.isascii() and frame.isdigit()):
        raise UserError(f"'{path}': a frame must be a whole number, not '{frame}'")
    return int(frame)


def read_assignment(content: bytes, name: str, ids: Sequence[str]) -> dict[str, tuple[Split, str]]:
    """Return the split and the category of every photo, as a CSV with a header states them.

    Parameters
    ----------
    content
        The CSV: columns ``id``, ``split`` and perhaps ``category``, in any order; others are ignored.
    name
        Its name in errors.
    ids
        The ids of the existing photos.

    Raises
    ------
    UserError
        If it cannot be read, has an invalid split, or does not list exactly the photos.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{name} is not a CSV file in UTF-8: {error}") from error
    if not rows or not {"id", "split"} <= set(rows[0]):
        raise UserError(f"{name} must have a header with id and split, and a row per photo")
    found: dict[str, tuple[Split, str]] = {}
    for row in rows:
        key, split = row["id"] or "", split_named(row["split"] or "")
        if split is None:
            raise UserError(f"{name}: photo '{key}' has split '{row['split']}', not {', '.join(SPLITS)}")
        if key in found:
            raise UserError(f"{name} lists photo '{key}' twice")
        found[key] = (split, row.get("category") or "")
    if wrong := sorted(set(ids) ^ set(found)):
        lacks = "does not list" if wrong[0] in set(ids) else "lists"
        but = "which is there" if wrong[0] in set(ids) else "which is not there"
        raise UserError(f"{name} {lacks} photo '{wrong[0]}', {but} ({len(wrong):,} differences)")
    return found


def differences(recorded: Sequence[Entry], found: Sequence[Entry]) -> list[str]:
    """Return the differences between recorded splits and the photos found, one line per difference.

    Examples
    --------
    >>> old, new = Entry("a.jpg", "train", "", "", "00"), Entry("a.jpg", "test", "", "", "00")
    >>> differences([old], [new])
    ["a.jpg: split was 'train', is 'test'"]
    """
    before = {entry.id: entry for entry in recorded}
    after = {entry.id: entry for entry in found}
    lines = [f"{key}: missing" for key in before if key not in after]
    lines += [f"{key}: new" for key in after if key not in before]
    for key in before.keys() & after.keys():
        for name in ("split", "category", "sha256"):
            old, new = getattr(before[key], name), getattr(after[key], name)
            if old != new:
                what = "content" if name == "sha256" else name
                lines.append(f"{key}: {what} was '{old}', is '{new}'")
    return sorted(lines)


_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""The start of a cell that a spreadsheet would run, or of one that `_escaped` made."""


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    r"""Return rows as CSV, each ended by ``\n``, with cells quoted where needed.

    Examples
    --------
    >>> csv_text([["a", "b,c"], ["one\rline", ""]])
    'a,"b,c"\n"one\rline",\n'
    """
    # Before Python 3.13 the writer quotes a lone \r only if its own line ends contain one.
    lines: list[str] = []
    csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n").writerows(rows)
    return "".join(line.removesuffix("\r\n") + "\n" for line in lines)


def _escaped(cell: str) -> str:
    """Return a cell, with an apostrophe in front if a spreadsheet would run it as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unescaped(cell: str) -> str:
    """Undo `_escaped`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _csv(entries: Sequence[Entry]) -> str:
    columns = COLUMNS + CLIP_COLUMNS if any(entry.clip for entry in entries) else COLUMNS
    ordered = sorted(entries, key=lambda entry: entry.id)
    return csv_text([columns, *([_escaped(str(getattr(e, name))) for name in columns] for e in ordered)])


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"'{path}' cannot be read ({error}): name a folder that 'bench datasets prepare --out' wrote"
        ) from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
