"""Every row of the sensitivity's tables against an independent computation on a few small photos."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage import color, data, metrics

from huebench import UserError
from huebench.bench.plan.request import Request
from huebench.bench.sensitivity.measure import measure
from huebench.bench.sensitivity.variants import BASE, DEFINITIONS, variants
from huebench.datasets.color.bins import gamut_bins

SIDE = 48


@pytest.fixture(scope="module")
def photos():
    """Return six photos of different shapes; the one to test on is colourful, the last is grey."""
    found = [data.coffee()[:300:4, ::4], data.astronaut()[::6, :400:6], data.retina()[::20, ::20]]
    found += [data.chelsea()[::4, ::5], data.rocket()[::5, ::5]]
    return [*found, np.repeat(found[0][..., :1], 3, axis=2)]


@pytest.fixture(scope="module")
def folder(photos, tmp_path_factory):
    root = tmp_path_factory.mktemp("photos")
    for i, photo in enumerate(photos):
        split = "train" if i in (1, 3) else "test"
        path = root / split / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(photo).save(path)
    return root


@pytest.fixture(scope="module")
def found(folder):
    options = {"methods": "gray,mean-ab", "dataset": f"folder:{folder}", "size": SIDE}
    return measure(Request.of(**options))


@pytest.fixture(scope="module")
def pairs(photos):
    """Return truth and grey prediction of each tested photo, as Pillow and scikit-image make them."""
    return [paired(photo) for i, photo in enumerate(photos) if i not in (1, 3)]


def paired(photo, resample=Image.Resampling.LANCZOS, box=None):
    image = Image.fromarray(photo).crop(box) if box else Image.fromarray(photo)
    truth = np.asarray(image.resize((SIDE, SIDE), resample))
    return truth, greyed(truth)


def greyed(truth):
    lab = color.rgb2lab(truth)
    lab[..., 1:] = 0
    return np.rint(255 * color.lab2rgb(lab)).astype(np.uint8)


def value(found, metric, text, method="gray"):
    (row,) = [row for row in found.rows if (row.metric, row.text) == (metric, text)]
    return row.values[method]


def psnr(pairs):
    """Return scikit-image's mean PSNR, an exact prediction counting as 58.92 dB."""
    mse = np.array([np.mean((truth.astype(float) - predicted) ** 2) for truth, predicted in pairs])
    return np.mean(10 * np.log10(255**2 / np.maximum(mse, 1 / 12)))


def test_the_base_is_skimages_psnr(found, pairs):
    assert value(found, "psnr", BASE) == pytest.approx(psnr(pairs), abs=0.01)
    coloured = pairs[0]
    expected = metrics.peak_signal_noise_ratio(*coloured)
    assert psnr([coloured]) == pytest.approx(expected, abs=1e-9)


def test_wrapped_psnr_is_what_uint8_arithmetic_gives(found, pairs):
    with np.errstate(all="ignore"):
        mse = [np.mean((truth - predicted) ** 2) for truth, predicted in pairs]
    expected = np.mean([10 * np.log10(255**2 / max(each, 1 / 12)) for each in mse])
    assert value(found, "psnr", "differences in uint8, which wrap") == pytest.approx(expected, abs=0.05)


def test_pooled_mse_is_one_ratio_of_all_pixels(found, pairs):
    truth, predicted = (np.stack(each).astype(float) for each in zip(*pairs, strict=True))
    expected = 10 * np.log10(255**2 / np.mean((truth - predicted) ** 2))
    assert value(found, "psnr", "MSE pooled over photos") == pytest.approx(expected, abs=0.01)


def test_a_cap_of_50_decibels_counts_for_the_grey_photo(found, pairs):
    capped = np.mean([min(psnr([pair]), 50) for pair in pairs])
    assert value(found, "psnr", "at most 50 dB per photo") == pytest.approx(capped, abs=0.01)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (BASE, {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}),
        ("uniform 7×7 window (scikit-image's default)", {"data_range": 255}),
        ("uniform 7×7 window, data range 225", {"data_range": 225}),
    ],
)
def test_ssim_windows_are_skimages(found, pairs, text, options):
    scores = [metrics.structural_similarity(*pair, channel_axis=-1, **options) for pair in pairs]
    assert value(found, "ssim", text) == pytest.approx(np.mean(scores), abs=1e-3)


def colorfulness(photo, change=lambda plane: plane):
    red, green, blue = np.moveaxis(photo.astype(float), -1, 0)
    rg, yb = change(red - green), change((red + green) / 2 - blue)
    return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())


def test_colorfulness_signed_and_absolute(found, photos, pairs):
    learned = np.concatenate([color.rgb2lab(paired(photos[i])[0])[..., 1:].reshape(-1, 2) for i in (1, 3)])
    tint = learned.mean(axis=0)
    predicted = []
    for truth, _ in pairs:
        lab = color.rgb2lab(truth)
        lab[..., 1:] = tint
        predicted.append(np.rint(255 * color.lab2rgb(lab)))
    for text, change in ((BASE, lambda plane: plane), ("of absolute rg and yb", np.abs)):
        expected = np.mean([colorfulness(photo, change) for photo in predicted])
        assert value(found, "colorfulness", text, "mean-ab") == pytest.approx(expected, abs=0.05)


def test_delta_colorfulness_of_grey_is_the_truths_own(found, pairs):
    for text, change in ((BASE, lambda plane: plane), ("of absolute rg and yb", np.abs)):
        expected = np.mean([colorfulness(truth, change) for truth, _ in pairs])
        assert value(found, "delta_colorfulness", text) == pytest.approx(expected, abs=1e-9)
    # Grey is duller than every photo: the mean of the gaps is the gap of the means.
    assert value(found, "delta_colorfulness", "per photo") == pytest.approx(
        value(found, "delta_colorfulness", BASE), abs=1e-9
    )


def test_auc_per_photo_and_weighted_by_pixels(found, photos, pairs):
    areas = []
    for truth, predicted in pairs:
        distance = np.linalg.norm(color.rgb2lab(truth)[..., 1:] - color.rgb2lab(predicted)[..., 1:], axis=-1)
        shares = [(distance <= t).mean() for t in range(151)]
        areas.append(np.trapezoid(shares) / 150)
    assert value(found, "auc", BASE) == pytest.approx(np.mean(areas), abs=2e-3)
    pixels = [photo.shape[0] * photo.shape[1] for i, photo in enumerate(photos) if i not in (1, 3)]
    expected = np.average(areas, weights=pixels)
    weighted = value(found, "auc", "photos weighted by their original pixels")
    assert weighted == pytest.approx(expected, abs=2e-3)
    assert weighted != value(found, "auc", BASE)


def test_rebalanced_auc_pooled_and_each_photo_alone(found, photos, pairs):
    bins = gamut_bins()
    nodes = bins.nodes.astype(float)
    learned = [paired(photos[i])[0] for i in (1, 3)]
    prior = bins.prior(learned)
    near = np.exp(-np.square(nodes[:, None] - nodes).sum(axis=-1) / (2 * 5**2))
    smoothed = (near / near.sum(axis=0)) @ prior
    within, total, alone = np.zeros(151), 0.0, []
    for truth, predicted in pairs:
        true, given = (color.rgb2lab(photo)[..., 1:].reshape(-1, 2) for photo in (truth, predicted))
        distance, bin_ = np.linalg.norm(true - given, axis=-1), bins.assign(true.astype(np.float32))
        close = distance <= np.arange(151)[:, None]
        pooled = 1 / np.maximum(smoothed, smoothed[prior > 0].min())[bin_]
        own = 1 / np.maximum(prior, prior[prior > 0].min())[bin_]
        within, total = within + close @ pooled, total + pooled.sum()
        alone.append(np.trapezoid(close @ own / own.sum()) / 150)
    expected = np.trapezoid(within / total) / 150
    assert value(found, "auc_rebalanced", BASE) == pytest.approx(expected, abs=2e-3)
    text = "each photo alone, prior not smoothed"
    assert value(found, "auc_rebalanced", text) == pytest.approx(np.mean(alone), abs=2e-3)


@pytest.mark.parametrize(
    ("text", "resample"),
    [
        ("resized bicubically (Pillow)", Image.Resampling.BICUBIC),
        ("resized bilinearly, antialiased (Pillow)", Image.Resampling.BILINEAR),
    ],
)
def test_filters_are_pillows(found, photos, text, resample):
    expected = psnr([paired(photo, resample) for i, photo in enumerate(photos) if i not in (1, 3)])
    assert value(found, "psnr", text) == pytest.approx(expected, abs=0.01)


def test_the_crop_is_the_middle_square(found, photos):
    cropped = []
    for photo in (photo for i, photo in enumerate(photos) if i not in (1, 3)):
        height, width, _ = photo.shape
        side = min(height, width)
        left, top = (width - side) // 2, (height - side) // 2
        cropped.append(paired(photo, box=(left, top, left + side, top + side)))
    assert value(found, "psnr", "cropped at the centre") == pytest.approx(psnr(cropped), abs=0.01)


def test_the_truth_goes_through_a_jpeg(found, pairs):
    changed = []
    for truth, predicted in pairs:
        file = BytesIO()
        Image.fromarray(truth).save(file, "JPEG", quality=75)
        changed.append((np.asarray(Image.open(file)), predicted))
    assert value(found, "psnr", "truth through JPEG") == pytest.approx(psnr(changed), abs=0.01)


def test_luma_makes_another_grey(found, pairs):
    changed = []
    for truth, _ in pairs:
        grey = np.asarray(Image.fromarray(truth).convert("L"))
        changed.append((truth, np.repeat(grey[..., None], 3, axis=-1)))
    assert value(found, "psnr", "grey: Rec. 601 luma") == pytest.approx(psnr(changed), abs=0.05)


def test_half_the_resolution_costs_its_own_lightness_only_if_it_is_kept(found, pairs):
    kept = []
    for truth, predicted in pairs:
        half = Image.fromarray(predicted).resize((SIDE // 2, SIDE // 2), Image.Resampling.BILINEAR)
        kept.append((truth, np.asarray(half.resize((SIDE, SIDE), Image.Resampling.BILINEAR))))
    text = "half the resolution, L* kept: RGB as the network made it"
    assert value(found, "psnr", text) == pytest.approx(psnr(kept), abs=0.01)
    replaced = value(found, "psnr", "half the resolution, L* replaced by the input's")
    assert replaced == pytest.approx(value(found, "psnr", BASE), abs=0.01)  # grey has no chroma to lose


def test_near_grey_photos_are_left_out(found, pairs):
    coloured = pairs[:-1]
    assert value(found, "psnr", "without near-grey photos") == pytest.approx(psnr(coloured), abs=0.01)


def test_every_choice_has_its_rows(found):
    texts = {row.text for row in found.rows}
    assert {variant.text for variant in variants(found.protocol)} <= texts
    assert {definition.text for definition in DEFINITIONS} <= texts
    assert found.photos == 4
    for metric in found.metrics:
        assert found.base(metric).text == BASE


def test_only_some_choices_are_measured_if_asked(folder):
    request = Request.of(methods="gray", dataset=f"folder:{folder}", size=SIDE)
    found = measure(request, ["by area", "cropped"])
    assert {row.text for row in found.rows} == {BASE, "resized by area", "cropped at the centre"}
    with pytest.raises(UserError, match="no choice contains upside down; the choices: resized bicubically"):
        measure(request, ["upside down"])


def test_oracles_are_refused(folder):
    with pytest.raises(UserError, match="oracle-roundtrip sees the truth"):
        measure(Request.of(methods="oracle-roundtrip", dataset=f"folder:{folder}", size=SIDE))


def test_a_photo_that_cannot_be_decoded_is_named_and_the_rows_tell_how_many_they_leave_out(photos, tmp_path):
    for name in ("train/a", "test/grey", "test/broken"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(photos[-1 if name == "test/grey" else 0]).save(tmp_path / f"{name}.png")
    broken = tmp_path / "test" / "broken.png"
    broken.write_bytes(broken.read_bytes()[:200])
    request = Request.of(methods="gray", dataset=f"folder:{tmp_path}", size=SIDE)
    found = measure(request, ["near-grey", "area"])
    assert (found.photos, found.unread) == (1, ("test/broken.png",))
    for row in found.rows:
        empty = row.text == "without near-grey photos"
        assert row.left_out == empty
        assert np.isnan(row.values["gray"]) == empty
