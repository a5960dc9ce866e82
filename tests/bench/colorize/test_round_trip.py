"""What stays as it was in a colorized photo, checked with libraries that did not write it."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, ImageCms, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo
from skimage.color import rgb2lab

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/tiff"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def level(rgb):
    """Return the level of the grey with the same CIE L*, from the sRGB standard's formulas in float64."""
    encoded = rgb.astype(float) / np.iinfo(rgb.dtype).max
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126729, 0.7151522, 0.0721750)
    return 255 * np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055)


def lightness(rgb):
    """Return CIE L* of RGB of any depth, by scikit-image."""
    return rgb2lab(rgb.astype(float) / np.iinfo(rgb.dtype).max)[..., 0]


def profile(space, gamma, primaries):
    """Return a minimal ICC profile of curves with a plain gamma and, for RGB, primaries in XYZ at D50."""

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(round(v * 65536).to_bytes(4) for v in values)

    white = xyz((0.9642, 1.0, 0.8249))
    curve = b"curv\0\0\0\0" + (1).to_bytes(4) + round(gamma * 256).to_bytes(2) + b"\0\0"
    text = b"desc\0\0\0\0" + (5).to_bytes(4) + b"test\0" + b"\0" * 79
    tags = [(b"desc", text), (b"wtpt", white)]
    tags += [(name + b"TRC", curve) for name in primaries or (b"k",)]
    tags += [(name + b"XYZ", xyz(values)) for name, values in primaries.items()]
    places, content = [], b""
    for name, data in tags:
        padded = data + b"\0" * (-len(data) % 4)
        places.append(name + (128 + 4 + 12 * len(tags) + len(content)).to_bytes(4) + len(padded).to_bytes(4))
        content += padded
    body = len(tags).to_bytes(4) + b"".join(places) + content
    head = (128 + len(body)).to_bytes(4) + b"lcms" + b"\x02\x40\0\0" + b"mntr" + space + b"XYZ " + b"\0" * 12
    return (head + b"acsp").ljust(68, b"\0") + white[8:] + b"\0" * 48 + body


def gray_profile(gamma):
    return profile(b"GRAY", gamma, {})


ADOBE_GAMMA = 563 / 256

ADOBE_RGB = profile(
    b"RGB ",
    ADOBE_GAMMA,
    {b"r": (0.60974, 0.31111, 0.01947), b"g": (0.20528, 0.62567, 0.06087), b"b": (0.14919, 0.06322, 0.74457)},
)


def adobe_lightness(rgb):
    """Return CIE L* of Adobe RGB of any depth, from the standard's formulas in float64."""
    luminance = (rgb / np.iinfo(rgb.dtype).max) ** ADOBE_GAMMA @ (0.29734, 0.62736, 0.07529)
    return np.where(luminance > (6 / 29) ** 3, 116 * np.cbrt(luminance) - 16, luminance * (29 / 3) ** 3)


@pytest.mark.parametrize(("name", "bits"), [("scan.png", 8), ("scan.tif", 8), ("scan.tif", 16)])
def test_adobe_rgb_photo_keeps_its_profile_and_lightness(colorize, tmp_path, grey, deep, name, bits):
    scan = np.repeat((grey if bits == 8 else deep)[..., None], 3, axis=2)
    if bits == 16:
        tags = [(34675, "B", len(ADOBE_RGB), ADOBE_RGB, True)]
        tifffile.imwrite(tmp_path / name, scan, photometric="rgb", extratags=tags)
    else:
        Image.fromarray(scan).save(tmp_path / name, icc_profile=ADOBE_RGB)
    code, output = colorize(name)
    assert code == 0, output
    with Image.open(tmp_path / "colorized" / name) as picture:
        assert picture.info["icc_profile"] == ADOBE_RGB
        made = np.asarray(picture)
    if bits == 16:
        made = tifffile.imread(tmp_path / "colorized" / name)
    assert made.dtype == scan.dtype
    assert np.ptp(made.astype(int), axis=2).mean() > (20 if bits == 8 else 20 * 257)
    differences = np.abs(adobe_lightness(made) - adobe_lightness(scan))
    step = np.gradient(adobe_lightness(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)))
    assert (differences < (step[grey] if bits == 8 else 0.05)).all()


@pytest.mark.parametrize("name", ["scan.png", "scan.tif", "scan.webp"])
def test_lightness_stays_within_a_level_of_8_bits(colorize, tmp_path, grey, name):
    options = {"lossless": True} if name.endswith("webp") else {}
    Image.fromarray(grey).save(tmp_path / name, **options)
    before = (tmp_path / name).read_bytes()
    code, output = colorize(name)
    assert code == 0, output
    with Image.open(tmp_path / "colorized" / name) as picture:
        rgb = np.asarray(picture)
    assert rgb.shape == (*grey.shape, 3)
    assert np.ptp(rgb.astype(int), axis=2).mean() > 20
    assert np.abs(level(rgb) - grey).max() < 1
    assert (tmp_path / name).read_bytes() == before


def test_lightness_of_a_jpeg_stays_as_far_as_jpeg_allows(colorize, tmp_path, grey):
    Image.fromarray(grey).save(tmp_path / "scan.jpg", quality=95)
    assert colorize("scan.jpg")[0] == 0
    with (
        Image.open(tmp_path / "scan.jpg") as before,
        Image.open(tmp_path / "colorized" / "scan.jpg") as after,
    ):
        differences = np.abs(level(np.asarray(after)) - np.asarray(before))
    assert differences.mean() < 1


@pytest.mark.skipif("HUEBENCH_DATA" not in os.environ, reason="HUEBENCH_DATA is not set")
@pytest.mark.parametrize("name", ["ccby", "landscapes"])
def test_lightness_of_real_photos(bench, tmp_path, name):
    """Without loss, lightness stays within a level; JPEG rounds, so that a few pixels move by two."""
    (tmp_path / "scans").mkdir()
    folder = Path(os.environ["HUEBENCH_DATA"], name)
    paths = sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".jpeg"})
    for i, path in enumerate(paths[:: len(paths) // 5][:5]):
        with Image.open(path) as photo:
            photo.convert("L").save(tmp_path / "scans" / f"{i}.jpg", quality=92)
    for kind in ("jpeg", "png"):
        assert bench("colorize", "scans", "--format", kind, "--out", kind)[0] == 0
    differences = {"jpg": [], "png": []}
    for path in (tmp_path / "scans").iterdir():
        with Image.open(path) as before:
            grey = np.asarray(before)
        for suffix, kind in (("jpg", "jpeg"), ("png", "png")):
            with Image.open(tmp_path / kind / f"{path.stem}.{suffix}") as after:
                differences[suffix].extend(np.abs(level(np.asarray(after)) - grey).ravel())
    assert max(differences["png"]) < 1
    jpeg = np.array(differences["jpg"])
    assert np.mean(jpeg <= 1) > 0.93
    assert np.mean(jpeg <= 2) > 0.998
    assert jpeg.max() < 3


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_tiff_keeps_depth_lightness_and_tags(colorize, tmp_path, deep, channels):
    pixels = deep if channels == 1 else np.repeat(deep[..., None], 3, axis=2)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tifffile.imwrite(
        tmp_path / "scan.tif", pixels, photometric="minisblack" if channels == 1 else "rgb",
        resolution=(600, 600), resolutionunit="INCH", description="box 1, glass plate 7", software="scanner",
        metadata=None, iccprofile=profile if channels == 3 else None,
        extratags=[(700, 1, len(XMP), XMP, True), (33723, 7, 8, b"\x1c\x02\x05\0\x03box", True),
                   (315, 2, 0, "the archive", True), (50000, 4, 1, 12345, True)],
    )  # fmt: skip
    assert colorize("scan.tif")[0] == 0
    with (
        tifffile.TiffFile(tmp_path / "scan.tif") as old,
        tifffile.TiffFile(tmp_path / "colorized/scan.tif") as new,
    ):
        page, before = new.pages[0], old.pages[0]
        after = page.asarray()
        assert (after.dtype, after.shape) == (np.uint16, (*deep.shape, 3))
        for tag in (270, 282, 283, 296, 305, 315, 33723, 50000):
            assert page.tags[tag].value == before.tags[tag].value, tag
        assert (page.tags[34675].value if channels == 3 else None) == (profile if channels == 3 else None)
        assert b'dc:format="image/tiff"' in page.tags[700].value
    grey16 = lightness(np.repeat(deep[..., None], 3, axis=2))
    assert np.abs(lightness(after) - grey16).max() < 0.05


def test_16_bit_png_stays_16_bit(colorize, tmp_path, deep):
    Image.fromarray(deep).save(tmp_path / "scan.png")
    assert colorize("scan.png")[0] == 0
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'bench'")
    after = cv2.imread(str(tmp_path / "colorized/scan.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert after.dtype == np.uint16
    assert np.abs(lightness(after) - lightness(np.repeat(deep[..., None], 3, axis=2))).max() < 0.05


def test_exif_and_gps_of_a_tiff_are_kept(colorize, tmp_path, grey):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x8769] = {0x9003: "1912:04:10 12:00:00", 0x829A: TiffImagePlugin.IFDRational(1, 60)}
    tags[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    Image.fromarray(grey).save(tmp_path / "scan.tif", tiffinfo=tags)
    assert colorize("scan.tif")[0] == 0
    with Image.open(tmp_path / "scan.tif") as old, Image.open(tmp_path / "colorized/scan.tif") as new:
        for folder in (0x8769, 0x8825):
            before = old.getexif().get_ifd(folder)
            assert before
            assert new.getexif().get_ifd(folder) == before
        assert new.info["compression"] == old.info["compression"] == "raw"


@pytest.mark.parametrize("name", ["scan.jpg", "scan.png", "scan.webp"])
def test_exif_and_resolution_are_kept(colorize, tmp_path, grey, name):
    exif = Image.Exif()
    exif[0x010E], exif[0x010F], exif[0x0112] = "a plate", "a maker", 6
    exif.get_ifd(0x8769)[0x9003] = "1912:04:10 12:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(grey).save(tmp_path / name, exif=exif, dpi=(300, 300))
    assert colorize(name)[0] == 0
    with Image.open(tmp_path / name) as old, Image.open(tmp_path / "colorized" / name) as new:
        before, after = old.getexif(), new.getexif()
        assert new.size == old.size
        assert [after[tag] for tag in (0x010E, 0x010F, 0x0112)] == ["a plate", "a maker", 6]
        assert after.get_ifd(0x8769)[0x9003] == before.get_ifd(0x8769)[0x9003]
        assert after.get_ifd(0x8825)[1] == "N"
        assert new.info.get("dpi") == pytest.approx(old.info["dpi"], rel=1e-4) if "dpi" in old.info else True


def test_iptc_of_a_jpeg_is_kept(colorize, tmp_path, grey):
    record = b"\x1c\x02\x05\0\x07plate 7"
    block = b"Photoshop 3.0\08BIM\x04\x04\0\0" + len(record).to_bytes(4) + record + b"\0" * (len(record) % 2)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "JPEG")
    content = stream.getvalue()
    segment = b"\xff\xed" + (len(block) + 2).to_bytes(2) + block
    (tmp_path / "scan.jpg").write_bytes(content[:2] + segment + content[2:])
    assert colorize("scan.jpg")[0] == 0
    from PIL import IptcImagePlugin

    with Image.open(tmp_path / "colorized/scan.jpg") as new:
        assert IptcImagePlugin.getiptcinfo(new)[(2, 5)] == b"plate 7"


@pytest.mark.parametrize("name", ["scan.jpg", "scan.png", "scan.webp", "scan.tif"])
def test_xmp_says_that_the_photo_was_colorized(colorize, tmp_path, grey, name):
    if name == "scan.png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        Image.fromarray(grey).save(tmp_path / name, pnginfo=info)
    else:
        options = {"tiffinfo": {700: XMP}} if name == "scan.tif" else {"xmp": XMP}
        Image.fromarray(grey).save(tmp_path / name, **options)
    assert colorize(name)[0] == 0
    with Image.open(tmp_path / "colorized" / name) as new:
        places = {
            "scan.tif": getattr(new, "tag_v2", {}).get(700),
            "scan.png": new.info.get("XML:com.adobe.xmp"),
        }
        content = places.get(name) or new.info["xmp"]
        content = content.encode() if isinstance(content, str) else content
    assert b"cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced" in content
    assert b"colorized by huebench warm " in content
    assert b'dc:format="image/tiff"' in content


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_grey_profile_decides_the_lightness(colorize, tmp_path, grey, gamma):
    profile = gray_profile(gamma)
    Image.fromarray(grey).save(tmp_path / "scan.tif", icc_profile=profile)
    assert colorize("scan.tif")[0] == 0
    with Image.open(tmp_path / "colorized/scan.tif") as new:
        rgb = np.asarray(new)
        space = ImageCms.ImageCmsProfile(io.BytesIO(new.info["icc_profile"])).profile.xcolor_space
    assert space.strip() == "RGB"
    linear = (grey / 255) ** gamma
    expected = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(level(rgb) - expected).max() < 1


def test_wide_profile_of_a_colour_scan_is_kept_and_used(colorize, tmp_path, deep):
    profile = bytes(pyvips.Image.profile_load("p3"))
    rgb = np.repeat(deep[..., None], 3, axis=2)
    tifffile.imwrite(tmp_path / "scan.tif", rgb, photometric="rgb", iccprofile=profile)
    assert colorize("scan.tif")[0] == 0
    with tifffile.TiffFile(tmp_path / "colorized/scan.tif") as new:
        after = new.asarray()
        assert new.pages[0].tags[34675].value == profile
    # The curve of P3 is that of sRGB; its luminance is made of other shares.
    linear = [
        np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4) for x in (after / 65535, rgb / 65535)
    ]
    new, old = (116 * np.cbrt(np.maximum(x @ (0.22897, 0.69174, 0.07929), 0.008856)) for x in linear)
    assert np.abs(new - old).max() < 0.05
    assert np.ptp(after.astype(int), axis=2).mean() > 20 * 257


def test_alpha_is_kept(colorize, tmp_path, grey):
    alpha = np.indices(grey.shape).sum(0).astype(np.uint8)
    Image.fromarray(np.stack([grey, alpha], axis=2), "LA").save(tmp_path / "scan.png")
    assert colorize("scan.png")[0] == 0
    with Image.open(tmp_path / "colorized/scan.png") as new:
        assert new.mode == "RGBA"
        assert np.array_equal(np.asarray(new)[..., 3], alpha)
        assert np.abs(level(np.asarray(new)[..., :3]) - grey).max() < 1


def test_strength_0_gives_the_grey_photo(colorize, tmp_path, grey):
    Image.fromarray(grey).save(tmp_path / "scan.png")
    assert colorize("scan.png", "--strength", 0)[0] == 0
    with Image.open(tmp_path / "colorized/scan.png") as new:
        assert np.array_equal(np.asarray(new), np.repeat(grey[..., None], 3, axis=2))


def test_photo_that_is_turned_by_its_exif_tag_is_colorized_upright(colorize, tmp_path, warm, grey):
    seen = []

    def remember(self, lightness, context):
        seen.append(lightness[0])
        return np.zeros((*lightness.shape, 2), np.float32)

    warm.colorize = remember
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(grey).save(tmp_path / f"{orientation}.png", exif=exif)
    assert colorize(tmp_path, "--jobs", 1)[0] == 0
    from PIL import ImageOps

    for orientation, plane in enumerate(seen, 1):
        with Image.open(tmp_path / f"{orientation}.png") as picture:
            turned = np.asarray(ImageOps.exif_transpose(picture), float)
        assert plane.shape == turned.shape, orientation
        assert np.corrcoef(plane.ravel(), turned.ravel())[0, 1] > 0.99, orientation


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp"])
def test_format_can_be_chosen(colorize, tmp_path, grey, kind):
    Image.fromarray(grey).save(tmp_path / "scan.bmp")
    assert colorize("scan.bmp", "--format", kind)[0] == 0
    (path,) = (tmp_path / "colorized").glob("scan.*")
    with Image.open(path) as new:
        assert new.format == kind.upper()
