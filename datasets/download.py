"""Downloading a dataset's archive: pooch checks and places it; what is interrupted is taken up again.

pooch downloads into a file of a random name and deletes it when something goes wrong, so it cannot resume by
itself. `Resuming` is a downloader for it that keeps what has arrived in ``FILE.partial`` beside the target
and asks the server for the rest. A server that cannot send a rest sends the whole again, which replaces the
part. If the parts come from two versions of the file, the checksum tells, and the next attempt starts anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .. import UserError
from .base import Archive

if TYPE_CHECKING:
    from requests import Response

ATTEMPTS: Final = 5
"""How often a download that stops is taken up again before it is given up."""

_CHUNK: Final = 2**20
_RANGE_NOT_SATISFIABLE: Final = 416
_TIMEOUT: Final = 60  # seconds without a byte


class Progress:
    """What pooch's downloader takes for a progress bar: passes on the bytes done and the bytes in all."""

    def __init__(self, report: Callable[[int, int], None], done: int) -> None:
        self.report = report
        self.done = done
        self.start = done
        self.total = 0

    def update(self, count: int) -> None:
        """Count some bytes more."""
        self.done = min(self.done + count, self.start + self.total)
        self.report(self.done, self.start + self.total)

    def reset(self) -> None:
        """Start to count anew, as pooch does before it reports the whole."""
        self.done = self.start

    def close(self) -> None:
        """Do nothing: there is no bar of ours to close."""


class Resuming:
    """A pooch downloader that resumes.

    Parameters
    ----------
    partial
        Where what has arrived is kept.
    report
        Called with bytes done and bytes in all.
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
                if attempt == ATTEMPTS - 1 or _is_refusal(error):
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
                # Compressed on the way, a rest would be the rest of something else.
                headers={"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {}),
                hooks={"response": restart_if_whole},
            )
            downloader(url, stream, pooch)

    def _discard_if_unsatisfiable(self, error: OSError) -> None:
        """Drop a part that is as long as the whole or longer: there is no rest to ask for."""
        if _status(error) == _RANGE_NOT_SATISFIABLE:
            self.partial.unlink()


def download(archive: Archive, folder: Path, report: Callable[[int, int], None]) -> Path:
    """Download an archive into a folder, unless it is there already, and check it.

    Parameters
    ----------
    archive
        What to download.
    folder
        Where to; made if need be.
    report
        Called with bytes done and bytes in all.

    Returns
    -------
    Path
        The archive. If it was there before, it was checked and not downloaded again.

    Raises
    ------
    UserError
        If the folder cannot be made, the server does not send it, or what it sends has another checksum.
    """
    import pooch

    target = folder / archive.file
    by_hand = f"download {archive.url} by hand and put it at '{target}'"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"'{folder}' is no folder and cannot be made one ({error.strerror}): name a folder to put "
            f"{archive.file} into"
        ) from error
    if target.exists():
        if pooch.hashes.hash_matches(str(target), archive.checksum):
            return target
        raise UserError(f"'{target}' is not {archive.checksum}: remove it, so that it is downloaded anew")
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
            f"{archive.url} cannot be downloaded ({error}): the same command resumes it, or {by_hand}"
        ) from error
    except ValueError as error:  # pooch's word for a wrong checksum
        raise UserError(
            f"what {archive.url} sent is not {archive.checksum}, so it is damaged or another version and was "
            f"not kept: try again, or {by_hand}"
        ) from error
    return target


def _status(error: OSError) -> int | None:
    """Return the HTTP status behind an error of requests, if there is one."""
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _is_refusal(error: OSError) -> bool:
    """Say whether the server refuses, so that asking again is in vain."""
    status = _status(error)
    return status is not None and 400 <= status < 500 and status != _RANGE_NOT_SATISFIABLE
