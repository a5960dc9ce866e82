import hashlib
import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import Gallery, Tile
from huebench.reports.charts.accuracy import ALMOST_ALL, accuracy_curves
from huebench.reports.charts.contact_sheet import contact_sheet
from huebench.reports.charts.style import GREY, encode, inline_svg
from huebench.reports.charts.training import training_curves

from ..conftest import found, section


@pytest.fixture
def tiles(maker):
    results = maker.run(methods=("gray", "pix2pix"), pictures=True, photos=4)
    photo = found(Gallery, section("gallery", results))[0].photos[0]
    return [*photo.given, *photo.answers]


@pytest.fixture
def curves(maker):
    return maker.run(methods=("encoder-decoder", "pix2pix"), seeds=(0, 1)).curves


def digest(figure, kind="png"):
    return hashlib.sha256(encode(figure, kind)).hexdigest()


def test_the_same_figures_give_the_same_bytes(tiles, curves):
    assert digest(contact_sheet(tiles), "jpg") == digest(contact_sheet(tiles), "jpg")
    assert digest(training_curves(curves)) == digest(training_curves(curves))


def test_accuracy_curves_are_of_every_method_but_oracles_and_end_where_all_are_within(maker):
    results = maker.run(methods=("gray", "pixel-knn", "fusion", "oracle-lowres"), seeds=(0, 1))
    labels = {"psnr": "PSNR", "auc": "AuC", "auc_rebalanced": "AuC rebalanced"}
    rows = summarize(results).rows
    places = accuracy_curves(results.accuracy_curves, rows, labels).axes
    assert [place.get_title(loc="left") for place in places] == ["AuC", "AuC rebalanced"]
    for place, metric in zip(places, ("auc", "auc_rebalanced"), strict=True):
        lines = {line.get_label(): line for line in place.get_lines()}
        assert list(lines) == ["gray", "pixel-knn", "fusion"]
        known = results.accuracy_curves.query("method == 'pixel-knn' and seed == 0")
        known = known[known["metric"] == metric]
        shown = lines["pixel-knn"].get_ydata()
        np.testing.assert_allclose(shown, known["accuracy"].to_numpy(float)[: len(shown)])
    ends = [line.get_ydata()[-1] for place in places for line in place.get_lines()]
    assert min(ends) == pytest.approx(ALMOST_ALL, abs=0.01)
    only = results.accuracy_curves.query("method == 'oracle-lowres'")
    assert [line.get_label() for line in accuracy_curves(only, rows, labels).axes[0].get_lines()] == [
        "oracle-lowres"
    ]


def test_the_five_best_accuracy_curves_have_colours_and_names(maker):
    results = maker.run(
        methods=("gray", "mean-ab", "random-ab", "pixel-knn", "pix2pix", "fusion", "patch-som-knn")
    )
    figure = accuracy_curves(results.accuracy_curves, summarize(results).rows, {"auc": "AuC"})
    best = ["fusion", "pix2pix", "mean-ab", "gray", "patch-som-knn"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*best, "2 other methods"]
    lines = {line.get_label(): line.get_color() for line in figure.axes[0].get_lines()}
    assert len({lines[label] for label in best} | {GREY}) == 6
    assert {lines["random-ab"], lines["pixel-knn"]} == {GREY}


def test_an_inline_chart_has_the_pages_colours_and_its_own_ids(maker):
    results = maker.run(methods=("gray", "pix2pix"))
    rows = summarize(results).rows
    texts = [
        inline_svg(accuracy_curves(results.accuracy_curves, rows, {"auc": "AuC"}), name) for name in "ab"
    ]
    assert texts[0].startswith("<svg")
    assert "var(--blue)" in texts[0]
    assert not re.search("#[0-9a-f]{6}", texts[0]), "a colour that no theme changes"
    assert {*re.findall('data-series="([^"]+)"', texts[0])} == {"gray", "pix2pix"}
    ids = [set(re.findall(' id="([^"]+)"', text)) for text in texts]
    assert ids[0]
    assert not ids[0] & ids[1]
    again = inline_svg(accuracy_curves(results.accuracy_curves, rows, {"auc": "AuC"}), "a")
    assert again == texts[0]


def test_settings_of_the_user_neither_show_nor_change(tiles):
    plain = digest(contact_sheet(tiles))
    with mpl.rc_context({"font.size": 30, "savefig.facecolor": "red", "figure.dpi": 50}):
        assert digest(contact_sheet(tiles)) == plain
        assert mpl.rcParams["font.size"] == 30


def test_pngs_carry_no_metadata(curves):
    with Image.open(io.BytesIO(encode(training_curves(curves)))) as picture:
        assert "Software" not in picture.info


def test_a_contact_sheet_shows_the_pictures_themselves(tiles):
    shown = {axes.get_title(): axes.get_images() for axes in contact_sheet(tiles).axes}
    assert list(shown) == ["input", "truth", "gray", "pix2pix"]
    with Image.open(tiles[1].path) as truth:
        np.testing.assert_array_equal(shown["truth"][0].get_array(), np.asarray(truth))


def test_a_contact_sheet_breaks_into_lines_and_says_what_is_missing(tiles):
    missing = Tile(
        "a-method-with-a-long-name[size=64,epochs=10,learning_rate=0.0005]", "deep", "timeout", None
    )
    figure = contact_sheet([*tiles, *[missing] * 4])
    assert len(figure.axes) == 12
    assert not any(axes.axison for axes in figure.axes)
    axes = figure.axes[4]
    assert not axes.get_images()
    assert [text.get_text() for text in axes.texts] == ["timeout"]
    assert all(len(line) <= 22 for line in axes.get_title().splitlines())


def test_curves_show_every_seed_of_train_and_validation(curves):
    figure = training_curves(curves)
    loss, accuracy = figure.axes[:2]
    assert [line.get_label() for line in loss.get_lines()] == ["train"] * 2 + ["validation"] * 2
    first = curves.query("method == 'encoder-decoder' and seed == 0 and split == 'train'")
    np.testing.assert_array_equal(loss.get_lines()[0].get_ydata(), first["loss"].to_numpy(float))
    assert accuracy.get_ylim()[0] == 0
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["train", "validation"]
    assert [axes.get_title(loc="left") for axes in figure.axes[::2]] == ["encoder-decoder", "pix2pix"]


def test_curves_without_accuracy_are_drawn(curves):
    assert len(encode(training_curves(curves.assign(accuracy=np.nan)))) > 1000
