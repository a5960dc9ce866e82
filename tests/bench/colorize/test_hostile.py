"""Hostile files: each is colorized or refused in one line, and no original is touched."""

import hashlib
import io

import numpy as np
import pytest
import tifffile
from PIL import Image

KINDS = {"jpg": {"quality": 90}, "png": {}, "webp": {}, "tif": {}, "gif": {}, "bmp": {}}


def mutated(content, rng):
    """Return a file with a few bytes changed, a part cut out, a part doubled, or its end cut off."""
    data = bytearray(content)
    match rng.integers(4):
        case 0:
            for place in rng.integers(0, len(data), rng.integers(1, 20)):
                data[place] = rng.integers(256)
        case 1:
            start, stop = sorted(rng.integers(0, len(data), 2))
            del data[start:stop]
        case 2:
            start, stop = sorted(rng.integers(0, len(data), 2))
            data[start:start] = data[start:stop]
        case _:
            del data[rng.integers(len(data)) :]
    return bytes(data)


def originals(grey):
    """Return small files of all kinds, with metadata to break."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "a plate", 6
    exif.get_ifd(0x8825)[1] = "N"
    found = []
    for kind, options in KINDS.items():
        stream = io.BytesIO()
        extra = {"exif": exif} if kind in {"jpg", "png", "webp", "tif"} else {}
        Image.fromarray(grey[:60, :80]).save(
            stream, {"jpg": "JPEG", "tif": "TIFF"}.get(kind, kind), **options, **extra
        )
        found.append((kind, stream.getvalue()))
    deep = io.BytesIO()
    tifffile.imwrite(
        deep, np.repeat(grey[:60, :80, None], 3, axis=2).astype(np.uint16) * 257, compression="zlib"
    )
    return [*found, ("tif", deep.getvalue())]


def check(colorize, folder, grey, count):
    rng = np.random.default_rng(count)
    scans = folder / "scans"
    scans.mkdir()
    files = originals(grey)
    for i in range(count):
        kind, content = files[i % len(files)]
        (scans / f"{i:04}.{kind}").write_bytes(mutated(content, rng))
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in scans.iterdir()}
    code, output = colorize("scans", "--jobs", 2)
    assert code in {0, 1}
    lines = output.splitlines()
    assert len(lines) == count + 1
    assert "Traceback" not in output
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in scans.iterdir()} == before
    made = [path for path in (folder / "colorized").iterdir() if path.name != "colorized.csv"]
    assert len(made) == count - sum(": failed: " in line for line in lines)
    for path in made:
        with Image.open(path) as photo:
            photo.load()


def test_mutated_files(colorize, tmp_path, grey):
    check(colorize, tmp_path, grey, 84)


@pytest.mark.long
def test_3000_mutated_files(colorize, tmp_path, grey):
    check(colorize, tmp_path, grey, 3000)


def test_bombs_are_refused_by_the_header(colorize, tmp_path):
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )
    (tmp_path / "bomb.png").write_bytes(data)
    code, output = colorize("bomb.png")
    assert code == 1
    assert "a decompression bomb?" in output


@pytest.mark.parametrize("dtype", [np.float32, np.uint32])
def test_pixels_of_unknown_white_are_refused(colorize, tmp_path, dtype):
    tifffile.imwrite(tmp_path / "scan.tif", np.ones((20, 30), dtype))
    code, output = colorize("scan.tif")
    assert code == 1
    assert "whose white is unknown" in output


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (16, 2000)])
def test_extreme_shapes(colorize, tmp_path, shape):
    Image.fromarray(np.full(shape, 128, np.uint8)).save(tmp_path / "scan.png")
    assert colorize("scan.png")[0] == 0
    with Image.open(tmp_path / "colorized/scan.png") as photo:
        assert photo.size == shape[::-1]
