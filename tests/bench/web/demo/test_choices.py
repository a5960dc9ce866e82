import re
from pathlib import Path

import pytest

from huebench import UserError
from huebench.bench.plan.request import Request
from huebench.bench.web.demo.choices import SHIPPED, Choice, offered, shipped_score, untrained
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


def test_the_network_that_ships_has_the_first_figure_of_its_card():
    (row,) = re.findall(r"^\| `landscapes`, test.*$", (Path(SHIPPED) / "README.md").read_text(), re.MULTILINE)
    score = re.fullmatch(r"AuC (0\.\d{3}) on landscapes", shipped_score())
    assert score
    assert row.split("|")[2].strip().startswith(score[1][:4])


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
    rows = [Choice(colorist, score, seconds, None).row for score, seconds in (("AuC 0.913", 0.044), ("", 12))]
    assert rows == ["warm (AuC 0.913, 0.04 s)", "warm (12.0 s)"]


def test_a_network_works_at_the_side_of_its_training_again(choices):
    class Network:
        network_size = 160

    colorist = type("Colorist", (), {"method": Network()})
    choice = Choice(colorist, "", 1, 160)
    colorist.method.network_size = 512
    choice.reset()
    assert colorist.method.network_size == 160
