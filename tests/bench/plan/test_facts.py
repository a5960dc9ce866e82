"""Facts that a method reports are accepted only with the promised types, sizes and ranges."""

import pytest

from huebench.bench.plan.facts import (
    SHOWN,
    CellRow,
    EpochEvent,
    Fitted,
    Learned,
    Progress,
    checked,
    checked_event,
    is_whole,
)

LEARNED = {
    "seconds": 1.0, "train_photos": 6, "parameter_count": 10, "file_bytes": 0, "notes": {"a": "b"},
    "trainable": True,
}  # fmt: skip
EPOCH = {"epoch": 1, "epochs": 2, "split": "train", "loss": 0.5, "accuracy": 0.1}
PROGRESS = {"done": 1, "total": 2, "what": "decoding"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (LEARNED | {"notes": ["trained", "well"]}, "notes"),
        (LEARNED | {"notes": {"a": 1}}, "notes.a"),
        (LEARNED | {"notes": {"a": "x" * 10_000}}, "notes.a"),
        (LEARNED | {"notes": {str(i): "" for i in range(1000)}}, "notes"),
        (LEARNED | {"parameter_count": 1.5}, "parameter_count"),
        (LEARNED | {"parameter_count": -1}, "parameter_count"),
        (LEARNED | {"parameter_count": 10**30}, "parameter_count"),
        (LEARNED | {"seconds": float("nan")}, "seconds"),
        (LEARNED | {"train_photos": True}, "train_photos"),
    ],
)
def test_wrong_facts_of_a_training_are_named(given, field):
    assert checked(Learned, LEARNED) == LEARNED
    with pytest.raises(ValueError, match=f"the method reported invalid facts: {field}: "):
        checked(Learned, given)


@pytest.mark.parametrize(
    "given",
    [
        EPOCH | {"loss": None},
        EPOCH | {"loss": "low"},
        EPOCH | {"split": "test"},
        EPOCH | {"epoch": "1"},
        EPOCH | {"more": 1},
        PROGRESS | {"total": "2"},
        PROGRESS | {"what": 3},
        {"done": 1},
        {},
        {"phase": "over"},
    ],
)
def test_a_wrong_event_is_refused(given):
    with pytest.raises(ValueError, match="the method reported invalid facts"):
        checked_event(given)


def test_a_right_event_is_taken_and_a_long_activity_is_cut():
    assert checked_event(dict(EPOCH)) == EPOCH
    assert checked_event({"phase": "fit"}) == {"phase": "fit"}
    assert checked_event(PROGRESS | {"what": "x" * 10**6})["what"] == "x" * SHOWN
    assert checked(EpochEvent, EPOCH | {"loss": float("inf")})["loss"] == float("inf")
    assert is_whole(Progress, PROGRESS)


def test_a_row_that_the_tables_cannot_hold_counts_as_damaged():
    row = {"status": "ok", "shards": ["shard-00000.parquet"], "kept": "none", "notes": "{}", "curves": []}
    assert is_whole(CellRow, row)
    assert not is_whole(CellRow, row | {"notes": '["trained", "well"]'})
    assert not is_whole(CellRow, row | {"parameter_count": 1.5})
    assert not is_whole(CellRow, row | {"shards": ["../../shard-00000.parquet"]})
    assert not is_whole(CellRow, row | {"curves": [{"epoch": 1}]})
    assert not is_whole(Fitted, None)
