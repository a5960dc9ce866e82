"""What the buttons of the tab for films do, without a browser."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from huebench.bench.web.demo import film as film_module

from ....film_files import pictures, write, yellow

gradio = pytest.importorskip("gradio", reason="needs the extra 'demo'")

VISITOR = SimpleNamespace(session_hash="somebody")
STATUS, PLAYER, CAPTION, DOWNLOAD, START, STOP = range(6)


@pytest.fixture
def tab(choices, tmp_path, generous, monkeypatch):
    from huebench.bench.web.demo.film_tab import FilmTab

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(film_module, "EVERY", 0.01)
    return FilmTab(choices, tmp_path / "work", generous)


@pytest.fixture
def film(tmp_path):
    return write(tmp_path / "a & b.mp4", pictures(6))


def click(tab, film, name="warm", smooth=False, size=0, strength=1.0, reference=None):
    """Press Colorize film; return what the parts of the tab get, step by step."""
    chosen = (size, strength, reference and str(reference))
    return list(tab.colorize(film and str(film), name, smooth, *chosen, VISITOR))


def test_the_tab_shows_progress_then_the_film(tab, film):
    first, *_, last = click(tab, film)
    assert "<progress" in first[STATUS]
    assert "warm: a &amp; b.mp4" in first[STATUS]
    assert first[STOP].interactive
    assert not first[START].interactive
    assert last[PLAYER].visible
    assert "Before is above, after is below" in last[STATUS]
    assert "<strong>warm: a &amp; b.mp4</strong>" in last[CAPTION]
    assert last[DOWNLOAD].visible
    assert last[START].interactive
    assert not last[STOP].interactive


def test_smooth_is_said(tab, film):
    assert "smoothed[method=warm]: " in click(tab, film, smooth=True)[-1][CAPTION]


def test_size_and_strength_are_those_of_the_film(tab, film):
    last = click(tab, film, size=32, strength=0)[-1]
    assert "warm size=32 strength=0: " in last[CAPTION]
    grey = np.abs(yellow(last[DOWNLOAD].value["path"])).max()
    assert grey < 1 < np.abs(yellow(click(tab, film)[-1][DOWNLOAD].value["path"])).max()
    assert "strength=1.5" in click(tab, film, strength=99)[-1][CAPTION]


def test_the_reference_is_that_of_the_film(tab, film, photo):
    assert "reference=" in click(tab, film, reference=photo("reference.png"))[-1][CAPTION]
    (only,) = click(tab, film, reference=photo("reference.png", b"nonsense"))
    assert "The reference cannot be read" in only[STATUS]


@pytest.mark.parametrize(("name", "text"), [("warm", "Drop a film"), (None, "Drop a film")])
def test_without_a_film_the_tab_asks_for_one(tab, name, text):
    (only,) = click(tab, None, name)
    assert text in only[STATUS]


def test_without_a_method_the_tab_asks_for_one(tab, film):
    (only,) = click(tab, film, None)
    assert "Choose a method" in only[STATUS]


def test_a_hostile_film_is_one_message(tab, tmp_path):
    (tmp_path / "<b>.mp4").write_bytes(b"nonsense")
    last = click(tab, tmp_path / "<b>.mp4")[-1]
    assert last[STATUS].count("<p>") == 1
    assert "&lt;b&gt;.mp4 was not colorized: not a film" in last[STATUS]
    assert not last[PLAYER].visible
    assert not last[DOWNLOAD].visible
    assert last[START].interactive


@pytest.mark.parametrize("end", ["stop", "leave"])
def test_who_stops_or_leaves_ends_the_film(tab, film, end):
    steps = tab.colorize(str(film), "warm", False, 0, 1.0, None, VISITOR)
    next(steps)
    getattr(tab, end)(VISITOR)
    *_, last = steps
    assert "stopped" in last[STATUS]
    assert last[START].interactive


def test_without_the_extra_one_line_says_what_to_install(tab, monkeypatch):
    shown = []
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(gradio, "HTML", lambda text, **_: shown.append(text))
    monkeypatch.setattr(gradio, "Row", None)  # nothing else is made
    tab.build()
    assert shown == [
        "<div role='status'><p>a film needs av: pip install &#x27;huebench[video]&#x27;</p></div>"
    ]
