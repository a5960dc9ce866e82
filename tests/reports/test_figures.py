import hashlib
import io

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from huebench.reports import figures
from huebench.reports.gallery import GalleryPhoto, Tile, choose
from huebench.reports.summary import summarize


@pytest.fixture
def photo(maker) -> GalleryPhoto:
    results = maker.run(methods=("gray", "pix2pix"), pictures=True, photos=4)
    return choose(results, summarize(results)).photos[0]


@pytest.fixture
def curves(maker):
    return maker.run(methods=("encoder-decoder", "pix2pix"), seeds=(0, 1)).curves


def digest(figure, kind="png"):
    return hashlib.sha256(figures.encode(figure, kind)).hexdigest()


def test_the_same_figures_give_the_same_bytes(photo, curves):
    assert digest(figures.gallery(photo), "jpg") == digest(figures.gallery(photo), "jpg")
    assert digest(figures.training_curves(curves)) == digest(figures.training_curves(curves))


def test_accuracy_curves_are_of_every_method_but_oracles_and_end_where_all_are_within(maker):
    results = maker.run(methods=("gray", "pixel-knn", "fusion", "oracle-lowres"), seeds=(0, 1))
    labels = {"psnr": "PSNR", "auc": "AuC", "auc_rebalanced": "AuC rebalanced"}
    rows = summarize(results).rows
    places = figures.accuracy_curves(results.accuracy_curves, rows, labels).axes
    assert [place.get_title(loc="left") for place in places] == ["AuC", "AuC rebalanced"]
    for place, metric in zip(places, ("auc", "auc_rebalanced"), strict=True):
        lines = {line.get_label(): line for line in place.get_lines()}
        assert list(lines) == ["gray", "pixel-knn", "fusion"]
        known = results.accuracy_curves.query("method == 'pixel-knn' and seed == 0")
        known = known[known["metric"] == metric]
        shown = lines["pixel-knn"].get_ydata()
        np.testing.assert_allclose(shown, known["accuracy"].to_numpy(float)[: len(shown)])
    ends = [line.get_ydata()[-1] for place in places for line in place.get_lines()]
    assert min(ends) == pytest.approx(figures.ALMOST_ALL, abs=0.01)
    only = results.accuracy_curves.query("method == 'oracle-lowres'")
    assert [line.get_label() for line in figures.accuracy_curves(only, rows, labels).axes[0].get_lines()] == [
        "oracle-lowres"
    ]


def test_settings_of_the_user_neither_show_nor_change(photo):
    plain = digest(figures.gallery(photo))
    with mpl.rc_context({"font.size": 30, "savefig.facecolor": "red", "figure.dpi": 50}):
        assert digest(figures.gallery(photo)) == plain
        assert mpl.rcParams["font.size"] == 30


def test_pngs_carry_no_metadata(curves):
    with Image.open(io.BytesIO(figures.encode(figures.training_curves(curves)))) as picture:
        assert "Software" not in picture.info


def test_a_gallery_shows_the_pictures_themselves(photo):
    shown = {axes.get_title(): axes.get_images() for axes in figures.gallery(photo).axes}
    assert list(shown) == ["input", "truth", "gray", "pix2pix"]
    with Image.open(photo.tiles[1].path) as truth:
        np.testing.assert_array_equal(shown["truth"][0].get_array(), np.asarray(truth))


def test_a_gallery_breaks_into_lines_and_says_what_is_missing(photo):
    missing = Tile("a-method-with-a-long-name[size=64,epochs=10,learning_rate=0.0005]", "timeout", None)
    many = GalleryPhoto("best", "x", photo.metric, 0.5, (), photo.tiles + (missing,) * 4)
    figure = figures.gallery(many)
    assert len(figure.axes) == 12
    assert not any(axes.axison for axes in figure.axes)
    axes = figure.axes[4]
    assert not axes.get_images()
    assert [text.get_text() for text in axes.texts] == ["timeout"]
    assert all(len(line) <= 22 for line in axes.get_title().splitlines())


def test_curves_show_every_seed_of_train_and_validation(curves):
    figure = figures.training_curves(curves)
    loss, accuracy = figure.axes[:2]
    assert [line.get_label() for line in loss.get_lines()] == ["train"] * 2 + ["validation"] * 2
    first = curves.query("method == 'encoder-decoder' and seed == 0 and split == 'train'")
    np.testing.assert_array_equal(loss.get_lines()[0].get_ydata(), first["loss"].to_numpy(float))
    assert accuracy.get_ylim()[0] == 0
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["train", "validation"]
    assert [axes.get_title(loc="left") for axes in figure.axes[::2]] == ["encoder-decoder", "pix2pix"]


def test_curves_without_accuracy_are_drawn(curves):
    assert len(figures.encode(figures.training_curves(curves.assign(accuracy=np.nan)))) > 1000
