"""Pairs of two methods: which are chosen, how they are drawn, stored and shown."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from huebench import UserError
from huebench.bench.web.study.answers import Answers
from huebench.bench.web.study.page import Page, make_app
from huebench.bench.web.study.trials import draw_trials, find_duels, find_pairs
from huebench.reports.analysis.preferences import read_choices
from huebench.reports.analysis.study import read_answers
from huebench.reports.tables import MetricFacts

SSIM = MetricFacts("ssim", "SSIM", "", "higher", "how alike", "a test", "mean", ("ssim",))


@pytest.fixture
def results(make_run):
    """A run whose two metrics prefer different methods on photos 6 to 11."""
    results = make_run(photos=12)
    images = results.images.copy()
    place = images["method"].map({"gray": 0, "knn": 1, "net[epochs=2,width=3]": 2, "oracle": 3}).astype(float)
    number = images["photo"].str.removeprefix("im").astype(int)
    images["psnr"] = 20 + place
    images["ssim"] = (0.8 + 0.01 * place).where(number < 6, 0.8 - 0.01 * place)
    facts = replace(results.run, metrics=(*results.run.metrics, SSIM))
    return replace(results, images=images, run=facts)


def test_duels_are_about_the_photos_that_metrics_dispute(results):
    duels = find_duels(results, find_pairs(results))
    assert {duel.photo for duel in duels} <= {f"im{i}" for i in range(6, 12)}
    counts = Counter((duel.method, duel.other) for duel in duels)
    assert set(counts) == {
        ("gray", "knn"), ("gray", "net[epochs=2,width=3]"), ("knn", "net[epochs=2,width=3]"),
    }  # fmt: skip
    assert set(counts.values()) == {5}  # half of the ten photos that are not near-grey
    duel = duels[0]
    assert (duel.colorized, duel.real) == (f"pictures/{duel.cell}.png", f"pictures/{duel.other_cell}.png")


def test_a_single_method_has_nobody_to_duel_with(results):
    with pytest.raises(UserError, match=r"--duels compares methods .* only gray: name two"):
        find_duels(results, find_pairs(results, "gray"))


def test_practice_shows_the_truth_and_trials_show_duels(results):
    pairs = find_pairs(results)
    duels = find_duels(results, pairs)
    for person in ("a", "b", "c"):
        trials = draw_trials(pairs, person, 2, 4, duels)
        assert [trial.practice for trial in trials] == [True] * 2 + [False] * 4
        assert [bool(trial.pair.other) for trial in trials] == [False] * 2 + [True] * 4
        assert len({trial.pair.photo for trial in trials}) == 6
        assert max(Counter(trial.pair.shown for trial in trials[2:]).values()) <= 2
    assert draw_trials(pairs, "a", 2, 4, duels) == draw_trials(pairs, "a", 2, 4, duels)


def test_choices_are_kept_apart_from_fool_rates(results):
    pairs = find_pairs(results)
    trials = draw_trials(pairs, "a", 1, 3, find_duels(results, pairs))
    answers = Answers(results.folder / "study.sqlite", 1.0)
    answers.add("a", trials)
    assert answers.trials("a") == trials
    for trial in trials:
        answers.keep("a", trial.number, "left", 1.0, 1.0)
    choices = read_choices(results).set_index("photo")
    assert len(choices) == 3  # without practice
    for trial in trials[1:]:
        row = choices.loc[trial.pair.photo]
        assert (row["method"], row["other"]) == (trial.pair.method, trial.pair.other)
        assert row["chosen"] == (trial.real_side == "right")  # the left picture, which is not the other's
    assert read_answers(results).empty


def test_a_database_from_before_duels_takes_them(results, tmp_path):
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(
            "CREATE TABLE participants (id TEXT PRIMARY KEY, exposure REAL NOT NULL, started TEXT NOT NULL);"
            "CREATE TABLE trials (participant TEXT, number INTEGER, practice INTEGER, cell TEXT, method TEXT,"
            " photo TEXT, colorized TEXT, real TEXT, real_side TEXT, answer TEXT, seconds REAL, shown REAL,"
            " PRIMARY KEY (participant, number));"
            "CREATE VIEW answers AS SELECT participant, cell, method, photo, exposure,"
            " answer <> real_side AS fooled FROM trials JOIN participants ON id = participant;"
            "INSERT INTO participants VALUES ('old', 1.0, '2026-01-01');"
            "INSERT INTO trials VALUES"
            " ('old', 1, 0, '0-0', 'gray', 'im3', 'a.png', 'b.png', 'left', 'right', 1.0, 1.0);"
        )
    pairs = find_pairs(results)
    answers = Answers(path, 1.0)
    answers.add("new", draw_trials(pairs, "new", 1, 3, find_duels(results, pairs)))
    assert answers.trials("old")[0].pair.other == ""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT participant, fooled FROM answers").fetchall() == [("old", 1)]
        assert database.execute("SELECT * FROM preferences").fetchall() == []


def test_the_page_asks_which_looks_more_real_and_shows_both_methods(results):
    pairs = find_pairs(results)
    duels = find_duels(results, pairs)
    answers = Answers(results.folder / "study.sqlite", 1.0)
    client = make_app(Page(results.folder, pairs, answers, 1, 3, duels), "127.0.0.1").test_client()
    page = client.get("/").text
    assert "Which one looks more real, left or right?" in page
    assert "Left looks more real" in page
    state = client.post("/participants").json
    seen = []
    while state["next"] is not None:
        number = state["next"]
        seen.append({client.get(f"/trials/{number}/{side}").data for side in ("left", "right")})
        answer = {"answer": "left", "seconds": 1.0, "shown": 1.0}
        state = client.post(f"/trials/{number}", json=answer).json
    assert [len(pictures) for pictures in seen] == [2] * 4
    truth = (results.folder / "pictures/truth/3.png").read_bytes()
    assert [truth in pictures for pictures in seen] == [True, False, False, False]
    assert state["fooled"] is None
    assert len(read_choices(results)) == 3
