"""A folder to run commands in, with what the README and the guides take as given."""

import csv
import shutil

import numpy as np
import pytest
import skimage.data
from PIL import Image


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """Keep a small run of the built-in photos, once somebody has made it."""
    return tmp_path_factory.mktemp("docs") / "samples"


@pytest.fixture
def workplace(tmp_path, monkeypatch, bench, samples):
    """An empty folder but for ``runs/samples``, ``my/photos`` and ``path/to/photos``."""
    monkeypatch.chdir(tmp_path)
    _photos(tmp_path / "my" / "photos")
    _photos(tmp_path / "path" / "to" / "photos")
    if not samples.exists():
        small = ("--limit", 6, "--size", 32, "--metrics", "psnr,auc,colorfulness")
        code, output = bench("run", "--methods", "gray,mean-ab,pixel-knn", *small, "--out", samples)
        assert code == 0, output
    shutil.copytree(samples, tmp_path / "runs" / "samples")
    return tmp_path


def _photos(folder):
    """Cut photos out of two that come with scikit-image, in two categories, and list them in a CSV file."""
    rows = []
    for category, photo in (("cat", skimage.data.chelsea()), ("coffee", skimage.data.coffee())):
        (folder / category).mkdir(parents=True)
        for i in range(10):
            tile = photo[10 * i : 10 * i + 64, 30 * i : 30 * i + 80]
            Image.fromarray(np.ascontiguousarray(tile)).save(folder / category / f"{i}.png")
            split = "test" if i > 7 else "validation" if i > 5 else "train"
            rows.append((f"{category}/{i}.png", split, category))
    with (folder / "photos.csv").open("w", newline="") as listing:
        csv.writer(listing).writerows([("file", "split", "category"), *rows])
