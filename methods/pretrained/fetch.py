"""Fetching of published weights: resumed, from mirrors, checked, one process at a time."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from ... import UserError
from ...datasets.download import Resuming, in_words
from ...files import file_digest
from .checkpoint import Checkpoint, Source
from .hub import as_stated
from .store import place_for, verdict, write_record

Report = Callable[[int, int], None]
"""Called with bytes done and bytes in total."""


def fetch(checkpoint: Checkpoint, report: Report) -> Path:
    """Fetch weights into the folder of weights, unless they are there, check them, and write their record.

    Call it only after the user has accepted the licence. A file must have the digest that is known, or that
    the Hugging Face hub states; the entries of a file without a known one must be those of the network. A
    second process waits for the first and finds its file.

    Raises
    ------
    UserError
        If the folder cannot be written or is full, if no source answers, or if the file is not the
        published one.
    """
    target = place_for(checkpoint)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(f".{target.name}.lock")):
            found = checkpoint.find()
            if found is not None:
                _check_present(checkpoint, found)
                return found
            url = _fetch_from_any(checkpoint, target, report)
            write_record(target, checkpoint, url)
    except PermissionError as error:
        raise UserError(
            f"'{error.filename}' cannot be written: name another folder by --weights-dir"
        ) from error
    return target


def _fetch_from_any(checkpoint: Checkpoint, target: Path, report: Report) -> str:
    """Fetch from the first source that has the file, and return its address."""
    faults = []
    for source in checkpoint.sources:
        partial = _partial(target, source)
        try:
            stated = as_stated(source)
        except OSError as error:
            faults.append(f"{source.url} cannot be fetched ({in_words(error)})")
            continue
        _check_space(target.parent, stated, partial)
        try:
            _fetch_from(stated, target, partial, report)
            if not source.sha256:
                _check_entries(target, checkpoint)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise UserError(
                    f"the disk of '{target.parent}' is full: free some space and run the same command, which "
                    "resumes, or name another folder by --weights-dir"
                ) from error
            faults.append(f"{source.url} cannot be fetched ({in_words(error)})")
        except ValueError:  # the digest is wrong
            faults.append(f"the file from {source.url} does not have the published SHA-256, and was not kept")
        except UserError as error:
            target.unlink()
            faults.append(f"the file from {source.url} was not kept: {error}")
        else:
            for other in checkpoint.sources:
                _partial(target, other).unlink(missing_ok=True)
            return source.url
    raise UserError(
        f"{'; '.join(faults)}. Run the same command to resume, or fetch the file by hand from "
        f"{checkpoint.page} and run: bench weights add FILE --name {checkpoint.name}"
    )


def _fetch_from(source: Source, target: Path, partial: Path, report: Report) -> None:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    pooch.retrieve(
        source.url,
        f"sha256:{source.sha256}" if source.sha256 else None,
        fname=target.name,
        path=target.parent,
        downloader=Resuming(partial, report),
    )


def _check_present(checkpoint: Checkpoint, found: Path) -> None:
    """Refuse a file that is there under the published name, and is not the published one."""
    if verdict(checkpoint, file_digest(found)) == "differs":
        raise UserError(
            f"'{found}' is there and does not have the published SHA-256: remove it to fetch it again"
        )


def _check_space(folder: Path, source: Source, partial: Path) -> None:
    if source.size is None:
        return
    needed = source.size - (partial.stat().st_size if partial.exists() else 0)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"'{folder}' has {free / 1e6:,.0f} MB free, and {needed / 1e6:,.0f} MB are needed: free some "
            "space, or name another folder by --weights-dir"
        )


def _check_entries(target: Path, checkpoint: Checkpoint) -> None:
    from .recognise import check_entries  # imports torch

    check_entries(target, checkpoint)


def _partial(target: Path, source: Source) -> Path:
    """Return where the bytes from a source are kept: mirrors may pack the same weights differently."""
    number = hashlib.sha256(source.url.encode()).hexdigest()[:8]
    return target.with_name(f"{target.name}.{number}.partial")
