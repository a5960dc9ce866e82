"""What the buttons of the page do, without a browser."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from huebench.bench.web.study.votes import favourites

gradio = pytest.importorskip("gradio", reason="needs the extra 'demo'")

VISITOR = SimpleNamespace(session_hash="somebody")
STATUS, SLIDER, CAPTION, GRID, ARCHIVE, FAVOURITE, START, EVERY, STOP = range(9)


@pytest.fixture
def make_page(choices, tmp_path, generous, monkeypatch):
    from huebench.bench.web.demo.page import Page

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))

    def make(votes=None, **limits):
        return Page(choices, tmp_path / "work", replace(generous, **limits), votes)

    return make


def click(page, photos, names=("warm", "cool"), size=0, strength=1.0, reference=None):
    """Press Colorize; return what the parts of the page get, step by step."""
    paths = photos and [str(path) for path in photos]
    return list(page.colorize(paths, list(names), size, strength, reference and str(reference), VISITOR))


def select(page, tile):
    return page.show(SimpleNamespace(index=tile), VISITOR)


def test_the_page_shows_progress_then_the_results(make_page, photo):
    first, second, last = click(make_page(), [photo("a & b.png")])
    assert "0 of 2 pictures: a &amp; b.png, warm" in first[STATUS]
    assert "1 of 2 pictures, about 1 s left" in second[STATUS]
    assert "<progress" in second[STATUS]
    assert second[STOP].interactive
    assert not second[START].interactive
    assert "2 pictures made." in last[STATUS]
    assert [tile["caption"] for tile in last[GRID].value] == [
        "original: a & b.png", "warm: a & b.png", "cool: a & b.png",
    ]  # fmt: skip
    assert last[GRID].columns == 3
    assert last[ARCHIVE].visible
    assert last[START].interactive
    assert not last[STOP].interactive


def test_the_first_answer_is_shown_and_then_what_the_visitor_chooses(make_page, photo):
    page = make_page()
    _, second, last = click(page, [photo("a.png")])
    assert len(second[SLIDER].value) == 2
    assert "warm: a.png" in second[CAPTION]
    assert last[SLIDER] == gradio.skip()
    assert "cool: a.png" in select(page, 2)[1]
    assert "warm: a.png" in select(page, 0)[1]
    assert select(page, 99) == [gradio.skip()] * 3


@pytest.mark.parametrize(
    ("photos", "names", "text"), [(None, ["warm"], "Drop a photo"), ([], ["warm"], "Drop a photo")]
)
def test_without_photos_the_page_asks_for_some(make_page, photos, names, text):
    (only,) = click(make_page(), photos, names)
    assert text in only[STATUS]
    assert only[START].interactive


def test_without_methods_the_page_asks_for_one(make_page, photo):
    (only,) = click(make_page(), [photo("a.png")], [])
    assert "Choose a method" in only[STATUS]


def test_hostile_photos_and_references_are_one_message(make_page, photo):
    page, hostile = make_page(), photo("<b>.png", b"\x89PNG\r\n\x1a\n nonsense")
    last = click(page, [hostile])[-1]
    assert "Nothing was colorized." in last[STATUS]
    assert "&lt;b&gt;.png was not colorized" in last[STATUS]
    assert not last[GRID].visible
    assert not last[ARCHIVE].visible
    (only,) = click(page, [photo("a.png")], reference=hostile)
    assert "The reference cannot be read" in only[STATUS]


def test_strength_is_passed_on_and_kept_within_its_limits(make_page, photo):
    captions = [
        click(make_page(), [photo("a.png")], ["warm"], strength=strength)[-1][CAPTION]
        for strength in (0.8, 99)
    ]
    assert ["strength=0.8" in captions[0], "strength=1.5" in captions[1]] == [True, True]


def test_stop_ends_after_the_picture_that_is_being_made(make_page, photo):
    page = make_page()
    steps = page.colorize([str(photo("a.png"))], ["warm", "cool"], 0, 1.0, None, VISITOR)
    next(steps)
    next(steps)
    assert not page.stop(VISITOR).interactive
    (last,) = list(steps)
    assert "Stopped: 1 picture left out." in last[STATUS]
    assert last[ARCHIVE].visible


def test_who_leaves_is_stopped_and_forgotten(make_page, photo):
    page = make_page()
    steps = page.colorize([str(photo("a.png"))], ["warm", "cool"], 0, 1.0, None, VISITOR)
    next(steps)
    page.leave(VISITOR)
    assert len(list(steps)) == 1
    assert select(page, 0) == [gradio.skip()] * 3
    assert page.vote(VISITOR) == gradio.skip()


def test_a_favourite_becomes_a_vote_in_the_studys_database(make_page, photo, tmp_path):
    page = make_page(votes := tmp_path / "study.sqlite")
    assert click(page, [photo("a.png")])[-1][FAVOURITE].visible
    select(page, 2)
    assert page.vote(VISITOR).value == "Kept: cool"
    assert favourites(votes) == {"cool": (1, 1), "warm": (0, 1)}


def test_one_method_alone_is_no_favourite_and_without_a_run_none_is_kept(make_page, photo, tmp_path):
    votes = tmp_path / "study.sqlite"
    assert not click(make_page(votes), [photo("a.png")], ["warm"])[-1][FAVOURITE].visible
    assert not click(make_page(), [photo("a.png")])[-1][FAVOURITE].visible


def test_a_database_that_cannot_be_written_is_said_on_the_button(make_page, photo, tmp_path):
    (tmp_path / "study.sqlite").mkdir()
    page = make_page(tmp_path / "study.sqlite")
    click(page, [photo("a.png")])
    assert "cannot hold votes" in page.vote(VISITOR).value
