"""Decoding against independent references: tifffile, hand-made PNGs, LittleCMS profiles, plain arithmetic."""

import importlib
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import PIL
import pytest
import tifffile
from PIL import Image, ImageCms, ImageFile
from skimage import data as skimage_data

from huebench.datasets import decode as module
from huebench.datasets.base import PhotoError
from huebench.datasets.decode import BACKGROUND, decode, decoder_digest, decoder_files
from huebench.datasets.guards import MAX_PIXELS
from huebench.datasets.sets.folder import Folder
from huebench.datasets.sets.mirflickr import Mirflickr
from huebench.datasets.sets.samples import Samples

WORDS = np.array([0, 128, 255, 256, 257, 32767, 32896, 65278, 65535], np.uint16)


def encode(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, shape, np.uint8)


def png(width: int, height: int, depth: int, colour: int, rows: bytes, transparent: bytes = b"") -> bytes:
    """Build a PNG by hand: an encoder of 16-bit colour that does not depend on what is tested."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + (chunk(b"tRNS", transparent) if transparent else b"")
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def tiff(width: int, bits: int, row: bytes) -> bytes:
    """Build a grey TIFF of one row by hand: tifffile packs 12 bits only with another library."""
    start = 8 + 2 + 12 * 9 + 4
    tags = (
        (256, width),
        (257, 1),
        (258, bits),
        (259, 1),
        (262, 1),
        (273, start),
        (277, 1),
        (278, 1),
        (279, len(row)),
    )
    entries = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + row


def test_plain_rgb_comes_back_exactly(tmp_path):
    rgb = noise(5, 7, 3)
    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.fromarray(rgb)))
    assert np.array_equal(decode(path), rgb)
    decoded = decode(path.read_bytes())
    assert np.array_equal(decoded, rgb)
    assert decoded.dtype == np.uint8
    assert decoded.flags.writeable


@pytest.mark.parametrize("size", [(1, 1), (20_000, 10), (10, 20_000)])
def test_extreme_sizes(size):
    assert decode(encode(Image.new("RGB", size, (1, 2, 3)))).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "BMP", "PPM", "JPEG2000", "GIF", "AVIF", "JPEG"])
def test_formats(kind):
    flat = decode(encode(Image.new("RGB", (16, 16), (200, 100, 40)), kind))
    assert np.abs(flat.astype(int) - (200, 100, 40)).max() <= 6


class TestSixteenBits:
    high_byte = (WORDS >> 8).astype(np.uint8)

    @pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3)])
    def test_png_keeps_the_high_byte(self, colour, channels):
        rows = b"\0" + np.repeat(WORDS, channels).astype(">u2").tobytes()
        assert np.array_equal(decode(png(9, 1, 16, colour, rows))[0], np.stack([self.high_byte] * 3, -1))

    @pytest.mark.parametrize(("colour", "channels"), [(4, 2), (6, 4)])
    def test_png_with_opaque_alpha(self, colour, channels):
        words = np.repeat(WORDS[:, None], channels, 1)
        words[:, -1] = 65535
        decoded = decode(png(9, 1, 16, colour, b"\0" + words.astype(">u2").tobytes()))
        assert np.array_equal(decoded[0], np.stack([self.high_byte] * 3, -1))

    @pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"compression": "zlib"}])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_tiff_written_by_tifffile(self, options, channels):
        words = WORDS[None] if channels == 1 else np.repeat(WORDS[None, :, None], 3, 2)
        stream = BytesIO()
        tifffile.imwrite(stream, words, photometric="minisblack" if channels == 1 else "rgb", **options)
        assert np.array_equal(decode(stream.getvalue())[0], np.stack([self.high_byte] * 3, -1))

    def test_tiff_whose_white_is_zero_is_inverted(self):
        stream = BytesIO()
        tifffile.imwrite(stream, WORDS[None], photometric="miniswhite")
        assert np.array_equal(decode(stream.getvalue())[0, :, 0], 255 - self.high_byte)

    def test_separate_planes_are_refused_not_garbled(self):
        stream = BytesIO()
        planes = np.repeat(WORDS[None, None], 3, 0)
        tifffile.imwrite(stream, planes, photometric="rgb", planarconfig="separate")
        with pytest.raises(PhotoError, match="separate planes: save it with interleaved"):
            decode(stream.getvalue())

    def test_pgm(self):
        decoded = decode(b"P5 9 1 65535\n" + WORDS.astype(">u2").tobytes())
        assert np.array_equal(decoded[0, :, 0], self.high_byte)

    def test_ppm_in_colour_is_rounded_by_pillow(self):
        decoded = decode(b"P6 3 1 65535\n" + WORDS.astype(">u2").tobytes())
        assert np.array_equal(decoded.ravel(), np.round(WORDS / 257))

    def test_twelve_bit_tiff_keeps_the_highest_eight(self):
        levels = [0, 15, 16, 255, 256, 2048, 4080, 4095]
        row = int("".join(f"{level:012b}" for level in levels), 2).to_bytes(12, "big")
        assert decode(tiff(8, 12, row))[0, :, 0].tolist() == [level >> 4 for level in levels]

    def test_eight_bit_born_photos_are_exact(self):
        grey = np.arange(256, dtype=np.uint16) * 257
        assert np.array_equal(decode(encode(Image.fromarray(grey[None])))[0, :, 0], np.arange(256))


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint32])
def test_pixels_of_unknown_white_are_refused(dtype):
    stream = BytesIO()
    tifffile.imwrite(stream, np.ones((4, 4), dtype))
    with pytest.raises(PhotoError, match="32-bit pixels, whose white is unknown"):
        decode(stream.getvalue())


def test_grey_bilevel_and_grey_alpha():
    grey = noise(4, 5)
    assert np.array_equal(decode(encode(Image.fromarray(grey))), np.repeat(grey[..., None], 3, 2))
    assert np.array_equal(decode(encode(Image.fromarray(grey > 127)))[..., 0], np.where(grey > 127, 255, 0))
    alpha = Image.fromarray(np.dstack([grey, np.full_like(grey, 255)]), "LA")
    assert np.array_equal(decode(encode(alpha))[..., 1], grey)


class TestTransparency:
    def test_alpha_is_laid_over_white_by_the_over_operator(self):
        rgba = noise(8, 8, 4)
        alpha = rgba[..., 3:] / 255
        expected = rgba[..., :3] * alpha + np.array(BACKGROUND) * (1 - alpha)
        assert np.abs(decode(encode(Image.fromarray(rgba))) - expected).max() <= 1

    def test_palette_with_a_transparent_entry(self):
        image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
        image.putpalette([10, 20, 30, 40, 50, 60])
        assert decode(encode(image)).tolist() == [[[10, 20, 30], [40, 50, 60]]]
        assert decode(encode(image, transparency=1)).tolist() == [[[10, 20, 30], [255, 255, 255]]]
        assert decode(encode(image, transparency=b"\xff\x00")).tolist() == [[[10, 20, 30], [255, 255, 255]]]

    def test_transparent_colour_of_an_rgb_png(self):
        image = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
        assert decode(encode(image, transparency=(4, 5, 6))).tolist() == [[[1, 2, 3], [255, 255, 255]]]

    @pytest.mark.parametrize(("depth", "colour"), [(2, 0), (4, 0), (16, 0), (16, 2)])
    def test_transparent_colour_that_pillow_does_not_scale_is_refused(self, depth, colour):
        channels = 3 if colour else 1
        rows = b"\0" + b"\x12" * (channels * max(1, depth // 8))
        content = png(1, 1, depth, colour, rows, transparent=struct.pack(">H", 1) * channels)
        with pytest.raises(
            PhotoError, match=f"a PNG of {depth} bits with a transparent colour: save it with"
        ):
            decode(content)

    @pytest.mark.parametrize("depth", [1, 8])
    def test_transparent_grey_of_a_png(self, depth):
        assert decode(png(1, 1, depth, 0, b"\0\0", transparent=b"\0\0")).tolist() == [[[255] * 3]]


class TestOrientation:
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40

    # What undoes each of EXIF's orientations, in terms of numpy.
    undo = {  # noqa: RUF012
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: np.transpose,
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).T,
        8: np.rot90,
    }

    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
    @pytest.mark.parametrize("orientation", undo)
    def test_exif_orientation(self, kind, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"lossless": True} if kind == "WEBP" else {}
        content = encode(Image.fromarray(self.upright).convert("RGB"), kind, exif=exif, **options)
        assert np.array_equal(decode(content)[..., 0], self.undo[orientation](self.upright))

    @pytest.mark.parametrize("orientation", undo)
    def test_jpeg(self, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        blocks = np.kron(self.upright, np.ones((16, 16), np.uint8))
        decoded = decode(encode(Image.fromarray(blocks), "JPEG", exif=exif, quality=100))[..., 0]
        expected = self.undo[orientation](blocks)
        assert decoded.shape == expected.shape
        assert np.abs(decoded.astype(int) - expected).max() <= 2

    @pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0"])
    def test_broken_exif_counts_as_upright(self, exif):
        content = encode(Image.fromarray(self.upright).convert("RGB"), "PNG", exif=exif)
        assert np.array_equal(decode(content)[..., 0], self.upright)

    def test_unknown_orientation_counts_as_upright(self):
        exif = Image.Exif()
        exif[0x0112] = 77
        content = encode(Image.fromarray(self.upright), "PNG", exif=exif)
        assert np.array_equal(decode(content)[..., 0], self.upright)


class TestCmyk:
    ink = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 128, 0, 64], [0, 0, 0, 255]]], np.uint8)

    def expected(self):
        cmy, black = self.ink[..., :3].astype(float), self.ink[..., 3:].astype(float)
        return (255 - cmy) * (255 - black) / 255

    def test_tiff_by_the_plain_formula(self):
        decoded = decode(encode(Image.fromarray(self.ink, "CMYK"), "TIFF"))
        assert np.abs(decoded - self.expected()).max() <= 1

    def test_adobe_jpeg_is_not_inverted_twice(self):
        wide = np.repeat(np.repeat(self.ink, 16, 0), 16, 1)
        content = encode(Image.fromarray(wide, "CMYK"), "JPEG", quality=100)
        assert b"Adobe" in content
        assert np.abs(decode(content)[8, 8::16] - self.expected()[0]).max() <= 6


class TestProfiles:
    def profile(self, red: tuple[float, float]) -> bytes:
        """Return a matrix profile with sRGB's curve and white, whose red primary is moved, made by hand."""
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        content = bytearray(srgb.tobytes())
        count = struct.unpack(">I", content[128:132])[0]
        tags = {}
        for index in range(count):
            name, start, _ = struct.unpack(">4sII", content[132 + 12 * index : 144 + 12 * index])
            tags[name] = start
        struct.pack_into(">ii", content, tags[b"rXYZ"] + 8, *(round(value * 65536) for value in red))
        return bytes(content).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))

    def test_embedded_profile_is_converted_to_srgb_as_littlecms_does(self):
        rgb = noise(8, 8, 3)
        profile = self.profile((0.60, 0.31))
        expected = ImageCms.profileToProfile(
            Image.fromarray(rgb),
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        decoded = decode(encode(Image.fromarray(rgb), icc_profile=profile))
        assert np.array_equal(decoded, np.asarray(expected))
        assert np.abs(decoded.astype(int) - rgb).max() > 20

    def test_srgb_profile_changes_no_level(self):
        rgb = noise(16, 16, 3)
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        assert np.array_equal(decode(encode(Image.fromarray(rgb), icc_profile=srgb)), rgb)

    def gamma(self, gamma: float) -> bytes:
        """Return Pillow's sRGB profile, under its name, with a plain gamma for a curve."""
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        curve = srgb.index(b"para\0\0\0\0\0\3")
        plain = b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(gamma * 65536))
        return srgb[:curve] + plain + srgb[curve + len(plain) :]

    def test_srgb_in_name_alone_is_converted(self):
        grey = np.full((1, 1, 3), 64, np.uint8)
        linear = 64 / 255
        expected = round(255 * (1.055 * linear ** (1 / 2.4) - 0.055))
        assert expected == 137
        assert decode(encode(Image.fromarray(grey), icc_profile=self.gamma(1))).tolist() == [[[expected] * 3]]

    def test_srgb_with_a_gamma_of_2_2_is_taken_at_its_word(self):
        rgb = noise(16, 16, 3)
        assert np.array_equal(decode(encode(Image.fromarray(rgb), icc_profile=self.gamma(2.2))), rgb)

    @pytest.mark.parametrize("profile", [b"garbage", b"\0" * 200])
    def test_broken_profile_counts_as_srgb(self, profile):
        rgb = noise(4, 4, 3)
        assert np.array_equal(decode(encode(Image.fromarray(rgb), icc_profile=profile)), rgb)

    def test_profile_of_another_colour_space_counts_as_srgb(self):
        grey = noise(4, 4)
        content = encode(Image.fromarray(grey), icc_profile=self.profile((0.6, 0.31)))
        assert np.array_equal(decode(content)[..., 0], grey)

    def test_profile_applies_under_alpha(self):
        rgb = noise(4, 4, 3)
        opaque = np.dstack([rgb, np.full((4, 4), 255, np.uint8)])
        profile = self.profile((0.60, 0.31))
        plain = decode(encode(Image.fromarray(rgb), icc_profile=profile))
        assert np.array_equal(decode(encode(Image.fromarray(opaque), icc_profile=profile)), plain)


def test_animations_give_their_first_frame():
    first, second = Image.new("RGB", (4, 4), (255, 0, 0)), Image.new("RGB", (4, 4), (0, 0, 255))
    for kind in ("GIF", "PNG", "WEBP"):
        content = encode(first, kind, save_all=True, append_images=[second])
        assert decode(content)[0, 0].argmax() == 0


class TestRefusals:
    def test_empty_file(self, tmp_path):
        (tmp_path / "empty.jpg").touch()
        with pytest.raises(PhotoError, match=r"^the file is empty$"):
            decode(tmp_path / "empty.jpg")

    def test_missing_file(self, tmp_path):
        with pytest.raises(PhotoError, match=r"^No such file or directory$"):
            decode(tmp_path / "none.jpg")

    def test_folder(self, tmp_path):
        with pytest.raises(PhotoError, match=r"^Is a directory$"):
            decode(tmp_path)

    @pytest.mark.parametrize(
        "content", [b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\0" * 999]
    )
    def test_no_image(self, content):
        with pytest.raises(PhotoError, match="not an image in a supported format"):
            decode(content)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM", "JPEG2000", "AVIF"])
    @pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
    def test_truncated_anywhere_is_refused_with_a_reason(self, kind, share):
        content = encode(Image.fromarray(skimage_data.astronaut()[:64, :64]), kind)
        with pytest.raises(PhotoError, match=r"\w+"):
            decode(content[: int(len(content) * share)])

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
    @pytest.mark.parametrize(
        "options", [{}, {"subsampling": 0}, {"restart_marker_rows": 1}, {"mode": "L"}, {"mode": "CMYK"}]
    )
    def test_jpeg_cut_short_is_refused_also_with_a_new_end_mark(self, share, options):
        options = dict(options)
        photo = Image.fromarray(skimage_data.astronaut()[:200, :200]).convert(options.pop("mode", "RGB"))
        content = encode(photo, "JPEG", **options)
        with pytest.raises(
            PhotoError, match=r"^the file is cut short: the lower part of the photo is missing$"
        ):
            decode(content[: int(len(content) * share)] + b"\xff\xd9")

    @pytest.mark.parametrize("mode", ["L", "RGB"])
    @pytest.mark.parametrize("progressive", [False, True])
    def test_whole_jpeg_that_ends_in_middle_grey_is_decoded(self, mode, progressive):
        rgb = skimage_data.astronaut()[:64, :64].copy()
        rgb[32:] = 128
        content = encode(Image.fromarray(rgb).convert(mode), "JPEG", progressive=progressive)
        for end in (b"", b"\0more"):
            assert decode(content + end)[-1, -1].tolist() == [128] * 3

    def test_progressive_jpeg_cut_short_with_a_new_end_mark_passes_as_stated(self):
        photo = skimage_data.astronaut()[:200, :200]
        content = encode(Image.fromarray(photo), "JPEG", progressive=True)
        whole, blurred = decode(content), decode(content[: len(content) // 2] + b"\xff\xd9")
        assert blurred.shape == whole.shape
        assert 2 < np.abs(blurred.astype(int) - whole).mean() < 20

    @pytest.mark.parametrize("place", ["open", "Image.Exif.get"])
    def test_memory_error_is_not_a_photo_error(self, monkeypatch, place):
        def fail(*_, **__):
            raise MemoryError

        content = encode(Image.new("RGB", (2, 2)))
        monkeypatch.setattr(f"PIL.Image.{place.removeprefix('Image.')}", fail)
        with pytest.raises(MemoryError):
            decode(content)

    def test_too_many_pixels_are_refused_by_the_header(self):
        side = int(MAX_PIXELS**0.5)
        with pytest.raises(PhotoError, match=rf"{side} × {side + 1} is more than 67,108,864 pixels"):
            decode(png(side, side + 1, 8, 0, b""))

    def test_bombs_that_pillow_itself_refuses(self):
        with pytest.raises(PhotoError, match="decompression bomb"):
            decode(png(60_000, 60_000, 8, 0, b""))
        with pytest.raises(PhotoError, match="decompression bomb"):  # a warning in Pillow, an error here
            decode(png(10_000, 10_000, 8, 0, b""))

    def test_damaged_bytes_never_crash(self):
        rng = np.random.default_rng(11)
        photo = Image.fromarray(skimage_data.astronaut()[:48, :48])
        outcomes = set()
        for kind in ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "JPEG2000", "AVIF"):
            whole = np.frombuffer(encode(photo, kind), np.uint8)
            for _ in range(25):
                damaged = whole.copy()
                damaged[rng.integers(0, len(whole), 12)] = rng.integers(0, 256, 12)
                try:
                    outcomes.add(decode(damaged.tobytes()).ndim)
                except PhotoError as error:
                    outcomes.add(bool(str(error)))
        assert outcomes == {3, True}


def test_global_state_of_pillow_stays_as_it_was():
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    decode(encode(Image.new("RGB", (2, 2))))
    after = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    assert after == before


def test_decoder_digest_changes_with_pillow(monkeypatch):
    before = decoder_digest(Folder)
    assert decoder_digest(Folder) == before
    monkeypatch.setattr(PIL, "__version__", "0")
    assert decoder_digest(Folder) != before


def test_decoder_digest_changes_with_the_code_of_its_users(tmp_path):
    user = tmp_path / "user.py"
    digests = {decoder_digest(Folder)}
    for text in ("one", "other"):
        user.write_text(text)
        module._digest.cache_clear()
        digests.add(decoder_digest(Folder, user))
    assert len(digests) == 3


ALWAYS = {
    "decode.py",
    "guards.py",
    "base.py",
    "color/constants.py",
    "color/conversion.py",
    "color/kernels.py",
}


@pytest.mark.parametrize(
    ("dataset", "own"),
    [
        (Folder, {"tree.py", "sets/folder.py"}),
        (Samples, {"sets/samples.py"}),
        (Mirflickr, {f"sets/mirflickr/{name}.py" for name in ("__init__", "card", "forms")}),
    ],
)
def test_decoder_files_are_the_files_that_determine_pixels(dataset, own):
    root = Path(module.__file__).parent
    assert {path.relative_to(root).as_posix() for path in decoder_files(dataset)} == ALWAYS | own


def test_decoder_files_of_a_plugin_are_its_file_or_its_package(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "dataset_package_of_a_test"
    package.mkdir()
    (tmp_path / "other_file.py").touch()
    (package / "__init__.py").touch()
    (package / "reader.py").touch()
    code = "from huebench.datasets.sets.samples import Samples\nclass Own(Samples): pass"
    for path in (tmp_path / "dataset_file_of_a_test.py", package / "card.py"):
        path.write_text(code)
    importlib.invalidate_caches()
    file = importlib.import_module("dataset_file_of_a_test").Own
    packaged = importlib.import_module("dataset_package_of_a_test.card").Own
    common = set(decoder_files(Samples))
    assert set(decoder_files(file)) - common == {tmp_path / "dataset_file_of_a_test.py"}
    assert set(decoder_files(packaged)) - common == set(package.glob("*.py"))
    monkeypatch.setattr(file, "__module__", "typed_into_an_interpreter")
    assert set(decoder_files(file)) == common


def test_importing_it_is_light():
    code = "import sys, huebench.datasets.decode; print('numba' in sys.modules, 'skimage' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


def test_process_wide_settings_of_plugins_do_not_change_a_photo(tmp_path, monkeypatch):
    cut = tmp_path / "cut.jpg"
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    cut.write_bytes(encode(Image.fromarray(pixels), "JPEG")[:-600])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(PhotoError):
        decode(cut)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert decode(encode(Image.fromarray(pixels))).shape == (64, 64, 3)
