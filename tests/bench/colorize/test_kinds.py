"""Kinds of files that archives hold: each keeps its kind, or becomes RGB where it has no colour."""

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image

from .test_round_trip import level


def cmyk(grey):
    rgb = pyvips.Image.new_from_array(np.repeat(grey[..., None], 3, axis=2), interpretation="srgb")
    return rgb.icc_transform("cmyk", input_profile="srgb")


def write(kind, grey, folder):
    photo = Image.fromarray(grey)
    match kind:
        case "palette.png":
            photo.convert("P").save(folder / kind)
        case "grey-alpha.png":
            Image.merge("LA", (photo, photo)).save(folder / kind)
        case "16-bit.png":
            Image.fromarray(grey.astype(np.uint16) * 257).save(folder / kind)
        case "16-bit.tif":
            tifffile.imwrite(folder / kind, grey.astype(np.uint16) * 257)
        case "16-bit-alpha.tif":
            rgba = np.dstack([grey] * 4).astype(np.uint16) * 257
            tifffile.imwrite(folder / kind, rgba, photometric="rgb", extrasamples=["unassalpha"])
        case "pages.tif":
            tifffile.imwrite(folder / kind, np.stack([grey, grey]), photometric="minisblack")
        case "frames.webp":
            photo.save(folder / kind, save_all=True, append_images=[photo.rotate(9)], lossless=True)
        case "frames.png":
            photo.save(folder / kind, save_all=True, append_images=[photo.rotate(9)])


KINDS = {
    "palette.png": (3, np.uint8),
    "grey-alpha.png": (4, np.uint8),
    "16-bit.png": (3, np.uint16),
    "16-bit.tif": (3, np.uint16),
    "16-bit-alpha.tif": (4, np.uint16),
    "pages.tif": (3, np.uint8),
    "frames.webp": (3, np.uint8),
    "frames.png": (3, np.uint8),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_kept_in_colour_with_its_lightness(colorize, tmp_path, grey, kind):
    write(kind, grey, tmp_path)
    code, output = colorize(kind)
    assert code == 0, output
    made = pyvips.Image.new_from_file(str(tmp_path / "colorized" / kind)).numpy()
    bands, dtype = KINDS[kind]
    assert (made.shape, made.dtype) == ((*grey.shape, bands), dtype)
    colours = made[..., :3]
    assert np.ptp(colours.astype(float), axis=2).mean() > 20 * (np.iinfo(dtype).max / 255)
    assert np.abs(level(colours) - grey).max() < 1
    assert ("only the first was colorized" in output) == ("pages" in kind or "frames" in kind)


@pytest.mark.parametrize("kind", ["scan.jpg", "scan.tif"])
def test_cmyk_becomes_rgb(colorize, tmp_path, grey, kind):
    cmyk(grey).write_to_file(str(tmp_path / kind))
    code, output = colorize(kind)
    assert code == 0, output
    with Image.open(tmp_path / "colorized" / kind) as made:
        assert made.mode == "RGB"
        after = np.asarray(made.convert("L"), float)
    assert np.corrcoef(after.ravel(), grey.ravel())[0, 1] > 0.97


def test_gpu_that_is_not_there_is_one_message(colorize, tmp_path, grey):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    Image.fromarray(grey).save(tmp_path / "scan.png")
    code, output = colorize("scan.png", "--device", "cuda")
    assert code == 2
    assert output.strip() == "error: --device cuda: torch sees no CUDA device here; use --device cpu"
