"""Photo files beyond every limit: made by hand, larger or slower than any photo."""

import os
import socket
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.datasets import guards as module
from huebench.datasets.base import PhotoError
from huebench.datasets.decode import decode, decoder_digest
from huebench.datasets.sets.folder import Folder
from huebench.files import file_digest


def encode(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


SMALL = Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8))


def _chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_of_chunks(count: int) -> bytes:
    whole = encode(SMALL)
    return whole[:33] + _chunk(b"prVt") * count + whole[33:]


def _jpeg_of_comments(count: int) -> bytes:
    whole = encode(SMALL, "JPEG")
    return whole[:2] + b"\xff\xfe\x00\x02" * count + whole[2:]


def _jpeg_of_fill_bytes(count: int) -> bytes:
    whole = encode(SMALL, "JPEG")
    return whole[:2] + b"\xff" * count + whole[2:]


def _gif_of_comments(count: int) -> bytes:
    whole = encode(SMALL.convert("P"), "GIF")
    colours = 13 + 3 * 2 ** ((whole[10] & 7) + 1)
    return whole[:colours] + b"\x21\xfe\x01a\x00" * count + whole[colours:]


def _ppm_of_one_comment(count: int) -> bytes:
    return b"P6 1 1\n#" + b"a" * count + b"\n255\nabc"


def _tiff_of_strips(count: int) -> bytes:
    """Return a TIFF of one pixel a strip, all at the same place in the file."""
    tags = (
        (256, (1,)), (257, (count,)), (258, (8,)), (259, (1,)), (262, (1,)),
        (273, (8,) * count), (277, (1,)), (278, (1,)), (279, (1,) * count),
    )  # fmt: skip
    entries, body, place = b"", b"", 8 + 2 + 12 * len(tags) + 4
    for tag, values in tags:
        raw = struct.pack(f"<{len(values)}I", *values)
        entries += struct.pack("<HHI", tag, 4, len(values))
        entries += raw if len(raw) == 4 else struct.pack("<I", place + len(body))
        body += b"" if len(raw) == 4 else raw
    header = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return header + entries + struct.pack("<I", 0) + body


SLOW = (
    _png_of_chunks, _jpeg_of_comments, _jpeg_of_fill_bytes, _gif_of_comments, _ppm_of_one_comment,
    _tiff_of_strips,
)  # fmt: skip


@pytest.mark.parametrize("make", SLOW)
def test_a_file_that_takes_long_to_read_is_refused(make, monkeypatch):
    assert decode(make(20)).dtype == np.uint8
    monkeypatch.setattr(module, "MAX_SECONDS", 0.02)
    with pytest.raises(PhotoError, match=r"takes more than 0.02 s to decode"):
        decode(make(200_000))


def _with_scans(jpeg: bytes, copies: int) -> bytes:
    """Repeat the last scan of a progressive JPEG."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * copies + jpeg[-2:]


def _progressive() -> bytes:
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    return encode(Image.fromarray(photo), "JPEG", progressive=True)


def test_a_jpeg_of_hundreds_of_scans_is_refused_before_it_is_decoded(tmp_path):
    jpeg = _progressive()
    assert decode(jpeg).shape == (64, 64, 3)
    (tmp_path / "many.jpg").write_bytes(_with_scans(jpeg, 300))
    with pytest.raises(PhotoError, match=r"a JPEG of 31\d scans, which would take long to decode"):
        decode(tmp_path / "many.jpg")


def test_fewer_scans_are_allowed_to_a_large_jpeg(monkeypatch):
    jpeg = _with_scans(_progressive(), 30)
    decode(jpeg)
    monkeypatch.setattr(module, "MAX_SCANNED", 64 * 64 * 20)
    with pytest.raises(PhotoError, match=r"a JPEG of 4\d scans"):
        decode(jpeg)


def test_bytes_after_a_jpeg_are_not_counted_as_scans():
    film = b"\xff\xda" * 1000  # phones append a film to a photo
    assert decode(_progressive() + film).shape == (64, 64, 3)


@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_a_path_that_is_not_a_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "a.jpg"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    with pytest.raises(PhotoError, match=r"not a regular file|No such device"):
        decode(path)
    assert file_digest(path) == ""


def test_the_largest_number_of_pixels_can_be_raised(monkeypatch):
    monkeypatch.setattr(module, "MAX_PIXELS", 100)
    with pytest.raises(PhotoError, match=r"more than 100 pixels.* set HUEBENCH_MAX_PIXELS"):
        decode(_progressive())
    before = decoder_digest(Folder)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    monkeypatch.setenv("HUEBENCH_MAX_PIXELS", "5000")
    assert decode(_progressive()).shape == (64, 64, 3)
    assert decoder_digest(Folder) != before
    monkeypatch.setenv("HUEBENCH_MAX_PIXELS", "many")
    with pytest.raises(UserError, match="HUEBENCH_MAX_PIXELS is not a number of pixels: 'many'"):
        decode(_progressive())


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    (tmp_path / "a.jpg").write_bytes(_progressive())
    with pytest.raises(PhotoError, match="a file of more than 10 bytes"):
        decode(tmp_path / "a.jpg")
