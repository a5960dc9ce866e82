import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from huebench import UserError
from huebench.bench.colorize.colorist import named
from huebench.bench.plan.request import Request
from huebench.bench.web.demo.choices import SHIPPED, OfferedMethod, offered, shipped_score, untrained
from huebench.methods.base import methods


@pytest.fixture
def request_():
    return Request.of(methods="gray", dataset="samples")


def no_one(text):
    raise AssertionError(text)


def test_named_methods_are_offered_with_their_time_here(request_):
    warm, cool = offered("warm,cool", request_, None, no_one)
    assert (warm.colorist.label, cool.colorist.label) == ("warm", "cool")
    assert re.fullmatch(r"warm \(\d+\.\d+ s\)", warm.row)
    assert not warm.takes_reference


def test_by_default_methods_that_need_no_training_are_offered(monkeypatch):
    kept = {"huebench-small", "warm", "gray", "encoder-decoder", "oracle-roundtrip", "external"}
    monkeypatch.setattr(methods, "_items", {k: v for k, v in methods.items().items() if k in kept})
    assert untrained(None) == "huebench-small,warm"


def test_all_methods_that_are_offered_by_default_colorize_a_photo(request_):
    pytest.importorskip("cv2")  # with it no method is left out for want of a library
    found = {each.label: each.method.info for each in named(untrained(None), request_)}  # none is refused
    assert {"huebench-small", "pixel-knn", "warm", "cool"} <= set(found)
    assert [name for name, info in found.items() if info.clips or info.trainable] == []


def test_the_network_that_ships_has_the_first_figure_of_its_card():
    (row,) = re.findall(r"^\| `landscapes`, test.*$", (Path(SHIPPED) / "README.md").read_text(), re.MULTILINE)
    score = re.fullmatch(r"AuC (0\.\d{3}) on landscapes", shipped_score())
    assert score
    assert row.split("|")[2].strip().startswith(score[1][:4])


@pytest.fixture
def summary(monkeypatch, choices):
    """The summary of a run with four methods, one of which has lost its model."""
    rows = pd.DataFrame(
        {"family": ["baseline", "classical", "classical", "deep"], "oracle": False, "status": "ok"}
        | {"images_per_second": [100.0, 4.0, 2.0, 1.0]},
        index=["gray", "cool", "warm", "lost"],
    )
    scores = pd.DataFrame({"auc": [0.99, 0.7, 0.8, 0.9]}, index=rows.index)
    auc = SimpleNamespace(name="auc", label="AuC")
    found = SimpleNamespace(rows=rows, metrics=[auc], scores=scores, badness=lambda metric: -scores["auc"])
    colorists = {choice.colorist.label: choice.colorist for choice in choices}

    def of_run(results, name, device):
        if name not in colorists:
            raise UserError("its model is gone")
        return [colorists[name]]

    monkeypatch.setattr("huebench.reports.analysis.summary.summarize", lambda results: found)
    monkeypatch.setattr("huebench.bench.web.demo.choices.of_run", of_run)
    cells = pd.DataFrame({"method": rows.index, "name": rows.index, "parameters": "{}"})
    return SimpleNamespace(folder="runs/small", cells=cells)


def test_the_methods_of_a_run_come_best_first_with_their_figures(request_, summary):
    told = []
    offers = offered(None, request_, summary, told.append)
    assert [each.row for each in offers] == ["warm (AuC 0.800, 0.50 s)", "cool (AuC 0.700, 0.25 s)"]
    assert told == ["lost is left out: its model is gone"]


def test_named_methods_of_a_run_must_be_there(request_, summary):
    assert [each.colorist.label for each in offered("cool", request_, summary, no_one)] == ["cool"]
    with pytest.raises(UserError, match="its model is gone"):
        offered("gray", request_, summary, no_one)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("encoder-decoder", "train it with bench run, then give the run with --from"),
        ("oracle-roundtrip", "is an oracle"),
        ("nothing", "nothing"),
    ],
)
def test_methods_that_cannot_be_offered_say_what_to_do(request_, names, text):
    with pytest.raises(UserError, match=text):
        offered(names, request_, None, no_one)


def test_a_row_shows_score_and_time(choices):
    colorist = choices[0].colorist
    rows = [
        OfferedMethod(colorist, score, seconds).row for score, seconds in (("AuC 0.913", 0.044), ("", 12))
    ]
    assert rows == ["warm (AuC 0.913, 0.04 s)", "warm (12.0 s)"]
