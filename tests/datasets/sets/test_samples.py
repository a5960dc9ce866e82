import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
import skimage.data
from sklearn.datasets import load_sample_image

from huebench import UserError
from huebench.datasets.base import SPLITS
from huebench.datasets.sets import samples
from huebench.datasets.sets.samples import GAP, ORIGINALS, STRIDE, TILE, Original, Samples

DATASET = Samples()
WHOLE = {
    "astronaut": skimage.data.astronaut,
    "chelsea": skimage.data.chelsea,
    "china": lambda: load_sample_image("china.jpg"),
    "coffee": skimage.data.coffee,
    "flower": lambda: load_sample_image("flower.jpg"),
    "motorcycle": lambda: skimage.data.stereo_motorcycle()[0],
}


def corner(entry) -> tuple[int, int]:
    top, left = entry.id.rpartition("/")[2].split("-")
    return int(top), int(left)


def test_numbers_of_tiles():
    counts = [len(DATASET.split(name)) for name in SPLITS]
    assert counts == [161, 26, 45]
    assert {entry.category for entry in DATASET.entries()} == set(ORIGINALS)
    assert len({entry.id for entry in DATASET.entries()}) == len({e.sha256 for e in DATASET.entries()}) == 232


# rocket.jpg is not in here: scikit-image passes over its profile, which is not sRGB's.
@pytest.mark.parametrize("name", sorted(ORIGINALS.keys() - {"rocket"}))
def test_tiles_are_cut_from_scikit_image_and_scikit_learn_photos(name):
    whole = WHOLE[name]()
    for entry in DATASET.entries():
        if entry.category == name:
            top, left = corner(entry)
            assert np.array_equal(DATASET.read(entry), whole[top : top + TILE, left : left + TILE])


def test_splits_lie_apart_in_every_photo():
    for one, other in combinations(DATASET.entries(), 2):
        if one.category == other.category and one.split != other.split:
            apart = abs(corner(one)[1] - corner(other)[1]) - TILE
            assert apart >= GAP


def test_tiles_of_validation_and_test_overlap_by_a_quarter_at_most():
    for one, other in combinations(DATASET.entries(), 2):
        if one.category == other.category and one.split == other.split != "train":
            rows, columns = (abs(a - b) for a, b in zip(corner(one), corner(other), strict=True))
            assert max(rows, columns) >= STRIDE["test"]


def test_photos_read_are_copies():
    entry = DATASET.entries()[0]
    DATASET.read(entry)[:] = 0
    assert DATASET.read(entry).any()


def test_caveat_says_that_it_is_not_a_benchmark():
    assert "no evidence" in Samples.info.caveat


def test_data_root_is_refused(tmp_path):
    with pytest.raises(UserError, match="comes with the package: leave out --data-root"):
        Samples(tmp_path)


@pytest.mark.parametrize(
    "source", [Original("skimage", "data/none.png", ""), Original("no_such_package", "a.png", "")]
)
def test_missing_file_of_a_wheel(monkeypatch, source):
    monkeypatch.setattr(samples, "ORIGINALS", {"x": source})
    with pytest.raises(UserError, match=r"does not contain .*: reinstall huebench"):
        Samples()


def test_sklearn_is_not_imported():
    code = (
        "import sys; from huebench.datasets.sets.samples import Samples; "
        "Samples().entries(); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "huebench.datasets.sets.samples" in run.stdout.split()
    assert not {"sklearn", "skimage", "numba"} & set(run.stdout.split())
