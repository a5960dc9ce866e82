import sqlite3
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from huebench import UserError
from huebench.reports.analysis.study import ENOUGH, copy_answers, fool_rates, read_answers, read_study
from huebench.reports.analysis.summary import summarize
from huebench.reports.blocks import Prose, Table
from huebench.reports.report import write_formats

from ..conftest import found, section

METHODS = ("gray", "pixel-knn", "fusion", "oracle-roundtrip")


def made_answers(participants, each, rate, rng, spread=0.0, method="fusion"):
    """Answers of people who differ in how easily they are fooled."""
    own = np.clip(rng.normal(rate, spread, participants), 0, 1)
    people = np.repeat(np.arange(participants), each)
    rows = [(f"p{person}", method, rng.random() < own[person]) for person in people]
    return pd.DataFrame(rows, columns=["participant", "method", "fooled"]).astype({"fooled": int})


@pytest.fixture
def keep_answers():
    """Write answers where ``bench study`` does, a row each: participant, cell, method, photo, fooled."""

    def keep(folder, rows, exposure=1.0):
        database = sqlite3.connect(folder / "study.sqlite")
        database.execute("CREATE TABLE answers (participant, cell, method, photo, exposure, fooled)")
        database.executemany(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)", [(*row[:4], exposure, row[4]) for row in rows]
        )
        database.commit()
        database.close()

    return keep


@pytest.fixture
def results(maker, keep_answers):
    results = maker.run(methods=METHODS)
    rng = np.random.default_rng(3)
    rates = {"gray": 0.0, "pixel-knn": 0.1, "fusion": 0.3, "oracle-roundtrip": 0.5}
    keep_answers(
        results.folder,
        [
            (f"p{person}", f"{method}-0", method, f"im{photo:04d}.jpg", int(rng.random() < rates[method]))
            for person in range(12)
            for photo, method in enumerate(METHODS * 3)
        ],
    )
    return results


def test_the_rate_is_the_share_of_answers_that_were_fooled(results):
    answers = read_answers(results)
    rates = fool_rates(answers)
    for method in METHODS:
        theirs = answers[answers["method"] == method]
        assert rates["fool_rate"][method] == theirs["fooled"].sum() / len(theirs)
        assert rates["answers"][method] == 36
        assert rates["participants"][method] == 12


@pytest.mark.parametrize("participants", [ENOUGH - 1, 25])
def test_the_interval_equals_scipys_over_answers_or_from_enough_on_over_participants(participants):
    answers = made_answers(participants, 8, 0.3, np.random.default_rng(1), spread=0.2)
    unit = "participant" if participants >= ENOUGH else answers.index
    rates = answers.groupby(unit)["fooled"].mean().to_numpy(float)
    reference = stats.ttest_1samp(rates, 0).confidence_interval()
    row = fool_rates(answers).loc["fusion"]
    assert (row["low"], row["high"]) == pytest.approx((reference.low, reference.high), rel=1e-9)


def test_unequal_participants_agree_with_a_bootstrap_of_the_ratio():
    rng = np.random.default_rng(5)
    sizes = rng.integers(2, 12, 40)
    parts = [made_answers(1, size, rng.uniform(0.1, 0.5), rng) for size in sizes]
    answers = pd.concat([part.assign(participant=f"p{i}") for i, part in enumerate(parts)], ignore_index=True)
    sums = answers.groupby("participant")["fooled"].agg(["sum", "count"]).to_numpy()
    draws = sums[rng.integers(40, size=(20_000, 40))].sum(axis=1)
    low, high = np.quantile(draws[:, 0] / draws[:, 1], [0.025, 0.975])
    row = fool_rates(answers).loc["fusion"]
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=0.015)


@pytest.mark.parametrize(("participants", "each", "spread"), [(40, 10, 0.15), (5, 40, 0.0)])
def test_intervals_cover_the_true_rate(participants, each, spread):
    rng = np.random.default_rng(11)
    hits = []
    for _ in range(150):
        row = fool_rates(made_answers(participants, each, 0.35, rng, spread)).loc["fusion"]
        hits.append(row["low"] <= 0.35 <= row["high"])
    assert 0.89 <= np.mean(hits) <= 0.99  # 94% but for chance


@pytest.mark.parametrize("fooled", [0, 1])
def test_there_is_no_interval_where_all_answers_agree(fooled):
    answers = made_answers(12, 3, 0.5, np.random.default_rng(0)).assign(fooled=fooled)
    row = fool_rates(answers).loc["fusion"]
    assert row["fool_rate"] == fooled
    assert np.isnan(row["low"])
    assert np.isnan(row["high"])


def test_one_answer_is_a_rate_without_an_interval():
    row = fool_rates(made_answers(1, 1, 0.5, np.random.default_rng(0))).loc["fusion"]
    assert np.isnan(row["low"])


def test_the_table_follows_the_order_of_the_others_and_marks_the_best_contender(results):
    blocks = section("human_study", results)
    (table,) = found(Table, blocks)
    assert [row.label for row in table.rows] == ["gray", "pixel-knn", "fusion", "oracle-roundtrip"]
    assert [row.entries[0].rank for row in table.rows] == [0, 0, 1, 0]
    assert table.rows[0].entries[1].text == "–"
    assert found(Prose, blocks)[0].text == (
        "12 participants saw a real photo and a colorized one, each for 1 s, and said which is real: "
        "144 answers, not counting practice."
    )


def test_a_method_without_answers_has_no_row(maker, keep_answers):
    results = maker.run(methods=METHODS)
    keep_answers(results.folder, [("p", "fusion-0", "fusion", "im0001.jpg", 1)])
    blocks = section("human_study", results)
    assert [row.label for row in found(Table, blocks)[0].rows] == ["fusion"]
    assert found(Prose, blocks)[0].text.startswith("1 participant saw")


def test_answers_about_a_recomputed_cell_do_not_count(maker, keep_answers):
    results = maker.run(methods=METHODS)
    keep_answers(results.folder, [("p", "an-older-key", "fusion", "im0001.jpg", 1)])
    assert read_answers(results).empty
    assert read_study(results, summarize(results)) is None


def test_a_run_without_a_study_says_nothing_of_one(maker):
    results = maker.run(methods=METHODS)
    assert section("human_study", results) == []
    paths = write_formats(results, results.folder)
    assert "fooled" not in paths[0].read_text()
    assert "fooled" not in paths[1].read_text()
    assert not (paths[2] / "fool-rate.tex").exists()
    assert not (paths[3] / "fool_rates.csv").exists()


def test_every_format_has_the_fool_rate(results):
    markdown, html, latex, csv = write_formats(results, results.folder)
    blocks = section("human_study", results)
    rate, sentence = found(Table, blocks)[0].rows[2].entries[0].text, found(Prose, blocks)[0].text
    assert f"**{rate}**" in markdown.read_text()
    assert sentence in markdown.read_text()
    assert "Human study" in html.read_text()
    assert sentence in html.read_text()
    assert rf"\textbf{{{rate}}}" in (latex / "fool-rate.tex").read_text()
    table = pd.read_csv(csv / "fool_rates.csv", index_col="method")
    pd.testing.assert_frame_equal(table, read_study(results, summarize(results)).rates, check_names=False)


def test_a_copy_includes_answers_in_the_write_ahead_log(results, tmp_path):
    target = tmp_path / "copy"
    target.mkdir()
    copy_answers(target, results.folder)  # no answers to copy
    before = read_answers(results)
    database = sqlite3.connect(results.folder / "study.sqlite")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("INSERT INTO answers VALUES ('late', 'gray-0', 'gray', 'im0000.jpg', 1.0, 1)")
    database.commit()
    copy_answers(results.folder, results.folder)
    copy_answers(results.folder, target)
    database.close()
    copied = read_answers(replace(results, folder=target))
    assert len(copied) == len(before) + 1
    pd.testing.assert_frame_equal(copied, read_answers(results))
    assert [path.name for path in target.iterdir()] == ["study.sqlite"]


def test_a_copy_never_replaces_answers_that_the_run_lacks(results, keep_answers, tmp_path):
    target = tmp_path / "copy"
    target.mkdir()
    copy_answers(results.folder, target)
    copy_answers(results.folder, target)  # the same answers again
    (target / "study.sqlite").unlink()
    keep_answers(target, [("another", "gray-0", "gray", "im0000.jpg", 1)])
    before = (target / "study.sqlite").read_bytes()
    with pytest.raises(UserError, match=r"copy/study\.sqlite' holds 1 answer that .* lacks: move it away"):
        copy_answers(results.folder, target)
    assert (target / "study.sqlite").read_bytes() == before
    (target / "study.sqlite").write_text("no database, as long as may be" * 100)
    with pytest.raises(UserError, match="cannot copy the answers of a study"):
        copy_answers(results.folder, target)


def test_a_new_answer_rewrites_the_report(results):
    report = write_formats(results, results.folder, ["md"])[0]
    before = report.read_text()
    database = sqlite3.connect(results.folder / "study.sqlite")
    database.execute("INSERT INTO answers VALUES ('late', 'fusion-0', 'fusion', 'im0001.jpg', 1.0, 1)")
    database.commit()
    database.close()
    assert write_formats(results, results.folder, ["md"])[0].read_text() != before
    assert "13 participants" in report.read_text()


def test_a_damaged_database_is_named(maker):
    results = maker.run(methods=METHODS)
    (results.folder / "study.sqlite").write_bytes(b"nothing" * 200)
    with pytest.raises(UserError, match=r"study\.sqlite.*not a database.*move the file away"):
        read_answers(results)


def test_reading_answers_changes_and_adds_nothing(results):
    before = {path: path.read_bytes() for path in results.folder.iterdir() if path.is_file()}
    read_answers(results)
    assert {path: path.read_bytes() for path in results.folder.iterdir() if path.is_file()} == before


def test_a_database_made_to_run_for_ever_is_given_up(maker, monkeypatch):
    results = maker.run(methods=METHODS)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    columns = ", ".join(f"1 AS {name}" for name in ("cell", "method", "photo", "exposure", "fooled"))
    with sqlite3.connect(results.folder / "study.sqlite") as database:
        database.execute(f"CREATE VIEW answers AS SELECT ({endless}) AS participant, {columns}")
    database.close()
    monkeypatch.setattr("huebench.reports.analysis.study.PATIENCE", 0.2)
    with pytest.raises(UserError, match="interrupted"):
        read_answers(results)
