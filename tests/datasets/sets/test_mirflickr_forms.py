import os
import zipfile
from collections import Counter

import numpy as np
import pytest
from skimage import data as skimage_data
from skimage.color import rgb2lab

from huebench import UserError
from huebench.datasets import tree
from huebench.datasets.base import Entry, PhotoChangedError, PhotoError
from huebench.datasets.sets.mirflickr.forms import Arrays, Photos, find_form, packed_photos
from huebench.datasets.tree import PhotoTree


def read(form, key):
    return form.read(Entry(key, "test", "", "", form.digests()[key]))


@pytest.fixture
def folder(tmp_path, make_photos):
    """Return the folder of an unpacked archive, with what else lies in it."""
    make_photos(tmp_path / "mirflickr", ["im1.jpg", "im25000.jpg", "im25001.jpg", "im01.jpg", "doc/im3.jpg"])
    (tmp_path / "mirflickr" / "im5.txt").touch()
    return tmp_path / "mirflickr"


@pytest.fixture
def packed(tmp_path, folder):
    """Return an archive of that folder, with members that would escape if they were unpacked."""
    path = tmp_path / "mirflickr25k.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for photo in folder.rglob("*.*"):
            archive.write(photo, photo.relative_to(folder.parent))
        archive.writestr("../im7.jpg", b"escaped")
        archive.writestr("/mirflickr/im8.jpg", b"escaped")
        archive.writestr("mirflickr/../../im9.jpg", b"escaped")
    return path


class TestLoosePhotos:
    def test_photos_of_other_names_are_counted_and_named(self, folder):
        facts = Photos(PhotoTree(folder)).facts()
        assert facts["passed over"].startswith(
            "3 photos not named im1.jpg … im25000.jpg: doc/im3.jpg, im01.jpg"
        )

    def test_only_the_sets_names_count(self, folder):
        assert list(Photos(PhotoTree(folder)).ids) == ["im1.jpg", "im25000.jpg"]

    def test_root_is_the_folder_or_its_parent(self, folder):
        for root in (folder, folder.parent):
            form = find_form(root)
            assert isinstance(form, Photos)
            assert form.digests().keys() == {"im1.jpg", "im25000.jpg"}


class TestPackedPhotos:
    def test_same_as_unpacked(self, folder, packed):
        loose, form = Photos(PhotoTree(folder)), packed_photos(packed)
        assert form.digests() == loose.digests()
        assert form.splits() == loose.splits()
        for key in loose.ids:
            assert np.array_equal(read(form, key), read(loose, key))

    def test_found_by_its_path_or_its_folder(self, packed, tmp_path_factory):
        root = tmp_path_factory.mktemp("other")
        packed = packed.rename(root / packed.name)
        assert list(find_form(packed).ids) == ["im1.jpg", "im25000.jpg"]
        assert list(find_form(root).ids) == ["im1.jpg", "im25000.jpg"]

    def test_nothing_is_unpacked(self, packed):
        before = sorted(packed.parent.rglob("*"))
        packed_photos(packed).digests()
        assert sorted(packed.parent.rglob("*")) == before

    def test_damaged_member_is_reported_when_read(self, packed):
        content = bytearray(packed.read_bytes())
        start = content.index(b"mirflickr/im1.jpg") + 60
        content[start : start + 20] = b"\0" * 20
        packed.write_bytes(content)
        form = packed_photos(packed)
        assert form.digests()["im1.jpg"] == ""
        with pytest.raises(PhotoError, match=r"damaged in the archive \(Bad CRC-32"):
            read(form, "im1.jpg")

    def test_member_that_is_too_large_is_not_read(self, packed, monkeypatch):
        monkeypatch.setattr(tree, "LARGEST_MEMBER", 10)
        with pytest.raises(PhotoError, match="more than 10 bytes in the archive"):
            read(packed_photos(packed), "im1.jpg")

    @pytest.mark.parametrize("content", [b"", b"half of it"])
    def test_no_archive(self, tmp_path, content):
        path = tmp_path / "mirflickr25k.zip"
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"not a complete zip archive: .*; download it again"):
            find_form(tmp_path)

    @pytest.mark.parametrize(
        ("position", "damage"),
        [(6, b"\xff\xff"), (46, b"\xff\xff")],
        ids=["needs a version that there is not", "a name that is no UTF-8"],
    )
    def test_archive_with_a_damaged_directory(self, tmp_path, position, damage):
        path = tmp_path / "mirflickr25k.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mirflickr/imä.jpg", b"")
        content = bytearray(path.read_bytes())
        start = content.index(b"PK\x01\x02") + position
        content[start : start + 2] = damage
        path.write_bytes(content)
        with pytest.raises(
            UserError, match=r"not a complete zip archive: '.*mirflickr25k\.zip' .*; download it again"
        ):
            find_form(tmp_path)

    def test_archive_of_something_else(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
            archive.writestr("a.jpg", b"")
        with pytest.raises(UserError, match=r"does not contain mirflickr/im1\.jpg"):
            packed_photos(tmp_path / "other.zip")


@pytest.fixture
def arrays(tmp_path):
    """Write Kaggle's layout of 30 crops of a photo; return its root and the crops."""
    photo = skimage_data.astronaut()
    crops = np.stack([photo[row * 16 : row * 16 + 12, 200:216] for row in range(30)])
    lab = rgb2lab(crops)
    (tmp_path / "l").mkdir()
    (tmp_path / "ab" / "ab").mkdir(parents=True)
    np.save(tmp_path / "l" / "gray_scale.npy", np.rint(lab[..., 0] * 2.55).astype(np.uint8))
    chroma = np.rint(lab[..., 1:] + 128).astype(np.uint8)
    for name, rows in (("ab1", slice(0, 3)), ("ab2", slice(3, 20)), ("ab10", slice(20, 30))):
        np.save(tmp_path / "ab" / "ab" / f"{name}.npy", chroma[rows])
    return tmp_path, crops


class TestArrays:
    def test_rows_are_the_photos_that_scikit_image_converted(self, arrays):
        root, crops = arrays
        form = find_form(root)
        assert isinstance(form, Arrays)
        for row in (0, 2, 3, 19, 20, 29):
            decoded = read(form, f"{row:05}")
            # 8-bit L*a*b* keeps half a level of each; the strongest effect on sRGB is a few levels.
            assert np.abs(decoded.astype(int) - crops[row]).max() <= 8
            assert np.abs(decoded.astype(int) - crops[row]).mean() < 1.5

    def test_splits_and_digests(self, arrays):
        form = Arrays(arrays[0])
        assert Counter(form.splits().values()) == {"train": 24, "validation": 3, "test": 3}
        digests = form.digests()
        assert list(digests) == [f"{row:05}" for row in range(30)]
        assert len(set(digests.values())) == 30
        assert form.digests() == digests

    def test_replacement_by_an_older_file_is_noticed(self, arrays):
        root, _ = arrays
        for path in root.rglob("*.npy"):
            os.utime(path, (2e9 / 2, 2e9 / 2))
        before = Arrays(root).digests()
        path = root / "ab" / "ab" / "ab1.npy"
        np.save(path, 255 - np.load(path))
        os.utime(path, (1e9 / 2, 1e9 / 2))
        after = Arrays(root).digests()
        assert [key for key in before if before[key] != after[key]] == ["00000", "00001", "00002"]

    def test_arrays_are_mapped_not_read(self, arrays):
        form = Arrays(arrays[0])
        assert isinstance(form._lightness, np.memmap)
        assert all(isinstance(part, np.memmap) for part in form._chroma)

    def test_a_row_that_was_overwritten_is_not_read(self, arrays):
        root, _ = arrays
        form = Arrays(root)
        first, second = (Entry(key, "test", "", "", form.digests()[key]) for key in ("00000", "00001"))
        changed = np.lib.format.open_memmap(root / "ab" / "ab" / "ab1.npy", "r+")
        changed[0] = 255 - changed[0]
        changed.flush()
        form.read(second)
        with pytest.raises(PhotoChangedError, match="photo '00000' has changed since the run was planned"):
            form.read(first)

    def test_lengths_that_do_not_add_up(self, arrays):
        (arrays[0] / "ab" / "ab" / "ab2.npy").unlink()
        with pytest.raises(UserError, match=r"has 30 photos, but the chroma \(ab1.npy, ab10.npy\) has 13"):
            Arrays(arrays[0])

    def test_no_chroma_at_all(self, arrays):
        for path in arrays[0].rglob("ab*.npy"):
            path.unlink()
        with pytest.raises(UserError, match=r"\(no ab\*\.npy\) has 0"):
            Arrays(arrays[0])

    def test_shapes_that_do_not_fit(self, arrays):
        np.save(arrays[0] / "ab" / "ab" / "ab2.npy", np.zeros((17, 5, 5, 2), np.uint8))
        with pytest.raises(UserError, match=r"photos of shape \(5, 5, 2\), .* needs \(12, 16, 2\)"):
            Arrays(arrays[0])

    @pytest.mark.parametrize("wrong", [np.zeros((30, 12, 16), np.float32), np.zeros((30, 12), np.uint8)])
    def test_wrong_kind_of_array(self, arrays, wrong):
        np.save(arrays[0] / "l" / "gray_scale.npy", wrong)
        with pytest.raises(UserError, match="must be uint8 with 3 axes"):
            Arrays(arrays[0])

    def test_memory_error_is_not_reported_as_damage(self, arrays, monkeypatch):
        def hungry(*_, **__):
            raise MemoryError

        monkeypatch.setattr(np.lib.format, "open_memmap", hungry)
        with pytest.raises(MemoryError):
            find_form(arrays[0])

    def test_truncated_file(self, arrays):
        path = arrays[0] / "l" / "gray_scale.npy"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(
            UserError, match=r"not a complete \.npy file: '.*gray_scale\.npy' .*; download it"
        ):
            Arrays(arrays[0])

    @pytest.mark.parametrize("name", ["l/gray_scale.npy", "ab/ab/ab2.npy"])
    @pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\0\x04\0(((\n"])
    def test_damaged_file(self, arrays, name, content):
        (arrays[0] / name).write_bytes(content)
        with pytest.raises(UserError, match=rf"not a complete \.npy file: '.*{name}' .*; download it again"):
            Arrays(arrays[0])

    def test_archive_of_arrays_by_the_name_of_one(self, arrays):
        path = arrays[0] / "l" / "gray_scale.npy"
        with path.open("wb") as file:
            np.savez(file, np.zeros((30, 12, 16), np.uint8))
        with pytest.raises(UserError, match=r"not a complete \.npy file: '.*gray_scale\.npy'"):
            Arrays(arrays[0])

    def test_pickles_are_never_loaded(self, arrays):
        np.save(arrays[0] / "l" / "gray_scale.npy", np.array([print], object), allow_pickle=True)
        with pytest.raises(UserError, match=r"not a complete \.npy file"):
            Arrays(arrays[0])


def test_nothing_there(tmp_path):
    assert find_form(tmp_path) is None
    assert find_form(tmp_path / "none") is None
