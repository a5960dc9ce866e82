import sqlite3
import threading

import pytest

from huebench import UserError
from huebench.bench.web.study.answers import Answers
from huebench.bench.web.study.trials import draw_trials, find_pairs


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.sqlite"


@pytest.fixture
def trials(make_run):
    return draw_trials(find_pairs(make_run()), "somebody", 2, 4)


def test_trials_come_back_as_they_were_drawn(path, trials):
    answers = Answers(path, 1.0)
    answers.add("somebody", trials)
    assert Answers(path, 1.0).trials("somebody") == trials
    assert answers.trials("nobody") == []


def test_only_the_next_trial_is_answered_and_once(path, trials):
    answers = Answers(path, 1.0)
    answers.add("somebody", trials)
    assert not answers.keep("somebody", 2, "left", 1.0, 1.0)
    assert answers.keep("somebody", 1, "left", 1.0, 1.0)
    assert not answers.keep("somebody", 1, "right", 1.0, 1.0)
    assert not answers.keep("nobody", 2, "left", 1.0, 1.0)
    assert answers.given("somebody") == ["left"]


def test_of_many_answers_at_a_time_one_is_kept(path, trials):
    answers = Answers(path, 1.0)
    answers.add("somebody", trials)
    barrier, kept = threading.Barrier(16), []

    def say(side):
        barrier.wait()
        kept.append(answers.keep("somebody", 1, side, 1.0, 1.0))

    threads = [threading.Thread(target=say, args=(("left", "right")[i % 2],)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept) == [False] * 15 + [True]
    assert len(answers.given("somebody")) == 1


def test_many_participants_write_at_a_time(path, make_run):
    answers = Answers(path, 1.0)
    pairs = find_pairs(make_run())

    def take_part(name):
        answers.add(name, draw_trials(pairs, name, 2, 4))
        for number in range(1, 7):
            assert answers.keep(name, number, "left", 1.0, 1.0)

    threads = [threading.Thread(target=take_part, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(answers.given(str(i))) for i in range(8)] == [6] * 8


def test_the_file_is_in_wal_mode_and_knows_nothing_of_a_person(path, trials):
    Answers(path, 1.0).add("somebody", trials)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        columns = [row[1] for row in database.execute("PRAGMA table_info(participants)")]
    database.close()
    assert columns == ["id", "exposure", "started"]


def test_practice_and_long_exposures_do_not_count(path, trials, make_run, read_table):
    results = make_run()
    answers = Answers(results.folder / "study.sqlite", 2.0)
    answers.add("somebody", trials)
    shown = {1: 2.0, 2: 2.0, 3: 2.1, 4: 3.1, 5: 3.0, 6: 1.9}
    for trial in trials:
        answer = trial.real_side if trial.number == 5 else {"left": "right", "right": "left"}[trial.real_side]
        assert answers.keep("somebody", trial.number, answer, 1.0, shown[trial.number])
    counted = read_table(results, "answers")
    expected = [(trial.pair.photo, int(trial.number != 5)) for trial in trials if trial.number in (3, 5, 6)]
    assert sorted(zip(counted["photo"], counted["fooled"], strict=True)) == sorted(expected)


def test_answers_after_another_exposure_are_not_mixed(path, trials):
    Answers(path, 1.0).add("somebody", trials)
    with pytest.raises(UserError, match=r"for an exposure of 1 s, which cannot be mixed with 0.5 s"):
        Answers(path, 0.5)


def test_a_file_that_is_not_a_database_is_not_touched(path):
    path.write_text("my notes, longer than the hundred bytes of the header of a SQLite file" * 3)
    before = path.read_bytes()
    with pytest.raises(UserError, match="cannot hold the answers"):
        Answers(path, 1.0)
    assert path.read_bytes() == before


def test_a_folder_that_is_missing_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.*cannot hold the answers"):
        Answers(tmp_path / "nowhere" / "study.sqlite", 1.0)
