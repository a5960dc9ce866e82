"""Writes a colorized photo: the format, depth, resolution, profile and metadata of the original.

The pixels wait in a raw file next to the output, so that a photo of any size takes little memory.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from ...datasets.base import PhotoError
from .library import reason, vips
from .painting import output_profile
from .picture import Picture

if TYPE_CHECKING:
    import pyvips

_NOT_KEPT: Final = re.compile(
    "width|height|bands|format|coding|interpretation|[xy]offset|[xy]res|filename|vips-.*|bits-per-sample|palette.*"
    "|interlaced|jpeg-.*|n-pages|page-height|icc-profile-data"
)
"""Fields of libvips that describe the original's pixels or file, not the photo."""

_OF_THE_PIXELS: Final = frozenset(
    # Sizes, layout, compression, colours and place of the pixels. libvips writes the orientation and XMP; the
    # profile is that of the output.
    {254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 284, 700}
    | {
        297,
        301,
        330,
        512,
        513,
        514,
        34675,
        *range(288, 294),
        *range(317, 326),
        *range(332, 348),
        *range(519, 533),
    }
)
_FOLDERS: Final = (0x8769, 0x8825)
"""The tags that point to the EXIF and GPS tags of a TIFF."""

_STRIPS, _UNUSED = 273, 65535
_ORDER: Final[dict[bytes, Literal["little", "big"]]] = {b"II": "little", b"MM": "big"}
_COMPRESSIONS: Final = {1: "none", 5: "lzw"}
_BIG: Final = 2**32 - 2**28  # a classic TIFF holds 4 GiB
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_BLOCK: Final = 2**20
_QUALITY: Final = 100
"""Quality of JPEG, without chroma subsampling.

JPEG rounds Y, Cb and Cr, and then 64 frequencies of each. On real photos that leaves 95 % of the pixels
within a level of their lightness, and all within three; at quality 98 it is 88 % and four levels.
"""


def write(
    picture: Picture, rows: Iterable[NDArray[Any]], target: Path, raw: Path, *, kind: str, xmp: bytes
) -> None:
    """Write a colorized photo.

    Parameters
    ----------
    picture
        The original.
    rows
        The pixels from top to bottom, uint8 or uint16 (rows, W, 3).
    target
        File to write to.
    raw
        File for the pixels in the meantime; the caller removes it.
    kind
        Format, one of `KEPT`.
    xmp
        XMP of the output.

    Raises
    ------
    PhotoError
        If the photo cannot be decoded, or the format cannot hold it.
    OSError
        If the disk is full.
    """
    deep = picture.bits == 16 and kind in {"tiff", "png"}
    image = _collected(picture, rows, raw)
    alpha = None if kind == "jpeg" else picture.alpha()
    if alpha is not None:
        image = image.bandjoin(alpha)
    if picture.bits == 16 and not deep:
        image = (image >> 8).cast("uchar").copy(interpretation="srgb")
    try:
        save = getattr(_with_metadata(image, picture, xmp), f"{kind}save")
        with picture.stages.timed("encode"):
            save(os.fsencode(target), **_options(picture, kind))
    except vips().Error as error:
        _check_disk(error, target, image.width * image.height * image.bands * picture.bits // 8)
        raise PhotoError(f"cannot be written as {kind.upper()}: {reason(error)}") from error
    if kind == "tiff" and picture.kind == "tiff":
        _keep_tags(picture.source, target)


def _check_disk(error: Exception, target: Path, size: int) -> None:
    """Raise the `OSError` behind an error of libvips, if the disk is full.

    Its message quotes that of the system, but threads share its messages, and one may take another's. So
    where it could not write, ``size`` bytes are appended to the unfinished file, which fails too.
    """
    said = str(error)
    for number in _FULL:
        if os.strerror(number) in said:
            raise OSError(number, os.strerror(number), str(target)) from error
    if "write" in said:
        try:
            with target.open("ab") as stream:
                for _ in range(0, size, _BLOCK):
                    stream.write(bytes(_BLOCK))
        except OSError as full:
            raise OSError(full.errno, full.strerror, str(target)) from error


def _collected(picture: Picture, rows: Iterable[NDArray[Any]], raw: Path) -> pyvips.Image:
    """Return the pixels as an image: those of a small photo stay in memory, others wait in a file."""
    interpretation = "rgb16" if picture.bits == 16 else "srgb"
    if picture.small:
        pixels = np.empty((picture.height, picture.width, 3), np.uint16 if picture.bits == 16 else np.uint8)
        top = 0
        for strip in rows:
            pixels[top : top + len(strip)] = strip
            top += len(strip)
        return vips().Image.new_from_array(pixels, interpretation=interpretation)
    with raw.open("wb") as stream:
        for strip in rows:
            stream.write(np.ascontiguousarray(strip).data)
    return vips().Image.rawload(
        os.fsencode(raw),
        picture.width,
        picture.height,
        3,
        format=picture.header.format,
        interpretation=interpretation,
    )


def _with_metadata(image: pyvips.Image, picture: Picture, xmp: bytes) -> pyvips.Image:
    header = picture.header
    image = image.copy(xres=header.xres, yres=header.yres)
    for name in filter(_kept, header.get_fields()):
        image.set_type(header.get_typeof(name), name, header.get(name))
    blob = vips().GValue.blob_type
    image.set_type(blob, "xmp-data", xmp)
    profile = output_profile(picture)
    if profile is not None:
        image.set_type(blob, "icc-profile-data", profile)
    return image


def _kept(field: str) -> bool:
    return not _NOT_KEPT.fullmatch(field)


def _options(picture: Picture, kind: str) -> dict[str, Any]:
    match kind:
        case "jpeg":
            # Shorter codes need all coefficients in memory, 6 bytes a pixel.
            return {"Q": _QUALITY, "subsample_mode": "off", "optimize_coding": picture.small}
        case "png":
            return {"compression": 6}
        case "webp":
            return {"lossless": True}  # a lossy WebP halves the resolution of colour
        case _:
            size = picture.width * picture.height * picture.header.bands * picture.bits // 8
            compression = _COMPRESSIONS.get(_tiff_compression(picture), "deflate")
            predictor = {} if compression == "none" else {"predictor": "horizontal"}
            return {"compression": compression, "bigtiff": 3 * size > _BIG, **predictor}


def _tiff_compression(picture: Picture) -> int:
    if picture.kind != "tiff":
        return 0
    with _opened(picture.source) as stream:
        return int(_tags(stream).get(259, 1))


def _keep_tags(source: Path | bytes, target: Path) -> None:
    """Copy the tags that libvips does not know from one TIFF to another, with its EXIF and GPS tags.

    A new directory is appended to the file, and the header then points to it. BigTIFFs keep what libvips
    has written.
    """
    with _opened(source) as original, target.open("rb+") as written:
        old, new = _tags(original), _tags(written)
        if new._bigtiff or old._bigtiff:  # noqa: SLF001  # Pillow has no public name for it
            return
        for tag, value in old.items():
            if tag not in _OF_THE_PIXELS and tag not in _FOLDERS:
                new.tagtype[tag] = old.tagtype[tag]
                new[tag] = value
        for tag in _FOLDERS:
            if tag in old:
                original.seek(int(old[tag]))
                below = ImageFileDirectory_v2(prefix=old.prefix)
                below.load(original)
                new[tag] = dict(below)
        end = written.seek(0, 2)
        start = end + end % 2
        written.write(b"\0" * (end % 2) + _directory(new, start))
        written.seek(4)
        written.write(start.to_bytes(4, _ORDER[new.prefix]))


def _directory(tags: ImageFileDirectory_v2, start: int) -> bytes:
    """Return the bytes of a directory at a place in its file.

    Pillow adds to the offsets of strips, because it writes the pixels behind the directory. Ours come before
    it, so they are stored under another number meanwhile.
    """
    tags[_UNUSED] = tags[_STRIPS]
    tags.tagtype[_UNUSED] = tags.tagtype[_STRIPS]
    del tags[_STRIPS]
    content = tags.tobytes(start)
    order = _ORDER[tags.prefix]
    end = 2 + 12 * int.from_bytes(content[:2], order)
    entries = [content[i : i + 12] for i in range(2, end, 12)]
    entries[-1] = _STRIPS.to_bytes(2, order) + entries[-1][2:]
    entries.sort(key=lambda entry: int.from_bytes(entry[:2], order))
    return content[:2] + b"".join(entries) + content[end:]


def _opened(source: Path | bytes) -> Any:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _tags(stream: Any) -> ImageFileDirectory_v2:
    """Return the first directory of a TIFF; it is small, and the pixels are not read."""
    header = stream.read(8)
    if header[2:4] in {b"+\0", b"\0+"}:
        header += stream.read(8)
    tags = ImageFileDirectory_v2(header)
    stream.seek(tags.next)
    tags.load(stream)
    list(tags.values())  # Pillow writes only those that were looked at
    return tags
