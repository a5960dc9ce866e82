"""Warnings about photos, on photos that are made to deserve them and on some that are not."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from huebench.bench.colorize import findings
from huebench.bench.colorize.engine import plain_borders, small_lab, stored, upright
from huebench.bench.colorize.picture import Picture


def found(path):
    picture = Picture.open(path)
    return findings.find(picture, small_lab(picture, 256))


@pytest.mark.parametrize(
    "name", ["astronaut", "camera", "chelsea", "coffee", "grass", "gravel", "brick", "rocket"]
)
def test_grey_photos_have_no_warning(tmp_path, name):
    Image.fromarray(getattr(skimage.data, name)()).convert("L").save(tmp_path / "scan.jpg")
    assert found(tmp_path / "scan.jpg") == []


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_photo_in_colour(tmp_path, name):
    Image.fromarray(getattr(skimage.data, name)()).save(tmp_path / "photo.jpg")
    assert found(tmp_path / "photo.jpg") == ["already in colour: its own colours were replaced"]


@pytest.mark.parametrize("tint", [(1.07, 0.74, 0.43), (1, 0.95, 0.82), (0.8, 0.9, 1)])
def test_tinted_photo(tmp_path, grey, tint):
    rgb = np.clip(grey[..., None] * np.array(tint), 0, 255).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "sepia.png")
    assert found(tmp_path / "sepia.png") == ["sepia or tinted: the tint was removed"]


@pytest.mark.parametrize("side", [200, 300, 1200])
@pytest.mark.parametrize("quality", [60, 75, 95])
@pytest.mark.parametrize("tint", [(1.07, 0.74, 0.43), (1, 0.95, 0.82), (0.8, 0.9, 1)])
def test_tinted_photo_as_a_jpeg_whose_chroma_is_noisy(tmp_path, side, quality, tint):
    scan = Image.fromarray(skimage.data.astronaut()).convert("L").resize((side, side))
    rgb = np.clip(np.asarray(scan)[..., None] * np.array(tint), 0, 255).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "sepia.jpg", quality=quality, subsampling="4:2:0")
    assert found(tmp_path / "sepia.jpg") == ["sepia or tinted: the tint was removed"]


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_pale_colours_are_not_taken_for_a_tint(tmp_path, name):
    photo = Image.fromarray(getattr(skimage.data, name)())
    pale = Image.blend(photo.convert("L").convert("RGB"), photo, 0.3)
    pale.save(tmp_path / "pale.jpg", quality=75)
    assert found(tmp_path / "pale.jpg") == ["already in colour: its own colours were replaced"]


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (20, 9)])
def test_tiny_photos_have_a_colour(shape):
    assert findings.colourfulness(np.full((*shape, 3), 40, np.float32)) == "tint"


def test_very_dark_photo(tmp_path, grey):
    Image.fromarray(grey // 12).save(tmp_path / "dark.png")
    assert found(tmp_path / "dark.png")[0].startswith("very dark: mean L* ")


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_one_bit_photo(tmp_path, grey, suffix):
    Image.fromarray(grey).convert("1").save(tmp_path / f"fax.{suffix}")
    assert found(tmp_path / f"fax.{suffix}")[0].startswith("1-bit")


@pytest.mark.parametrize("period", [4, 7, 12])
@pytest.mark.parametrize("angle", [0.3, np.pi / 4])
def test_halftone(tmp_path, grey, period, angle):
    large = np.asarray(Image.fromarray(grey).resize((700, 560)), float) / 255
    y, x = np.mgrid[:560, :700]
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    screen = 0.5 + 0.25 * (np.cos(2 * np.pi * u / period) + np.cos(2 * np.pi * v / period))
    dots = np.clip((large - screen) * 6 + 0.5, 0, 1)
    Image.fromarray((255 * dots).astype(np.uint8)).save(tmp_path / "print.png")
    assert found(tmp_path / "print.png")[0].startswith("halftone")


@pytest.mark.parametrize(("orientation", "words"), [(1, ""), (3, "upside down"), (6, ""), (2, "mirrored")])
def test_exif_orientation(tmp_path, grey, orientation, words):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(grey).save(tmp_path / "scan.jpg", exif=exif)
    warnings = found(tmp_path / "scan.jpg")
    assert [warning.split(" by its EXIF")[0] for warning in warnings] == ([words] if words else [])


@pytest.mark.parametrize("suffix", ["tif", "webp", "png", "gif"])
def test_further_pages_are_not_dropped_in_silence(tmp_path, grey, suffix):
    pages = [Image.fromarray(np.roll(grey, 40 * i, axis=1)) for i in range(3)]
    options = {"lossless": True} if suffix == "webp" else {}
    pages[0].save(tmp_path / f"scan.{suffix}", save_all=True, append_images=pages[1:], **options)
    assert found(tmp_path / f"scan.{suffix}") == ["3 pages or frames: only the first was colorized"]


def test_plain_borders_are_found():
    rng = np.random.default_rng(0)
    plane = rng.uniform(20, 80, (60, 90)).astype(np.float32)
    assert plain_borders(plane) == (slice(0, 60), slice(0, 90))
    plane[:5], plane[:, -8:] = 98, 3
    rows, columns = plain_borders(plane)
    assert (rows, columns) == (slice(5, 60), slice(0, 82))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_undone(orientation):
    plane = np.arange(24, dtype=np.float32).reshape(3, 4, 2)
    assert np.array_equal(stored(upright(plane, orientation), orientation), plane)
