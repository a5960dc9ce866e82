"""A photo's file, opened with libvips: its lightness at full resolution, in strips, and all its metadata.

JPEG, PNG, TIFF and WebP are decoded by libvips, with 8 or 16 bits. Other formats that huebench reads are
decoded by `huebench.datasets.decode`, to 8 bits. L* is that of the embedded ICC profile, or else of sRGB. The
pixels stay as they are stored: the EXIF orientation is applied only to what a method sees.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...datasets.base import RGB, PhotoError
from ...datasets.decode import decode
from ...datasets.guards import PIXELS_VARIABLE, max_pixels
from ...files import open_regular
from .library import reason, vips
from .profiles import CurveProfile, curve_profile, srgb, srgb_grey
from .stages import Stages

if TYPE_CHECKING:
    import pyvips

KEPT: Final = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp"}
"""The formats that are written, with the suffix of a photo that was of another format."""

LARGEST: Final = 2**28
"""Largest number of pixels of a photo, 268 million; the environment may raise it further."""

IN_MEMORY: Final = 2**25
"""Most pixels of a photo that is decoded only once; a larger one is decoded again for each pass."""

STRIP: Final = 2**18
"""Pixels of a strip, about: what is computed from them stays in the second-level cache."""

_MAGIC: Final = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
}
_BITS: Final = {"uchar": 8, "ushort": 16}
_DTYPES: Final = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32}
_PLAIN: Final = {"b-w", "grey16", "srgb", "rgb", "rgb16"}
_HEADER: Final = 32


@dataclass(frozen=True)
class Picture:
    """An open photo.

    Attributes
    ----------
    source
        Its file, or the bytes of the file.
    kind
        Its format, one of `KEPT`, or ``""`` for others.
    header
        libvips' image, for its size and metadata; nothing is decoded yet.
    stages
        Where its time goes.
    """

    source: Path | bytes
    kind: str
    header: pyvips.Image
    stages: Stages = field(default_factory=Stages, repr=False)
    _decoded: list[Any] = field(default_factory=list, repr=False)

    @classmethod
    def open(cls, source: Path | bytes) -> Picture:
        """Open a photo.

        Parameters
        ----------
        source
            Its file, or the bytes of the file.

        Raises
        ------
        PhotoError
            If it cannot be read, is too large, or its white is unknown.
        """
        kind = _kind(source)
        try:
            header = _load(source, kind)
        except vips().Error as error:
            raise PhotoError(reason(error)) from error
        limit = max(LARGEST, max_pixels())
        if header.width * header.height > limit:
            raise PhotoError(
                f"{header.width} × {header.height} is more than {limit:,} pixels: a decompression bomb? "
                f"If it is a photo, set {PIXELS_VARIABLE}"
            )
        if header.format not in _BITS or header.interpretation in {
            "multiband",
            "histogram",
            "matrix",
            "fourier",
        }:
            raise PhotoError(
                f"pixels of the type {header.format}, whose white is unknown: save it with 8 or 16 bits"
            )
        return cls(source, kind, header)

    @classmethod
    def of_pixels(cls, rgb: RGB) -> Picture:
        """Return a picture of sRGB in memory, uint8 (H, W, 3)."""
        image = vips().Image.new_from_array(rgb, interpretation="srgb")
        return cls(b"", "", image, _decoded=[(rgb, image)])

    @property
    def width(self) -> int:
        """Pixels of a row, as stored."""
        return int(self.header.width)

    @property
    def height(self) -> int:
        """Number of rows, as stored."""
        return int(self.header.height)

    @property
    def bits(self) -> int:
        """Bits per channel, 8 or 16."""
        return _BITS[self.header.format]

    @property
    def two_levels(self) -> bool:
        """Whether the file stores one bit per pixel."""
        return bool(self.fact("bits-per-sample") == 1)

    @property
    def pages(self) -> int:
        """Number of pages or frames; libvips counts those of TIFF and WebP, Pillow those of other formats."""
        if pages := self.fact("n-pages"):
            return int(pages)
        if self.kind == "jpeg" or not self.source:
            return 1
        try:
            content = BytesIO(self.source) if isinstance(self.source, bytes) else self.source
            with Image.open(content) as file:
                return int(getattr(file, "n_frames", 1))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return 1  # libvips has read the header, and says what is wrong with the pixels

    @property
    def small(self) -> bool:
        """Whether its pixels may lie in memory whole; see `IN_MEMORY`."""
        return self.width * self.height <= IN_MEMORY

    @property
    def orientation(self) -> int:
        """The EXIF orientation, 1…8."""
        value = self.fact("orientation")
        return value if isinstance(value, int) and 1 <= value <= 8 else 1

    @cached_property
    def profile(self) -> bytes | None:
        """The embedded ICC profile if it can be used for the pixels, else ``None``."""
        profile = self.fact("icc-profile-data")
        if not isinstance(profile, bytes):
            return None
        from PIL import ImageCms

        channels = {"GRAY": 1, "RGB ": 3, "CMYK": 4}
        try:
            space = ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space
        except (OSError, ValueError):
            return None
        return profile if channels.get(space) == self._channels else None

    @cached_property
    def space(self) -> CurveProfile | None:
        """Curves and matrix of its levels: its profile's, or those of sRGB; ``None`` if it has neither."""
        if self.profile is not None:
            return curve_profile(self.profile)
        if self.header.interpretation not in _PLAIN:
            return None
        return {1: srgb_grey(), 3: srgb()}.get(self._channels)

    def fact(self, name: str) -> Any:
        """Return a field of libvips' metadata, or ``None``."""
        return self.header.get(name) if self.header.get_typeof(name) else None

    def small_lab(self, width: int, height: int) -> NDArray[np.float32]:
        """Return the photo in CIE L*a*b*, reduced to a size, float32 (height, width, 3).

        Levels are averaged as they are stored, as a protocol does.
        """
        small = self._colours().resize(width / self.width, vscale=height / self.height, kernel="linear")
        return fetch(self.to_lab(small), 0, 0, min(width, small.width), min(height, small.height))

    def lightness(self) -> pyvips.Image:
        """Return L*, float."""
        return self.to_lab(self._colours())[0]

    def lightness_rows(
        self, *, blurred: bool
    ) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
        """Yield from the top: a row's number, L* of some rows, float32 (rows, W), and the same or blurred."""
        if self.space is not None and not blurred:
            for top, pixels in self._pixel_strips():
                with self.stages.timed("upsample"):
                    lightness = self.space.lightness(pixels)
                yield top, lightness, lightness
            return
        image = self.lightness()
        if blurred:
            image = image.bandjoin(image.gaussblur(2))
        for top, planes in self.strips(image):
            yield top, np.clip(planes[..., 0], 0, 100), planes[..., -1]

    def to_lab(self, colours: pyvips.Image) -> pyvips.Image:
        """Return colours with this photo's meaning of levels in CIE L*a*b*, float."""
        if self.space is not None:
            return self.space.to_lab(colours)
        if self.profile is not None:
            try:
                return colours.icc_import(embedded=True, pcs="lab", intent="relative")
            except vips().Error:
                pass  # the profile lacks what lcms needs: the photo is taken as sRGB
        return colours.colourspace("lab")

    def alpha(self) -> pyvips.Image | None:
        """Return the alpha channel, or ``None``."""
        return self.pixels()[self._channels] if self.header.bands > self._channels else None

    def strips(self, image: pyvips.Image) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield an image of this photo from its top: a row's number, and an array (rows, W, B) from it."""
        region = vips().Region.new(image)
        for top, count in self._cuts():
            try:
                with self.stages.timed("decode"):
                    content = region.fetch(0, top, self.width, count)
            except vips().Error as error:
                raise PhotoError(reason(error)) from error
            strip = np.frombuffer(content, _DTYPES[image.format])
            yield top, strip.reshape(count, self.width, image.bands)

    def _pixel_strips(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the pixels as stored, as `strips` does; those of a small photo are not copied."""
        image = self.pixels()
        if not self._decoded:
            yield from self.strips(image)
            return
        whole, _ = self._decoded[0]
        for top, count in self._cuts():
            yield top, whole[top : top + count]

    def _cuts(self) -> Iterator[tuple[int, int]]:
        """Yield the first row's number and the number of rows of each strip."""
        rows = max(1, STRIP // self.width)
        for top in range(0, self.height, rows):
            yield top, min(rows, self.height - top)

    def _colours(self) -> pyvips.Image:
        """Return the pixels without alpha."""
        pixels = self.pixels()
        return pixels[0 : self._channels] if self.header.hasalpha() else pixels

    @property
    def _channels(self) -> int:
        """Number of channels without alpha."""
        return int(self.header.bands) - int(self.header.hasalpha())

    def pixels(self) -> pyvips.Image:
        """Return the pixels as stored; a small photo is kept in memory, a large one is read again.

        Raises `PhotoError` if it cannot be decoded.
        """
        if not self._decoded:
            if not self.small:
                return _load(self.source, self.kind)
            try:
                with self.stages.timed("decode"):
                    pixels = _load(self.source, self.kind).numpy()
            except vips().Error as error:
                raise PhotoError(reason(error)) from error
            whole = pixels.reshape(self.height, self.width, -1)
            image = vips().Image.new_from_array(whole).copy(interpretation=self.header.interpretation)
            if self.profile is not None:
                image.set_type(vips().GValue.blob_type, "icc-profile-data", self.profile)
            self._decoded.append((whole, image))
        return self._decoded[0][1]


def fetch(image: pyvips.Image, left: int, top: int, width: int, height: int) -> NDArray[np.float32]:
    """Return a rectangle of an image, float32 (height, width), or (height, width, bands) if it has several.

    Raises `PhotoError` if it cannot be decoded.
    """
    shape = (height, width) if image.bands == 1 else (height, width, image.bands)
    try:
        return np.asarray(image.crop(left, top, width, height).numpy(), np.float32).reshape(shape)
    except vips().Error as error:
        raise PhotoError(reason(error)) from error


def _kind(source: Path | bytes) -> str:
    """Return the format by the file's first bytes."""
    if isinstance(source, bytes):
        head = source[:_HEADER]
    else:
        try:
            with open_regular(source) as stream:
                head = stream.read(_HEADER)
        except OSError as error:
            raise PhotoError(error.strerror or str(error)) from error
    if not head:
        raise PhotoError("the file is empty")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")


def _load(source: Path | bytes, kind: str) -> pyvips.Image:
    """Return libvips' image of a file, to be read from top to bottom."""
    image = vips().Image
    if not kind:
        rgb = decode(source)
        return image.new_from_array(rgb, interpretation="srgb")
    load = getattr(image, f"{kind}load" + ("_buffer" if isinstance(source, bytes) else ""))
    limits = {"unlimited": True} if kind == "tiff" else {}  # scanners write a photo as one strip
    return load(
        os.fsencode(source) if isinstance(source, Path) else source,  # a name need not be UTF-8
        access="sequential",
        fail_on="error",
        **limits,
    )
