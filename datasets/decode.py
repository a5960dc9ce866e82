"""Decoding photo files, however hostile, to sRGB uint8: a photo comes out right or is refused with a reason.

What is done to a file, in this order:

- The format must be one of `FORMATS`; what Pillow would hand to another program (EPS, WMF) is never opened.
- The size in the header must not exceed `MAX_PIXELS`; it is checked before any pixel is decoded.
- Animations give their first frame.
- 16-bit channels keep their high byte, grey and colour alike. That is exact for photos born with 8 bits, and
  at most one level too dark for others.
- An embedded ICC profile is converted to sRGB, relative colorimetric with black point compensation. A profile
  that names itself sRGB is taken at its word. One that is broken, or of another colour space than the pixels,
  is ignored, and the photo is taken as sRGB. CMYK without a usable profile is converted by the plain formula
  R = (255 − C)(255 − K) / 255. PNG's gamma and chromaticity chunks are ignored.
- Transparent pixels are laid over `BACKGROUND`.
- The orientation of EXIF is applied; a broken EXIF block counts as upright.

Nothing of Pillow's global state is changed.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from .base import RGB, PhotoError

FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "JPEG2000", "AVIF")
"""Names of the formats that are read, as Pillow calls them."""

MAX_PIXELS: Final = 2**26
"""Largest number of pixels decoded, 67 million: 192 MiB as sRGB."""

BACKGROUND: Final = (255, 255, 255)
"""What transparent pixels are laid over: white, as on paper."""

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
        If it cannot be decoded rightly; the message is the reason.

    Examples
    --------
    >>> decode(b"P6 2 1 255 \x00\x00\x00\xff\x80\x00").tolist()
    [[[0, 0, 0], [255, 128, 0]]]
    """
    try:
        with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            return _decode(stream)
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(f"more than {MAX_PIXELS:,} pixels: a decompression bomb?") from error
    except UnidentifiedImageError as error:
        raise PhotoError(f"no image in a format that is read ({', '.join(FORMATS)})") from error
    except OSError as error:
        raise PhotoError(error.strerror or str(error)) from error
    except Exception as error:  # plugins of Pillow raise whatever a broken file makes them trip over
        raise PhotoError(f"broken file ({type(error).__name__}: {error})") from error


def _decode(stream: BinaryIO) -> RGB:
    if not stream.read(1):
        raise PhotoError("the file is empty")
    stream.seek(0)
    with Image.open(stream, formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PhotoError(f"{width} × {height} is more than {MAX_PIXELS:,} pixels: a decompression bomb?")
        _refuse_separate_planes(image)
        image.load()
        upright = _upright(_composited(_eight_bit(image)), image)
        return np.array(upright)


def _refuse_separate_planes(image: Image.Image) -> None:
    """Pillow takes 16-bit planes that are stored one after another for 8-bit ones, and returns noise."""
    if not isinstance(image, TiffImageFile):
        return
    tags = image.tag_v2
    if tags.get(_PLANAR) == _SEPARATE_PLANES and max(tags.get(_BITS, (1,))) > 8:
        raise PhotoError("a TIFF with 16-bit channels in separate planes: save it with interleaved channels")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return an image with 8-bit channels, with the ``info`` of the original."""
    # Pillow opens 16-bit PGM as 32-bit integers that span 0…65535.
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        values = np.asarray(image).astype(np.uint16) >> 8
        if isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            values = 255 - values
        grey = Image.fromarray(values.astype(np.uint8))
        grey.info = {"icc_profile": image.info.get("icc_profile")}
        return grey
    if image.mode in {"I", "F"}:
        raise PhotoError("32-bit pixels, whose white is unknown: save it with 8 or 16 bits a channel")
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
            return _converted(image, ImageCms.ImageCmsProfile(BytesIO(profile)))
        except (OSError, ValueError, ImageCms.PyCMSError):
            pass  # broken, or of another colour space than the pixels: taken as sRGB, as promised above
    return image if image.mode == "RGB" else image.convert("RGB")


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    # A conversion from sRGB to sRGB would shift levels by one.
    if image.mode == "RGB" and "srgb" in ImageCms.getProfileDescription(profile).lower():
        return image
    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return cast("Image.Image", converted)  # only a conversion in place returns None


def _upright(image: Image.Image, original: Image.Image) -> Image.Image:
    try:
        orientation = original.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  # Pillow raises many kinds of errors on broken EXIF blocks
        return image
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)
