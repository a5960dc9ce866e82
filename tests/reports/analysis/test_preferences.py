"""Preferences of simulated participants, whose taste is known."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from huebench import UserError
from huebench.reports.analysis.preferences import (
    agreement,
    bradley_terry,
    differences,
    disputes,
    read_choices,
    read_preferences,
)
from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import PlainTable, Table

from ..conftest import found, section

TASTE = {"gray": -1.2, "knn": -0.2, "net": 0.4, "gan": 1.0}


def simulated(rng, people=20, each=40, taste=TASTE, photos=60, spread=0.0):
    """Draw choices by the Bradley–Terry model; people differ from one another by ``spread``."""
    rows = []
    for person in range(people):
        own = {label: score + rng.normal(0, spread) for label, score in taste.items()}
        for _ in range(each):
            a, b = rng.choice(list(taste), 2, replace=False)
            chosen = rng.random() < 1 / (1 + np.exp(own[b] - own[a]))
            rows.append((f"p{person}", f"im{rng.integers(photos):04d}.jpg", a, b, int(chosen)))
    return pd.DataFrame(rows, columns=["participant", "photo", "method", "other", "chosen"])


def test_scores_are_those_of_a_logistic_regression():
    choices = simulated(np.random.default_rng(1))
    labels = sorted(TASTE)
    sides = np.array([
        [(label == a) - (label == b) for label in labels]
        for a, b in choices[["method", "other"]].itertuples(index=False)
    ])  # fmt: skip
    halves = np.vstack([np.eye(len(labels))] * 2)
    design = np.vstack([sides, halves])
    answers = np.concatenate([choices["chosen"], np.ones(len(labels)), np.zeros(len(labels))])
    weights = np.concatenate([np.ones(len(choices)), np.full(2 * len(labels), 0.5)])
    fitted = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-10, max_iter=10_000)
    expected = fitted.fit(design, answers, sample_weight=weights).coef_[0]
    scores = bradley_terry(choices)["score"]
    np.testing.assert_allclose(scores[labels], expected - expected.mean(), atol=1e-4)


def test_two_methods_have_the_log_odds_of_their_wins():
    choices = simulated(np.random.default_rng(2), taste={"a": 0.0, "b": 0.5}, people=3)
    table = bradley_terry(choices)
    wins = table["wins"]
    assert wins.sum() == len(choices)
    # Half a win and half a loss of each against the average pull them together.
    assert table["score"].diff().abs().iloc[1] == pytest.approx(abs(np.log(wins["b"] / wins["a"])), abs=0.05)
    assert list(table["choices"]) == [len(choices)] * 2


def test_known_taste_is_found_within_the_intervals():
    """95% intervals of 100 studies, whose participants differ, hold the taste about 95% of the time."""
    rng = np.random.default_rng(3)
    inside, mean = [], np.mean(list(TASTE.values()))
    for _ in range(100):
        table = bradley_terry(simulated(rng, people=16, each=20, spread=0.0))
        inside += [
            table.loc[label, "low"] <= score - mean <= table.loc[label, "high"]
            for label, score in TASTE.items()
        ]
    assert 0.90 < np.mean(inside) < 0.99


def test_intervals_grow_with_the_difference_between_people():
    alike, unlike = (
        bradley_terry(simulated(np.random.default_rng(4), people=30, spread=spread)) for spread in (0.0, 1.5)
    )
    width, wider = ((table["high"] - table["low"]).mean() for table in (alike, unlike))
    assert wider > 1.3 * width


def test_a_method_that_always_wins_has_a_finite_score():
    choices = pd.DataFrame({"participant": ["p"] * 5, "photo": list("abcde"), "method": "good",
                            "other": "bad", "chosen": 1})  # fmt: skip
    table = bradley_terry(choices)
    assert list(table.index) == ["good", "bad"]
    assert np.isfinite(table["score"]).all()
    assert list(table["wins"]) == [5, 0]


def test_sides_do_not_matter():
    choices = simulated(np.random.default_rng(5))
    swapped = choices.rename(columns={"method": "other", "other": "method"}).assign(
        chosen=1 - choices["chosen"]
    )
    pd.testing.assert_frame_equal(bradley_terry(choices), bradley_terry(swapped))


def test_the_metric_that_people_follow_agrees_most():
    rng = np.random.default_rng(6)
    photos = [f"im{i:04d}.jpg" for i in range(60)]
    liked = pd.DataFrame(rng.normal(0, 1, (60, 4)), photos, list(TASTE))
    values = {"noise": pd.DataFrame(rng.normal(0, 1, (60, 4)), photos, list(TASTE)), "liked": liked}
    rows = []
    for person in range(15):
        for _ in range(40):
            photo, (a, b) = rng.choice(photos), rng.choice(list(TASTE), 2, replace=False)
            likely = 1 / (1 + np.exp(2 * (liked.loc[photo, b] - liked.loc[photo, a])))
            rows.append((f"p{person}", photo, a, b, int(rng.random() < likely)))
    choices = pd.DataFrame(rows, columns=["participant", "photo", "method", "other", "chosen"])
    table = agreement(choices, values)
    assert list(table.index) == ["liked", "noise"]
    assert table.loc["liked", "low"] > 0.7
    assert table.loc["noise", "low"] < 0.5 < table.loc["noise", "high"]
    gaps = [
        liked.loc[row.photo, row.method] - liked.loc[row.photo, row.other] for row in choices.itertuples()
    ]
    assert table.loc["liked", "agreement"] == pytest.approx(
        np.mean((np.array(gaps) > 0) == choices["chosen"])
    )
    expected = stats.spearmanr(gaps, choices["chosen"]).statistic
    assert table.loc["liked", "correlation"] == pytest.approx(expected)
    assert table.loc["liked", "correlation_low"] < expected < table.loc["liked", "correlation_high"]
    assert table.loc["noise", "correlation_low"] < 0 < table.loc["noise", "correlation_high"]


def test_metrics_are_turned_so_that_more_is_better(maker):
    found_ = differences(summarize(maker.run(methods=("gray", "pix2pix"), near_grey=0)))
    assert {"psnr", "auc", "delta_e2000"} <= set(found_)
    assert "colorfulness" not in found_  # it has a target
    for name in ("psnr", "delta_e2000"):
        assert (found_[name]["pix2pix"] > found_[name]["gray"]).mean() > 0.8


def test_a_dispute_needs_two_metrics_that_prefer_different_methods(maker):
    results = maker.run(methods=("gray", "pix2pix"), near_grey=0)
    images = results.images.copy()
    disputed = images["photo"].isin(["im0003.jpg", "im0007.jpg"]) & (images["method"] == "gray")
    images.loc[disputed, "ssim"] = 1.0  # gray is the best by SSIM alone
    table = disputes(summarize(replace(results, images=images)), ["gray", "pix2pix"])
    assert list(table.columns) == ["photo", "a", "b", "dispute"]
    top = table.sort_values("dispute", ascending=False)["photo"]
    assert set(top[:2]) == {"im0003.jpg", "im0007.jpg"}
    assert (table["dispute"] >= 0).all()
    assert (table["dispute"] == 0).any()


@pytest.fixture
def studied(maker):
    """A run with the choices of twelve people, who prefer the better method nine times of ten."""
    results = maker.run(methods=("gray", "pix2pix", "fusion"))
    rng, order = np.random.default_rng(7), ["gray", "pix2pix", "fusion"]
    rows = []
    for person in range(12):
        for photo in range(12):
            a, b = rng.choice(order, 2, replace=False)
            better = order.index(a) > order.index(b)
            chosen = int(better == (rng.random() < 0.9))
            rows.append((f"p{person}", f"im{photo:04d}.jpg", f"{a}-0", a, f"{b}-0", b, chosen))
    with closing(sqlite3.connect(results.folder / "study.sqlite")) as database, database:
        database.execute("CREATE TABLE answers (participant, cell, method, photo, exposure, fooled)")
        database.execute(
            "CREATE TABLE preferences (participant, photo, cell, method, other_cell, other, chosen)"
        )
        database.executemany("INSERT INTO preferences VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return results


def test_the_report_shows_scores_and_metrics_once_there_are_choices(studied):
    made = section("preferences", studied)
    table, metrics = found(Table, made)[0], found(PlainTable, made)[0]
    assert [row.label for row in table.rows] == ["fusion", "pix2pix", "gray"]
    assert table.rows[0].entries[0].rank == 1
    assert {"PSNR", "AuC"} <= {row[0] for row in metrics.rows}
    assert section("human_study", studied) == []


def test_a_run_without_choices_has_no_section(maker):
    results = maker.run(methods=("gray", "pix2pix"))
    assert section("preferences", results) == []
    assert read_choices(results).empty


def test_choices_about_other_cells_do_not_count(studied):
    cells = studied.cells.assign(cell=studied.cells["cell"].replace("gray-0", "gray-new"))
    kept = read_choices(replace(studied, cells=cells))
    assert 0 < len(kept) < 144
    assert "gray" not in {*kept["method"], *kept["other"]}
    results = replace(studied, cells=cells)
    assert read_preferences(results, summarize(studied)).choices == len(kept)


def test_a_damaged_database_is_reported(maker):
    results = maker.run(methods=("gray",))
    (results.folder / "study.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(UserError, match=r"study\.sqlite' is not a readable database"):
        read_choices(results)
