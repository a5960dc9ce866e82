"""Limits on photo files: a hostile one must neither fill the memory, nor stall a run, nor run other programs.

- Only regular files are opened, and at most `MAX_BYTES` of them are read.
- The format must be one of `FORMATS`; those that Pillow passes to other programs (EPS, WMF) are never opened.
- The size in the header must not exceed `max_pixels`; it is checked before any pixel is decoded.
- A JPEG must not have more scans than `MAX_SCANS`, fewer for a large one: each costs as much as a photo.
- Reading a file piece by piece, as for millions of empty chunks or strips, must not take longer than
  `MAX_SECONDS`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageFile

from .. import UserError
from ..files import file_digest, open_regular
from .base import PhotoError

FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "JPEG2000", "AVIF")
"""The formats that are read, by Pillow's names."""

MAX_PIXELS: Final = 2**26
"""Largest number of pixels of a photo, 67 million: 192 MiB as sRGB; `PIXELS_VARIABLE` replaces it."""

PIXELS_VARIABLE: Final = "HUEBENCH_MAX_PIXELS"
"""Environment variable that sets the largest number of pixels."""

MAX_BYTES: Final = 2**30
"""Largest number of bytes of a photo's file."""

MAX_SCANS: Final = 100
"""Largest number of scans of a JPEG; progressive ones of cameras and programs have about ten."""

MAX_SCANNED: Final = 2**30
"""Largest number of pixels times scans of a JPEG: about ten seconds."""

MAX_SECONDS: Final = 20.0
"""Processor time in which a photo must be read; large photos take about two seconds."""

PILLOW_MAX_PIXELS: Final = 1024**3 // 4 // 3
"""Pillow's own limit, above which it warns."""

_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd8\xff]")  # no stuffed byte, restart or start


class TimedStream(BytesIO):
    """The bytes of a photo, which Pillow reads piece by piece until `MAX_SECONDS` have passed.

    Processor time of this thread counts, so that the answer does not depend on what else the machine does.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._end = time.thread_time() + MAX_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes; raises `PhotoError` after the time limit."""
        if time.thread_time() > self._end:
            raise PhotoError(f"it takes more than {MAX_SECONDS:g} s to decode: save it again")
        return super().read(size)


def read_photo(path: Path) -> bytes:
    """Return the bytes of a photo's file; raises OSError, or PhotoError if it is larger than `MAX_BYTES`."""
    with open_regular(path) as stream:
        large = os.fstat(stream.fileno()).st_size > MAX_BYTES
        content = b"" if large else stream.read(MAX_BYTES + 1)  # it may grow meanwhile
    if large or len(content) > MAX_BYTES:
        raise PhotoError(f"a file of more than {MAX_BYTES:,} bytes")
    return content


def photo_digest(path: Path) -> str:
    """Return the SHA-256 of a photo's file, ``""`` if it cannot be read or is too large."""
    try:
        return "" if path.stat().st_size > MAX_BYTES else file_digest(path)
    except OSError:
        return ""


def max_pixels() -> int:
    """Return the largest number of pixels of a photo.

    Raises
    ------
    UserError
        If the environment variable is not a number.
    """
    named = os.environ.get(PIXELS_VARIABLE, "")
    if named and not (named.isascii() and named.isdigit()):
        raise UserError(f"{PIXELS_VARIABLE} is not a number of pixels: '{named}'; write 200000000")
    return int(named) if named else MAX_PIXELS


def use_pillow_defaults() -> None:
    """Undo process-wide settings of plugins: loaded plugins must not change how photos are decoded."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = PILLOW_MAX_PIXELS


@contextmanager
def opened(content: bytes) -> Iterator[Image.Image]:
    """Open a photo, not yet decoded, that is within the limits.

    Raises
    ------
    PhotoError
        If it is not; the message is the reason. Pillow raises other errors for files that it cannot open.
    """
    if not content:
        raise PhotoError("the file is empty")
    use_pillow_defaults()
    limit = max_pixels()
    if limit > MAX_PIXELS:
        Image.MAX_IMAGE_PIXELS = limit  # Pillow's own is a little higher than ours
    with Image.open(TimedStream(content), formats=FORMATS) as image:
        if image.width * image.height > limit:
            raise PhotoError(too_large(f"{image.width} × {image.height}"))
        _refuse_many_scans(image, content)
        yield image


def too_large(what: str) -> str:
    """Return the reason why a photo of too many pixels is refused, with advice."""
    return (
        f"{what} is more than {max_pixels():,} pixels: a decompression bomb? If it is a photo, make it "
        f"smaller, or set {PIXELS_VARIABLE}"
    )


def _refuse_many_scans(image: Image.Image, jpeg: bytes) -> None:
    """Refuse a JPEG of many scans: a small file can hold thousands, and each takes as long as a photo."""
    if image.format not in {"JPEG", "MPO"}:
        return
    most = min(MAX_SCANS, MAX_SCANNED // (image.width * image.height))
    scans = _scans(jpeg)
    if scans > max(most, 1):
        raise PhotoError(f"a JPEG of {scans:,} scans, which would take long to decode: save it again")


def _scans(jpeg: bytes) -> int:
    """Return the number of scans of the first picture in a JPEG."""
    scans, position = 0, 2
    while found := _MARKER.search(jpeg, position):
        marker, position = found[0][1], found.end()
        if marker == 0xD9:
            break
        if marker != 0x01:  # all others are followed by their length
            position += int.from_bytes(jpeg[position : position + 2])
        scans += marker == 0xDA
    return scans
