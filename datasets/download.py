"""Downloads of datasets' archives, by pooch, resumed after an interruption.

pooch downloads into a file with a random name and deletes it on failure, so it cannot resume by itself.
`Resuming` is a downloader for pooch that keeps the bytes received in ``FILE.partial`` beside the target and
asks the server for the rest. A server that cannot send the rest sends the whole file, which replaces the
part. If the parts come from two versions of the file, the checksum fails and the next attempt starts again.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .. import UserError
from .base import Archive

if TYPE_CHECKING:
    from requests import Response

ATTEMPTS: Final = 5
"""Number of attempts at a download before it fails."""

_CHUNK: Final = 2**20
_RANGE_NOT_SATISFIABLE: Final = 416
_TIMEOUT: Final = 60  # seconds without a byte


class Progress:
    """A progress bar for pooch's downloader that reports the bytes done and the total."""

    def __init__(self, report: Callable[[int, int], None], done: int) -> None:
        self.report = report
        self.done = done
        self.start = done
        self.total = 0

    def update(self, count: int) -> None:
        """Count more bytes."""
        self.done = min(self.done + count, self.start + self.total)
        self.report(self.done, self.start + self.total)

    def reset(self) -> None:
        """Start counting again, which pooch asks for before it reports the total."""
        self.done = self.start

    def close(self) -> None:
        """Do nothing: there is no bar to close."""


class Resuming:
    """A pooch downloader that resumes.

    Parameters
    ----------
    partial
        File for the bytes received so far.
    report
        Called with bytes done and bytes in total.
    pause
        Seconds to wait before the second attempt; doubled before each further one.
    """

    def __init__(self, partial: Path, report: Callable[[int, int], None], pause: float = 1.0) -> None:
        self.partial = partial
        self.report = report
        self.pause = pause

    def __call__(self, url: str, output_file: str | Path, pooch: Any) -> None:
        """Download ``url`` to ``output_file``; raises `OSError` if that fails for good."""
        for attempt in range(ATTEMPTS):
            try:
                self._attempt(url, pooch)
            except OSError as error:  # requests' exceptions are OSErrors
                self._discard_if_unsatisfiable(error)
                if attempt == ATTEMPTS - 1 or _is_refusal(error) or error.errno == errno.ENOSPC:
                    raise
                time.sleep(self.pause * 2**attempt)
            else:
                self.partial.replace(output_file)
                return

    def _attempt(self, url: str, pooch: Any) -> None:
        from pooch import HTTPDownloader

        with self.partial.open("ab") as stream:
            done = stream.tell()
            progress = Progress(self.report, done)

            def restart_if_whole(response: Response, **_: Any) -> None:
                if done and response.status_code == 200:
                    stream.truncate(0)
                    progress.start = progress.done = 0

            downloader = HTTPDownloader(
                progressbar=progress,
                chunk_size=_CHUNK,
                timeout=_TIMEOUT,
                # A range of a compressed transfer would not be a range of the file.
                headers={"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {}),
                hooks={"response": restart_if_whole},
            )
            downloader(url, stream, pooch)

    def _discard_if_unsatisfiable(self, error: OSError) -> None:
        """Remove a part that is as long as the whole or longer: no rest is left to ask for."""
        if _status(error) == _RANGE_NOT_SATISFIABLE:
            self.partial.unlink()


def download(archive: Archive, folder: Path, report: Callable[[int, int], None]) -> Path:
    """Download an archive into a folder, unless it is there already, and check it.

    Parameters
    ----------
    archive
        The archive to download.
    folder
        The folder to put it in; made if it is missing.
    report
        Called with bytes done and bytes in total.

    Returns
    -------
    Path
        The archive. If it was there already, it was checked and not downloaded again.

    Raises
    ------
    UserError
        If the folder cannot be made, the download fails, or the checksum is wrong.
    """
    import pooch

    target = folder / archive.file
    by_hand = f"download {archive.url} by hand and put it at '{target}'"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"folder '{folder}' cannot be made ({error.strerror}): name a folder for {archive.file}"
        ) from error
    if target.exists():
        if pooch.hashes.hash_matches(str(target), archive.checksum):
            return target
        raise UserError(f"'{target}' does not match {archive.checksum}: remove it to download it again")
    try:
        pooch.retrieve(
            archive.url,
            archive.checksum,
            fname=archive.file,
            path=folder,
            downloader=Resuming(target.with_name(f"{target.name}.partial"), report),
        )
    except OSError as error:
        raise UserError(
            f"{archive.url} cannot be downloaded ({in_words(error)}): "
            f"run the same command to resume, or {by_hand}"
        ) from error
    except ValueError as error:  # the checksum is wrong
        raise UserError(
            f"the file from {archive.url} does not match {archive.checksum}: it is damaged or another "
            f"version and was not kept; try again, or {by_hand}"
        ) from error
    return target


def in_words(error: OSError) -> str:
    """Return why a download failed; requests names its own classes where there is no connection."""
    from requests import ConnectionError as Unreachable

    address = getattr(getattr(error, "request", None), "url", None)
    if isinstance(error, Unreachable) and address:
        return f"no connection to {urlsplit(address).hostname}"
    return str(error)


def _status(error: OSError) -> int | None:
    """Return the HTTP status of an error of requests, or ``None`` if it has none."""
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _is_refusal(error: OSError) -> bool:
    """Return whether the server refuses, so that asking again is pointless."""
    status = _status(error)
    return status is not None and 400 <= status < 500 and status != _RANGE_NOT_SATISFIABLE
