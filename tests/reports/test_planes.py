import numpy as np
import pytest
from PIL import Image
from skimage.color import lab2rgb

from huebench.reports.planes import BINS, REACH, draw, histogram, kept
from huebench.reports.summary import summarize


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
    pictures = kept(results, summarize(results))
    assert list(pictures) == ["truth", "gray", "pix2pix"]
    for paths in pictures.values():
        assert [path.stem for path in paths] == ["0", "2", "3"]


def test_there_is_nothing_to_draw_without_pictures(maker):
    results = maker.run(methods=("gray",))
    assert kept(results, summarize(results)) == {}


def test_every_histogram_is_on_one_scale(tmp_path):
    pictures = {f"m{i}": [picture(tmp_path, f"p{i}", (40 * i, 90, 120))] for i in range(7)}
    figure = draw(pictures)
    assert [axes.get_title() for axes in figure.axes[:7]] == list(pictures)
    assert len({axes.get_images()[0].get_clim() for axes in figure.axes[:7]}) == 1


def test_a_bar_says_the_scale_and_the_outer_axes_their_values(tmp_path):
    figure = draw({f"m{i}": [picture(tmp_path, f"p{i}", (40 * i, 90, 120))] for i in range(8)})
    figure.draw_without_rendering()
    *histograms, bar = [axes for axes in figure.axes if axes.axison]
    assert bar.get_ylabel() == "share of pixels, log scale"
    assert bar.get_yscale() == "log"
    values = ["\N{MINUS SIGN}100", "0", "100"]
    for place, axes in enumerate(histograms):
        left, bottom = place in (0, 6), place >= 2  # six a line, the last two below the first
        for axis, name, outer in ((axes.xaxis, "a*", bottom), (axes.yaxis, "b*", left)):
            shown = [tick.label1.get_text() for tick in axis.get_major_ticks() if tick.label1.get_visible()]
            assert (shown, axis.get_label_text()) == ((values, name) if outer else ([], ""))


def test_bar_and_values_leave_the_histograms_most_of_the_width(tmp_path):
    figure = draw({f"m{i}": [picture(tmp_path, f"p{i}", (40 * i, 90, 120))] for i in range(6)})
    figure.draw_without_rendering()
    assert sum(axes.get_position().width for axes in figure.axes[:6]) > 0.75
