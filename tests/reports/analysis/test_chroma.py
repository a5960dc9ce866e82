import numpy as np
import pytest
from PIL import Image
from skimage.color import lab2rgb

from huebench.reports.analysis.chroma import BINS, REACH, histogram, kept_pictures
from huebench.reports.analysis.summary import summarize


def picture(folder, name, color):
    path = folder / f"{name}.png"
    Image.new("RGB", (70, 70), color).save(path)
    return path


@pytest.mark.parametrize(("a", "b"), [(52.0, 30.0), (-42.0, 33.0), (1.0, 1.0)])
def test_a_flat_picture_falls_into_the_bin_that_skimage_says(tmp_path, a, b):
    rgb = np.round(lab2rgb([60, a, b]) * 255).astype(int)
    counts = histogram([picture(tmp_path, "flat", tuple(map(int, rgb)))])
    width = 2 * REACH / BINS
    row, column = np.argwhere(counts)[0]
    assert counts.sum() == pytest.approx(1)
    assert counts[row, column] == pytest.approx(1)
    assert abs(row * width - REACH + width / 2 - b) <= width / 2 + 0.5
    assert abs(column * width - REACH + width / 2 - a) <= width / 2 + 0.5


def test_pictures_weigh_the_same(tmp_path):
    pictures = [picture(tmp_path, "red", "#ff6060"), picture(tmp_path, "green", "#60c060")]
    assert sorted(histogram(pictures)[histogram(pictures) > 0]) == pytest.approx([0.5, 0.5])


def test_only_photos_that_everybody_coloured_are_compared(maker):
    results = maker.run(methods=("gray", "pix2pix"), pictures=True)
    images = results.images
    lost = (images["method"] == "gray") & (images["photo"] == "im0001.jpg")
    images.loc[lost, "picture"] = None
    pictures = kept_pictures(results, summarize(results))
    assert list(pictures) == ["truth", "gray", "pix2pix"]
    for paths in pictures.values():
        assert [path.stem for path in paths] == ["0", "2", "3"]


def test_there_is_nothing_to_draw_without_pictures(maker):
    results = maker.run(methods=("gray",))
    assert kept_pictures(results, summarize(results)) == {}
