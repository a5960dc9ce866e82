"""Every choice of a protocol against the library whose behaviour it states."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import color, data

from huebench import UserError
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.color.conversion import rgb_to_lab

PHOTO = data.coffee()


def test_aliased_bilinear_equals_torch():
    tensor = torch.from_numpy(PHOTO.astype(np.float64)).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(tensor, (96, 96), mode="bilinear", align_corners=False)[0]
    prepared = Protocol(size=96, interpolation="bilinear-aliased").prepare(PHOTO)
    # A value half-way between two levels may be rounded either way.
    assert np.abs(prepared - expected.permute(1, 2, 0).numpy()).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("interpolation", "flag", "size"),
    [
        ("bilinear-aliased", "INTER_LINEAR", 96),
        ("bilinear-aliased", "INTER_LINEAR", 500),
        ("area", "INTER_AREA", 96),
    ],
)
def test_aliased_bilinear_and_area_equal_opencv(interpolation, flag, size):
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'bench'")
    photo = PHOTO[:, :399]
    expected = cv2.resize(photo.astype(np.float32), (size, size), interpolation=getattr(cv2, flag))
    prepared = Protocol(size=size, interpolation=interpolation).prepare(photo)
    assert np.abs(prepared - expected).max() < 0.502


@pytest.mark.parametrize(("name", "filter_"), [("bicubic", 3), ("bilinear", 2)])
def test_antialiased_filters_are_pillows(name, filter_):
    expected = np.asarray(Image.fromarray(PHOTO).resize((96, 96), filter_))
    np.testing.assert_array_equal(Protocol(size=96, interpolation=name).prepare(PHOTO), expected)


def test_luma_is_pillows_grey():
    grey = np.asarray(Image.fromarray(PHOTO).convert("L"))
    lightness, chroma = Protocol(grey="luma").hide(PHOTO)
    levels = Protocol(grey="luma").restore(lightness, np.zeros_like(chroma))[..., 0]
    # Pillow's weights are rounded to 16 bits: a luma half-way between two levels may fall on either side.
    assert np.abs(levels.astype(int) - grey).max() <= 1
    assert np.mean(levels == grey) > 0.99


def test_luma_as_lightness_is_the_luma():
    weights = np.array([0.299, 0.587, 0.114])
    lightness, _ = Protocol(grey="luma-as-lightness").hide(PHOTO)
    np.testing.assert_allclose(lightness, PHOTO @ weights / 2.55, atol=1e-3)


def test_8_bit_lab_equals_opencvs():
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'bench'")
    theirs = cv2.cvtColor(PHOTO, cv2.COLOR_RGB2LAB)
    lightness, _ = Protocol(grey="lightness-8-bit").hide(PHOTO)
    levels = lightness * 2.55
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    # OpenCV converts 8-bit pictures in fixed point, which is off by one level now and then.
    difference = np.abs(np.rint(levels) - theirs[..., 0])
    assert difference.max() <= 1
    assert difference.mean() < 0.2


def test_8_bit_lab_rounds_the_prediction():
    lightness = np.full((1, 4, 4), 50, np.float32)
    chroma = np.full((1, 4, 4, 2), (10.4, -300), np.float32)
    restored = Protocol(merge="lab-8-bit").restore(lightness, chroma)
    whole = np.full((1, 4, 4, 2), (10, -128), np.float32)
    expected = Protocol().restore(np.full_like(lightness, 128 / 2.55), whole)
    np.testing.assert_array_equal(restored, expected)


def test_yuv_keeps_the_inputs_luma():
    protocol = Protocol(grey="luma", merge="yuv")
    muted = (0.5 * PHOTO + 60).astype(np.uint8)  # within the gamut, where nothing is clipped
    lightness, chroma = protocol.hide(muted)
    restored = protocol.restore(lightness, chroma * np.float32(0.5))
    weights = np.array([0.299, 0.587, 0.114])
    assert np.abs(restored @ weights - muted @ weights).max() < 1.5
    kept_in_lab = Protocol(grey="luma").restore(lightness, chroma * np.float32(0.5))
    assert np.abs(kept_in_lab @ weights - muted @ weights).max() > 2


def test_truncation_takes_the_level_below():
    lightness, chroma = rgb_to_lab(PHOTO[None, ::4, ::4])
    chroma *= np.float32(0.9)
    floats = 255 * color.lab2rgb(np.concatenate([lightness[..., None], chroma], axis=-1).astype(np.float64))
    truncated = Protocol(save="truncate").restore(lightness, chroma)
    assert np.all(truncated <= floats + 1e-3)
    assert np.all(truncated > floats - 1 - 1e-3)


def test_jpeg_equals_pillows_default_file():
    file = BytesIO()
    Image.fromarray(PHOTO).save(file, "JPEG")
    expected = np.asarray(Image.open(file))
    np.testing.assert_array_equal(Protocol(truth="jpeg").truth_of(PHOTO), expected)
    np.testing.assert_array_equal(Protocol(truth="jpeg").truth_of(PHOTO[None])[0], expected)
    lightness, chroma = rgb_to_lab(PHOTO)
    file = BytesIO()
    Image.fromarray(Protocol(save="truncate").restore(lightness, chroma)).save(file, "JPEG")
    saved = Protocol(save="truncate-jpeg").restore(lightness, chroma)
    np.testing.assert_array_equal(saved, np.asarray(Image.open(file)))


def test_only_a_protocol_that_leaves_out_near_grey_photos_does():
    grey = np.full((8, 8, 3), 90, np.uint8)
    strict = Protocol(near_grey="left-out")
    assert strict.leaves_out(grey)
    assert not strict.leaves_out(PHOTO)
    assert not Protocol().leaves_out(grey)


def test_an_unknown_choice_names_the_known_ones():
    with pytest.raises(UserError, match="save 'jpg' must be one of round, truncate, truncate-jpeg"):
        Protocol(save="jpg")
