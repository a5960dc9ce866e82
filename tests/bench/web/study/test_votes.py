import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from huebench import UserError
from huebench.bench.web.study.answers import Answers
from huebench.bench.web.study.votes import Vote, favourites, keep_vote
from huebench.reports.analysis.study import read_answers

VOTE = Vote("somebody", "photo-1", "knn", "strength=0.8", ("knn", "gray"))


def test_votes_are_counted_against_how_often_a_method_was_shown(tmp_path):
    path = tmp_path / "study.sqlite"
    keep_vote(path, VOTE)
    keep_vote(path, replace(VOTE, photo="photo-2", method="gray"))
    keep_vote(path, replace(VOTE, visitor="another", among=("knn", "net[width=3]")))
    before = sorted(tmp_path.iterdir())
    assert favourites(path) == {"knn": (2, 3), "gray": (1, 2), "net[width=3]": (0, 1)}
    assert sorted(tmp_path.iterdir()) == before


def test_a_second_vote_about_a_photo_replaces_the_first(tmp_path):
    path = tmp_path / "study.sqlite"
    keep_vote(path, VOTE)
    keep_vote(path, replace(VOTE, method="gray"))
    assert favourites(path) == {"gray": (1, 1), "knn": (0, 1)}


def test_without_a_database_or_with_an_older_one_there_are_none(tmp_path):
    path = tmp_path / "study.sqlite"
    assert favourites(path) == {}
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE participants (id TEXT)")
    assert favourites(path) == {}


def test_a_damaged_database_is_reported(tmp_path):
    path = tmp_path / "study.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(UserError, match="cannot hold votes"):
        keep_vote(path, VOTE)
    with pytest.raises(UserError, match="not a readable database"):
        favourites(path)


def test_votes_leave_the_study_and_its_answers_as_they_are(make_run, bench):
    results = make_run()
    path = results.folder / "study.sqlite"
    keep_vote(path, VOTE)
    assert read_answers(results).empty
    Answers(path, 0.5)
    code, output = bench("study", results.folder, "--results")
    assert code == 0
    assert output.splitlines() == [
        "knn: favourite in 1 of 1 comparison", "gray: favourite in 0 of 1 comparison", "no answers yet",
    ]  # fmt: skip
