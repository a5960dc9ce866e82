"""The fused kernel against its parts, one after another, over the whole photo."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from huebench.bench.colorize.painting import painter
from huebench.bench.colorize.picture import Picture
from huebench.bench.colorize.profiles import srgb, srgb_grey
from huebench.datasets.color import lab_to_rgb, rgb_to_lab
from huebench.datasets.color.gamut import fit_gamut
from huebench.methods.kernels.upsampling import chroma_lines, upsample_rows
from huebench.methods.resize import resize_plane


def test_lightness_is_that_of_the_conversion():
    rgb = np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8)
    np.testing.assert_allclose(srgb().lightness(rgb), rgb_to_lab(rgb)[0], atol=1e-3)
    deep = rgb.astype(np.uint16) * 257
    np.testing.assert_allclose(srgb().lightness(deep), rgb_to_lab(rgb)[0], atol=1e-3)
    grey = np.repeat(rgb[..., :1], 3, axis=2)
    np.testing.assert_allclose(srgb_grey().lightness(rgb[..., :1]), rgb_to_lab(grey)[0], atol=1e-3)


@pytest.mark.parametrize("spread", [10, 80])
@pytest.mark.parametrize("small", [(1, 1), (9, 14), (80, 120)])
def test_strips_are_the_parts_one_after_another(spread, small):
    photo = np.ascontiguousarray(skimage.data.astronaut()[:233, :311])
    picture = Picture.of_pixels(photo)
    lightness, _ = rgb_to_lab(photo)
    chroma = np.random.default_rng(0).normal(0, spread, (*small, 2)).astype(np.float32)
    planes = chroma_lines(chroma, resize_plane(lightness, small))
    paint = painter(picture, planes)
    tops = range(0, len(photo), 37)
    strips = [paint(lightness[top : top + 37], lightness[top : top + 37], top) for top in tops]
    whole = fit_gamut(lightness, upsample_rows(planes, lightness, 0, len(photo)))
    expected = lab_to_rgb(lightness, whole).astype(int)
    difference = np.abs(np.concatenate(strips) - expected)
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 0.02


def test_every_level_of_grey_stays_with_8_and_16_bits():
    for bits, dtype in ((8, np.uint8), (16, np.uint16)):
        levels = np.arange(2**bits, dtype=dtype)[None, :, None]
        lightness = srgb_grey().lightness(levels)
        made = srgb().levels(lightness, np.zeros((*lightness.shape, 2), np.float32), bits)
        assert np.abs(made.astype(int) - levels).max() <= (0 if bits == 8 else 1)


def test_timings_name_every_stage(colorize, tmp_path, grey):
    Image.fromarray(grey).save(tmp_path / "scan.png")
    code, output = colorize("scan.png", "--timings")
    assert code == 0
    line = output.strip().splitlines()[-1]
    assert "photos/s" in line
    shares = dict(part.split() for part in line.partition(": ")[2].split(", "))
    assert list(shares) == ["decode", "network", "upsample", "encode", "other"]
    assert sum(int(share.rstrip("%")) for share in shares.values()) == pytest.approx(100, abs=3)
