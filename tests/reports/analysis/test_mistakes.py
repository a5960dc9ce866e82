"""Colours that are wrong in a known way."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from huebench.reports.analysis.mistakes import COLORFUL, HUES, Sums, add, chroma_of, mistakes, ratio
from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import Figure, Table

from ..conftest import found, section

FLOWERS = data.retina()[300:1100:10, 300:1100:10]  # reds
COFFEE = np.ascontiguousarray(data.coffee()[:400:4, :400:4])


def true_chroma(photo=COFFEE):
    lab = rgb2lab(photo)
    return (lab[..., 1] + 1j * lab[..., 2]).astype(np.complex64)


def sums(truth, predicted):
    made = Sums()
    add(made, truth, predicted)
    return made


def test_chroma_is_scikit_images_lab(tmp_path):
    Image.fromarray(COFFEE).save(tmp_path / "a.png")
    np.testing.assert_allclose(chroma_of(tmp_path / "a.png"), true_chroma(), atol=2e-2)


@pytest.mark.parametrize(("scale", "turn"), [(1.0, 0.0), (0.5, 0.0), (0.8, 30.0), (1.2, -20.0)])
def test_scaled_and_turned_colours_have_that_slope_and_shift(scale, turn):
    truth = true_chroma()
    made = sums(truth, truth * np.complex64(scale * np.exp(1j * np.radians(turn))))
    known = made.pixels[0] > 0
    slopes = made.product[0].real[known] / made.energy[0][known]
    np.testing.assert_allclose(slopes, scale * np.cos(np.radians(turn)), rtol=1e-5)
    np.testing.assert_allclose(np.degrees(np.angle(made.product[0][known])), turn, atol=1e-3)
    if scale >= 1:
        np.testing.assert_array_equal(made.found[0], made.pixels[0])  # within 45°, and colourful enough


def test_pixels_are_counted_by_scikit_images_hue():
    lab = rgb2lab(COFFEE)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    expected, _ = np.histogram(hue[chroma >= COLORFUL], bins=len(HUES), range=(0, 360))
    made = sums(true_chroma(), true_chroma())
    np.testing.assert_allclose(made.pixels[0], expected, atol=5)


def test_names_of_hues_are_those_of_srgb():
    for name, rgb in (("red", (255, 0, 0)), ("green", (0, 255, 0)), ("blue", (0, 0, 255)),
                      ("cyan", (0, 255, 255)), ("magenta", (255, 0, 255)), ("yellow-green", (170, 200, 40)),
                      ("orange", (255, 140, 0)), ("sky blue", (90, 170, 230))):  # fmt: skip
        flat = true_chroma(np.full((2, 2, 3), rgb, np.uint8))
        assert HUES[int(sums(flat, flat).pixels[0].argmax())] == name


def test_a_hue_that_turns_by_more_than_45_degrees_or_fades_is_lost():
    truth = np.full((4, 4), 30 + 0j, np.complex64)
    for predicted, share in (
        (truth * np.exp(0.7j), 1),
        (truth * np.exp(0.9j), 0),
        (truth / 4, 0),
        (-truth, 0),
    ):
        assert sums(truth, predicted.astype(np.complex64)).found[0].sum() == 16 * share


def test_edges_that_bleed_and_edges_that_are_lost():
    truth, smooth, flat = (np.zeros((8, 8), np.complex64) for _ in range(3))
    truth[:, 4:] = 20  # one edge, between columns 3 and 4
    smooth[:, 2:] = 20  # the same edge two pixels to the left
    assert list(sums(truth, truth).edges[0]) == [104, 0, 8, 0]  # 8·7·2 = 112 pairs, 8 of them the edge
    assert list(sums(truth, smooth).edges[0]) == [104, 8, 8, 8]
    assert list(sums(truth, flat).edges[0]) == [104, 0, 8, 8]


def test_ratios_have_the_interval_of_their_linearization():
    rng = np.random.default_rng(0)
    true, inside = 0.3, []
    for _ in range(300):
        below = rng.gamma(3, 1, (40, 1))
        above = below * true + rng.normal(0, 0.2, (40, 1)) * below
        _, low, high = ratio(above, below)
        inside.append(low[0] <= true <= high[0])
    assert 0.9 < np.mean(inside) < 0.99


def repaint(path, change):
    """Give a kept picture the chroma that a function makes of the truth's."""
    lab = rgb2lab(np.asarray(Image.open(path[0])))
    chroma = change(lab[..., 1] + 1j * lab[..., 2])
    lab[..., 1], lab[..., 2] = chroma.real, chroma.imag
    Image.fromarray((lab2rgb(lab) * 255).round().astype(np.uint8)).save(path[1])


@pytest.fixture
def results(maker):
    """A run whose methods are grey, half as saturated, and everything 8 units too yellow."""
    results = maker.run(methods=("gray", "fusion", "pix2pix"), pictures=True)
    changes = {"gray": lambda c: 0 * c, "fusion": lambda c: 0.5 * c, "pix2pix": lambda c: c + 8j}
    for row in results.images[results.images["picture"].notna()].itertuples():
        paths = (results.folder / row.truth_picture, results.folder / row.picture)
        repaint(paths, changes[row.method])
    return results


def test_every_method_makes_its_own_mistake(results):
    table = mistakes(results, summarize(results)).methods
    assert table.loc["gray", "slope"] == pytest.approx(0, abs=0.01)
    assert table.loc["gray", "recall"] == 0
    assert table.loc["gray", "lost_edges"] == 1
    assert table.loc["fusion", "slope"] == pytest.approx(0.5, abs=0.02)
    assert table.loc["fusion", "slope_low"] <= 0.5 + 0.02
    assert table.loc["pix2pix", "cast_b"] == pytest.approx(8, abs=1)  # less where the gamut ends
    assert abs(table.loc["pix2pix", "cast_a"]) < 1
    assert table.loc["pix2pix", "cast"] == pytest.approx(8, abs=1)
    for name in ("slope", "recall", "bleeding", "lost_edges", "cast", "cast_a", "cast_b"):
        known = table[[f"{name}_low", name, f"{name}_high"]].dropna().to_numpy(float)
        assert (np.diff(known, axis=1) >= 0).all()


def test_the_photo_whose_hues_are_opposed_is_disputed_most(results):
    chosen = results.images[results.images["photo"] == "im0002.jpg"].set_index("method")
    truth = results.folder / chosen["truth_picture"].iloc[0]
    repaint((truth, results.folder / chosen.loc["fusion", "picture"]), lambda c: 20 + 0 * c)
    repaint((truth, results.folder / chosen.loc["pix2pix", "picture"]), lambda c: -20 + 0 * c)
    found_ = mistakes(results, summarize(results))
    assert found_.disputed.index[0] == "im0002.jpg"
    assert found_.disputed.iloc[0] > 0.8
    assert found_.disputed.is_monotonic_decreasing
    # The truth of a grey photo has no hues to dispute.
    grey = results.images.assign(near_grey=results.images["photo"] == "im0002.jpg")
    assert "im0002.jpg" not in mistakes(replace(results, images=grey), summarize(results)).disputed.index


def test_categories_have_their_own_values(results):
    made = mistakes(results, summarize(results))
    table = made.categories
    assert set(table.index.get_level_values("category")) == {"sea", "desert"}
    assert list(table.columns) == list(made.methods.columns)
    np.testing.assert_allclose(table.loc["fusion", "slope"], 0.5, atol=0.03)
    np.testing.assert_allclose(table.loc["pix2pix", "cast_b"], 8, atol=1)
    assert (table.loc["gray", "lost_edges"] == 1).all()
    # The values are those of a run of this category alone.
    sea = replace(results, images=results.images[results.images["category"] == "sea"])
    alone = mistakes(sea, summarize(sea)).methods
    for label in alone.index:
        own = table.loc[(label, "sea")].to_numpy(float)
        np.testing.assert_allclose(own, alone.loc[label].to_numpy(float), err_msg=label)


def test_the_section_shows_roses_tables_and_disputed_photos(results):
    made = section("mistakes", results)
    assert [figure.name for figure in found(Figure, made)] == ["hues", "disputed-hues"]
    begins = {"png": b"\x89PNG", "jpg": b"\xff\xd8\xff"}
    assert all(figure.content.startswith(begins[figure.kind]) for figure in found(Figure, made))
    tables = {table.name: table for table in found(Table, made)}
    assert {"mistakes", "hue-recall", "hue-slope", "hue-shift"} <= set(tables)
    parts = ("slope", "recall", "bleeding", "lost-edges", "cast")
    assert {f"{part}-by-category" for part in parts} <= set(tables)
    assert [column.label for column in tables["recall-by-category"].columns] == ["desert", "sea"]
    assert [row.label for row in tables["mistakes"].rows] == ["gray", "fusion", "pix2pix"]
    assert len(tables["hue-recall"].columns) == len(HUES)


def test_a_run_without_pictures_has_no_section(maker):
    assert section("mistakes", maker.run(methods=("gray",))) == []


def test_frames_of_a_clip_are_one_unit(results):
    clips = {f"im{i:04d}.jpg": f"clip{i // 2}" for i in range(12)}
    images = results.images.assign(
        clip=results.images["photo"].map(clips).astype("string"),
        frame=pd.array([0] * len(results.images), "Int64"),
    )
    whole = mistakes(results, summarize(results)).methods
    by_clip = mistakes(replace(results, images=images), summarize(results)).methods
    assert by_clip.loc["fusion", "slope"] == pytest.approx(whole.loc["fusion", "slope"])
    assert by_clip.loc["pix2pix", "recall_low"] != whole.loc["pix2pix", "recall_low"]
