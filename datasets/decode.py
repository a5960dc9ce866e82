"""Decodes photo files, even hostile ones, to sRGB uint8: correctly, or not at all, with a reason.

The steps, in this order:

- The file must be within the limits of `huebench.datasets.guards`.
- Only the first frame of an animation is decoded.
- Channels of more than 8 bits keep the highest 8, in grey and colour. That is exact for photos that were made
  with 8 bits, and at most one level too dark for others. Pillow has already rounded colour PPM and AVIF.
- An embedded ICC profile is converted to sRGB, relative colorimetric with black point compensation. A profile
  named sRGB is taken as sRGB unless its tone curve differs (a linear one, for instance). A profile that is
  broken, or whose colour space is not that of the pixels, is ignored, and the photo is taken as sRGB. CMYK
  without a usable profile is converted by the plain formula R = (255 − C)(255 − K) / 255. PNG's gamma and
  chromaticity chunks are ignored.
- Transparent pixels are laid over `BACKGROUND`.
- The EXIF orientation is applied; a broken EXIF block counts as upright.

A limit: libjpeg decodes any bytes before a JPEG's end mark, and Pillow does not pass on its warnings, so a
JPEG whose bytes were changed may pass. One that was cut short is refused, even with a new end mark, unless it
is progressive: then the part that is there is decoded, as a blurred photo.

Pillow's process-wide settings are reset to its defaults before each photo, in case a plugin has changed them.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final, cast

import numpy as np
import PIL
from PIL import Image, ImageCms, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from .. import UserError
from .base import RGB, Dataset, Entry, PhotoChangedError, PhotoError, note_content
from .guards import FORMATS, max_pixels, opened, read_photo, too_large

BACKGROUND: Final = (255, 255, 255)
"""The colour behind transparent pixels: white, as paper."""

_HERE: Final = Path(__file__).parent
_DECODING: Final = (
    Path(__file__),
    _HERE / "guards.py",
    *(_HERE / "color" / f"{name}.py" for name in ("constants", "conversion", "kernels")),
)
"""The files of the code that decodes photos; the last ones convert datasets stored as L*a*b*."""

_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PHOTOMETRIC, _BITS, _PLANAR = 262, 258, 284
_WHITE_IS_ZERO, _SEPARATE_PLANES = 0, 2

_UNSCALED_PNG: Final = {"L;2": 2, "L;4": 4, "I;16B": 16, "RGB;16B": 16}
"""Bits by raw mode of PNGs whose pixels Pillow scales to 8 bits, but not their transparent colour."""

_END_OF_JPEG: Final = b"\xff\xd9"
_LIBJPEGS_GREY: Final = {127, 128}  # 127 in CMYK, which is stored inverted

_PROBE: Final = 64  # a level at which the curves differ much: linear makes it 137, a gamma of 2.2 makes it 62
_LARGEST_DEVIATION: Final = 8


def decode(source: Path | bytes) -> RGB:
    r"""Decode a photo to sRGB.

    Parameters
    ----------
    source
        A file, or its bytes.

    Returns
    -------
    numpy.ndarray
        sRGB uint8, shape (H, W, 3), upright.

    Raises
    ------
    PhotoError
        If it cannot be decoded correctly; the message is the reason.
    MemoryError
        If memory runs out, which is not the photo's fault.

    Examples
    --------
    >>> decode(b"P6 2 1 255 \x00\x00\x00\xff\x80\x00").tolist()
    [[[0, 0, 0], [255, 128, 0]]]
    """
    try:
        content = source if isinstance(source, bytes) else read_photo(source)
    except OSError as error:
        raise PhotoError(error.strerror or str(error)) from error
    note_content(content)
    return _pixels(content)


def decode_entry(entry: Entry, source: Path | Callable[[], bytes]) -> RGB:
    """Decode a photo whose content is the file with its entry's digest.

    Parameters
    ----------
    entry
        The photo.
    source
        The file, or a function that returns its bytes and raises OSError or PhotoError if it cannot.

    Returns
    -------
    numpy.ndarray
        See `decode`.

    Raises
    ------
    PhotoError
        If it cannot be decoded, or could not be read when it was listed either.
    PhotoChangedError
        If it can no longer be read, or its content has changed.
    """
    try:
        content = read_photo(source) if isinstance(source, Path) else source()
    except (OSError, PhotoError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        if entry.sha256:
            raise PhotoChangedError(entry.id, reason) from error
        raise PhotoError(reason) from error
    entry.check(hashlib.sha256(content).hexdigest())
    return _pixels(content)


def decoder_digest(dataset: type[Dataset], *users: Path) -> str:
    """Return a hex digest of everything that determines a dataset's pixels, for cache keys.

    It covers Pillow's version, `max_pixels`, and the code of `decoder_files`.

    Parameters
    ----------
    dataset
        The dataset's class.
    users
        Source files of the code that computes cached values from the pixels.
    """
    return _digest(f"{PIL.__version__} {max_pixels()}", (*decoder_files(dataset), *users))


def decoder_files(dataset: type[Dataset]) -> list[Path]:
    """Return the source files that decide a dataset's pixels.

    These are this module and its limits, the conversion from L*a*b*, and the files of the dataset's class and
    its base classes; for a class in its own package, all files of the package.
    """
    owners = [cls for cls in dataset.__mro__ if issubclass(cls, Dataset)]
    return [*_DECODING, *(path for cls in owners for path in _source(cls))]


def _source(dataset: type[Dataset]) -> list[Path]:
    file = getattr(sys.modules.get(dataset.__module__), "__file__", None)
    if file is None:  # typed into an interpreter
        return []
    folder = Path(file).parent
    alone = folder in {_HERE, _HERE / "sets"} or not (folder / "__init__.py").exists()
    return [Path(file)] if alone else sorted(folder.rglob("*.py"))


@cache
def _digest(settings: str, code: tuple[Path, ...]) -> str:
    contents = "".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in code)
    return hashlib.sha256(f"{settings} {contents}".encode()).hexdigest()


def _pixels(content: bytes) -> RGB:
    """Return the pixels of a photo; see `decode`."""
    try:
        return _decode(content)
    except (PhotoError, UserError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(too_large("it")) from error
    except UnidentifiedImageError as error:
        raise PhotoError(f"not an image in a supported format ({', '.join(FORMATS)})") from error
    except OSError as error:
        raise PhotoError(error.strerror or str(error)) from error
    except Exception as error:  # Pillow's plugins raise all kinds of errors on broken files
        raise PhotoError(f"broken file ({type(error).__name__}: {error})") from error


def _decode(content: bytes) -> RGB:
    with opened(content) as image:
        _refuse_separate_planes(image)
        _refuse_unscaled_transparency(image)
        image.load()
        _refuse_cut_short(image, content)
        upright = _upright(_composited(_eight_bit(image)), image)
        return np.array(upright)


def _refuse_separate_planes(image: Image.Image) -> None:
    """Refuse 16-bit planes that are stored one after another: Pillow reads them as 8-bit ones, as noise."""
    if not isinstance(image, TiffImageFile):
        return
    tags = image.tag_v2
    if tags.get(_PLANAR) == _SEPARATE_PLANES and max(tags.get(_BITS, (1,))) > 8:
        raise PhotoError("a TIFF with 16-bit channels in separate planes: save it with interleaved channels")


def _refuse_unscaled_transparency(image: Image.Image) -> None:
    """Refuse a transparent colour of 2, 4 or 16 bits: Pillow compares it with pixels scaled to 8 bits."""
    if not isinstance(image, PngImageFile) or "transparency" not in image.info or not image.tile:
        return
    bits = _UNSCALED_PNG.get(str(image.tile[0].args))
    if bits:
        raise PhotoError(f"a PNG of {bits} bits with a transparent colour: save it with an alpha channel")


def _refuse_cut_short(image: Image.Image, content: bytes) -> None:
    """Refuse a JPEG that was cut short: libjpeg fills it with grey, and Pillow does not pass on its warning.

    If the last pixel is that grey, bytes are added before the end mark: libjpeg skips them in a complete
    photo, and decodes them in one that was cut short.
    """
    if image.format != "JPEG":
        return
    last = np.asarray(image.crop((image.width - 1, image.height - 1, image.width, image.height)))
    if not _LIBJPEGS_GREY.issuperset(last.flat):
        return
    before, mark, after = content.rpartition(_END_OF_JPEG)
    filled = BytesIO(before + bytes(range(255)) + mark + after)
    with Image.open(filled, formats=("JPEG",)) as other:
        if not np.array_equal(np.asarray(other), np.asarray(image)):
            raise PhotoError("the file is cut short: the lower part of the photo is missing")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return an image with 8-bit channels and the ``info`` of the original."""
    # Pillow opens 16-bit PGM as 32-bit integers of 0…65535.
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
        bits = tags.get(_BITS, (16,))[0]  # Pillow also opens 12 bits, and does not scale them
        values = np.asarray(image).astype(np.uint16) >> (bits - 8)
        if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            values = 255 - values
        grey = Image.fromarray(values.astype(np.uint8))
        grey.info = {"icc_profile": image.info.get("icc_profile")}
        return grey
    if image.mode in {"I", "F"}:
        raise PhotoError("32-bit pixels, whose white is unknown: save it with 8 or 16 bits per channel")
    return image


def _composited(image: Image.Image) -> Image.Image:
    """Return an opaque image in sRGB."""
    profile = image.info.get("icc_profile")
    if not image.has_transparency_data:
        return _srgb(image, profile)
    rgba = image.convert("RGBA")
    opaque = Image.new("RGB", image.size, BACKGROUND)
    opaque.paste(
        _srgb(image.convert("L") if image.mode == "LA" else rgba, profile), mask=rgba.getchannel("A")
    )
    return opaque


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the colours of an image in sRGB, without its transparency."""
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode not in {"L", "CMYK", "RGB"}:
        image = image.convert("RGB")
    if profile:
        try:
            # Converting sRGB to sRGB would shift levels by one.
            if image.mode != "RGB" or not _is_srgb(profile):
                return _converted(image, profile)
        except (OSError, ValueError, ImageCms.PyCMSError):
            pass  # broken, or not the pixels' colour space: the photo is taken as sRGB, see above
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=16)
def _is_srgb(profile: bytes) -> bool:
    """Return whether a profile is named sRGB and roughly keeps the level of a dark grey.

    The name is not enough: there is "Linear sRGB". Exact levels are too much: programs embed an sRGB with a
    plain gamma of 2.2, which differs near black, or with a white point that would tint the photo.
    """
    if "srgb" not in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile))).lower():
        return False
    grey = _converted(Image.new("RGB", (1, 1), (_PROBE,) * 3), profile)
    return abs(float(np.asarray(grey).mean()) - _PROBE) <= _LARGEST_DEVIATION


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return cast("Image.Image", converted)  # only a conversion in place returns None


def _upright(image: Image.Image, original: Image.Image) -> Image.Image:
    try:
        orientation = original.getexif().get(_ORIENTATION, 1)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # Pillow raises many kinds of errors on broken EXIF blocks
        return image
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)
