from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from huebench import UserError
from huebench.reports.analysis.selection import Selection
from huebench.reports.blocks import Tile
from huebench.reports.charts.photo_grid import photo_grid
from huebench.reports.paper import write_figure

METHODS = ("gray", "pix2pix", "fusion")


@pytest.fixture
def results(maker):
    return maker.run(methods=METHODS, pictures=True, photos=8, near_grey=0.0)


def test_a_figure_is_written_in_every_format_with_the_same_bytes_each_time(results, tmp_path):
    for folder in ("a", "b"):
        paths = write_figure(results, tmp_path / folder, Selection("deep"), kinds=("pdf", "png", "svg"))
        assert [path.name for path in paths] == ["figure.pdf", "figure.png", "figure.svg"]
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert (tmp_path / "a" / "figure.pdf").read_bytes().startswith(b"%PDF")


def test_rows_are_photos_and_columns_are_named_once(tmp_path):
    Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(tmp_path / "x.png")
    rows = [[Tile("input", "", "", tmp_path / "x.png"), Tile("Ours", "deep", "timeout", None)]] * 3
    axes = np.reshape(photo_grid(rows).axes, (3, 2))
    assert [[place.get_title() for place in row] for row in axes] == [["input", "Ours"], ["", ""], ["", ""]]
    assert [len(place.get_images()) for place in axes[0]] == [1, 0]
    assert [text.get_text() for text in axes[2][1].texts] == ["timeout"]


def test_chosen_photos_and_names_are_drawn(results, tmp_path):
    kept = results.images.dropna(subset=["picture"])["photo"].unique()
    (path,) = write_figure(results, tmp_path, Selection("Ours=fusion"), kept[:1], ["svg"])
    said = path.read_text()
    assert all(f">{label}</text>" in said for label in ("input", "Ours", "truth"))
    assert ">gray</text>" not in said


def test_what_cannot_be_drawn_is_refused(maker, results, tmp_path):
    with pytest.raises(UserError, match=r"kept no picture of 'x\.jpg'; it kept 4, such as im000"):
        write_figure(results, tmp_path, Selection(), ["x.jpg"])
    with pytest.raises(UserError, match="unknown format of a figure 'gif'; known: pdf, png, svg"):
        write_figure(results, tmp_path, Selection(), kinds=["gif"])
    with pytest.raises(UserError, match="no format of a figure is named: name some of pdf, png, svg"):
        write_figure(results, tmp_path, Selection(), kinds=[])
    with pytest.raises(UserError, match=r"kept no pictures; run with --keep-predictions gallery"):
        write_figure(maker.run(methods=METHODS), tmp_path, Selection())


def test_another_metric_chooses_the_photos_where_auc_was_not_measured(results, tmp_path):
    facts = replace(results.run, metrics=tuple(each for each in results.run.metrics if each.name == "psnr"))
    assert write_figure(replace(results, run=facts), tmp_path, Selection())
