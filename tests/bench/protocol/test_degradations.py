"""Every degradation against another way to compute it."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.color import rgb2lab

from huebench import UserError
from huebench.bench.protocol.degradations import Condition, degradations, degraded
from huebench.bench.protocol.protocol import Protocol
from huebench.datasets.color.conversion import rgb_to_lab

PHOTO = np.ascontiguousarray(data.coffee()[:256:4, 40:296:4])
LIGHTNESS = rgb_to_lab(PHOTO)[0]
CLOSE = {"rtol": 0, "atol": 2e-3}  # in L*, float32


def made(text, lightness=LIGHTNESS, photo=PHOTO, id_="a.jpg"):
    return Condition.parse(text).apply(lightness, photo, id_)


def linear(photo):
    level = photo / 255
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


def grey_lightness(light):
    """Return L* of linear light by scikit-image, through a grey in sRGB."""
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return rgb2lab(np.repeat(encoded[..., None], 3, axis=-1))[..., 0]


@pytest.mark.parametrize("name", list(degradations.items()))
def test_strength_0_changes_no_byte_and_strength_1_does(name):
    assert made(f"{name}:0").tobytes() == LIGHTNESS.tobytes()
    full = made(name)
    assert full.dtype == np.float32
    assert full.shape == LIGHTNESS.shape
    assert full.min() >= 0
    assert full.max() <= 100
    assert not np.array_equal(full, LIGHTNESS)
    assert np.abs(made(f"{name}:0.1") - LIGHTNESS).mean() <= np.abs(full - LIGHTNESS).mean()


@pytest.mark.parametrize("name", list(degradations.items()))
def test_a_photo_is_degraded_alike_each_time_and_in_any_batch(name):
    batch = degraded(name, np.stack([LIGHTNESS] * 2), np.stack([PHOTO] * 2), ["a.jpg", "b.jpg"])
    np.testing.assert_array_equal(batch[0], made(name))
    if name in ("grain", "scratches"):
        assert not np.array_equal(batch[0], batch[1])
    else:
        np.testing.assert_array_equal(batch[0], batch[1])


def test_grain_is_white_noise_of_6():
    middle = np.full((256, 256), 50, np.float32)
    noise = made("grain:0.5", middle) - 50
    assert noise.std() == pytest.approx(3, rel=0.02)
    assert abs(noise.mean()) < 0.05
    power = np.abs(np.fft.rfft2(noise)) ** 2
    assert power[:, :32].mean() == pytest.approx(power[:, -32:].mean(), rel=0.1)  # no scale is preferred


def test_blur_is_a_convolution_with_a_gaussian():
    sigma = 2 * 64 / 128
    place = np.arange(-4, 5)
    kernel = np.exp(-(place**2) / 2 / sigma**2)
    kernel /= kernel.sum()
    padded = np.pad(LIGHTNESS.astype(float), 4, mode="edge")
    rows = sum(weight * padded[i : i + 64] for i, weight in enumerate(kernel))
    expected = sum(weight * rows[:, i : i + 64] for i, weight in enumerate(kernel))
    np.testing.assert_allclose(made("blur:2"), expected, **CLOSE)


def test_fade_lifts_black_and_dulls_white():
    ends = np.array([[0, 100]], np.float32)
    np.testing.assert_allclose(made("fade", ends), [[30, 85]])
    np.testing.assert_allclose(made("fade:0.5", ends), [[15, 92.5]])


@pytest.mark.parametrize(
    ("name", "weights"), [("orthochromatic", (0, 0.5, 0.5)), ("panchromatic", (0.25, 0.35, 0.4))]
)
def test_film_sums_light(name, weights):
    expected = grey_lightness(linear(PHOTO) @ np.array(weights))
    np.testing.assert_allclose(made(name), expected, rtol=0, atol=0.02)


def test_orthochromatic_film_is_blind_to_red():
    red, blue = (np.full((4, 4, 3), color, np.uint8) for color in ((255, 0, 0), (0, 0, 255)))
    assert made("orthochromatic", rgb_to_lab(red)[0], red).max() < 1e-3
    assert made("orthochromatic", rgb_to_lab(blue)[0], blue).min() > rgb_to_lab(blue)[0].max() + 40


def test_rec601_is_pillows_grey():
    grey = np.asarray(Image.fromarray(PHOTO).convert("L"))
    expected = rgb2lab(np.repeat(grey[..., None], 3, axis=-1))[..., 0]
    differing = np.abs(made("rec601") - expected)
    assert np.median(differing) < 2e-3
    assert differing.max() < 1  # Pillow's integers round some luma the other way, by one level


def test_8bit_lab_is_rounded_to_256_levels():
    np.testing.assert_allclose(made("8bit-lab"), np.rint(LIGHTNESS * 2.55) / 2.55, **CLOSE)


def test_jpeg_is_a_grey_jpeg():
    grey = np.repeat(np.arange(64, dtype=np.uint8)[None] * 4, 64, axis=0) ^ PHOTO[..., 0] >> 3
    lightness = rgb2lab(np.repeat(grey[..., None], 3, axis=-1))[..., 0].astype(np.float32)
    file = BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=65)
    read = np.asarray(Image.open(file).convert("RGB"))
    np.testing.assert_allclose(made("jpeg:0.5", lightness), rgb2lab(read)[..., 0], rtol=0, atol=0.01)


def test_scratches_are_lines_on_an_untouched_photo():
    scratched = made("scratches")
    touched = ~np.isclose(scratched, LIGHTNESS)
    assert 0 < touched.mean() < 12 / 64
    assert (touched.sum(axis=1) >= 8).all()  # 12 cross every row, some at the same pixel or beside the photo
    light, dark = touched & (scratched > LIGHTNESS), touched & (scratched < LIGHTNESS)
    assert light.sum() == pytest.approx(dark.sum(), rel=0.5)
    # A pixel under one scratch is 70% white or black.
    one_light = np.isclose(scratched, 0.3 * LIGHTNESS + 70, atol=1e-3)
    one_dark = np.isclose(scratched, 0.3 * LIGHTNESS, atol=1e-3)
    assert (one_light | one_dark)[touched].mean() > 0.7


@pytest.mark.parametrize("grey", [20.0, 50.0, 80.0])
def test_halftone_keeps_the_light_of_a_flat_grey(grey):
    flat = np.full((512, 512), grey, np.float32)
    printed = made("halftone", flat)
    light = ((grey + 16) / 116) ** 3
    roots = (printed.astype(float) + 16) / 116
    scanned = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29))
    assert scanned.mean() == pytest.approx(light, abs=0.01)
    assert printed.std() > 3
    spectrum = np.abs(np.fft.fft2(printed - printed.mean()))
    row, column = np.unravel_index(spectrum.argmax(), spectrum.shape)
    frequency = np.hypot(*(min(each, 512 - each) for each in (row, column)))
    assert frequency == pytest.approx(64, abs=1)  # lines per side, along the diagonal
    assert min(row, 512 - row) == min(column, 512 - column)


def test_size_averages_areas_before_it_enlarges():
    small = LIGHTNESS.reshape(16, 4, 16, 4).mean(axis=(1, 3))
    expected = np.asarray(Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC))
    np.testing.assert_allclose(made("size"), np.clip(expected, 0, 100), **CLOSE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grian", "unknown degradation 'grian'; did you mean grain"),
        ("fade:2", "'fade:2': the strength of fade is a number from 0 to 1, such as fade:0.5"),
        ("fade:", "'fade:': the strength"),
        ("fade:nan", "'fade:nan': the strength"),
        ("fade:-1", "'fade:-1': the strength"),
    ],
)
def test_unknown_degradations_and_strengths_are_refused(text, message):
    with pytest.raises(UserError, match=message):
        Condition.parse(text)


def test_a_degradation_is_part_of_the_digest_and_none_is_not():
    digests = [Protocol(degrade=text).digest for text in ("", "grain", "grain:0.5", "blur")]
    assert len(set(digests)) == 4
    assert Protocol(degrade="").facts() == Protocol().facts()
    assert "6 L*" in Protocol(degrade="grain").facts()["degrade"]
    assert Protocol(degrade="grain").preparation == Protocol().preparation  # photos are read as before


def test_one_registered_function_is_a_new_degradation():
    from huebench.bench.protocol.degradations import degradation

    try:

        @degradation("negative", "light and dark swapped")
        def negative(given):
            return 100 - given.lightness

        np.testing.assert_allclose(made("negative"), 100 - LIGHTNESS)
    finally:
        degradations._items.pop("negative", None)
