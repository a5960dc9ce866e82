"""What a dataset may not return about its clips."""

import pytest

from huebench.datasets.base import Entry
from huebench.datasets.faults import fault_of_entries


def frame(number, clip="a", split="test"):
    return Entry(f"{clip}/{number}", split, "", "", "00", clip, number)


def test_clips_one_after_another_are_right():
    assert fault_of_entries([frame(0), frame(1), frame(5), frame(0, "b")]) == ""
    assert fault_of_entries([Entry(name, "test", "", "", "00") for name in "xyz"]) == ""


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([frame(0), frame(1, split="train")], "clip 'a' is in two splits, test and train"),
        ([frame(1), frame(0)], "the frames of clip 'a' are not in order"),
        ([frame(0), frame(0, "b"), frame(1)], "the frames of clip 'a' are not in order"),
        ([frame(-1)], "frame of photo 'a/-1' must be a whole number from 0, not -1"),
    ],
)
def test_a_wrong_clip_is_refused(entries, message):
    assert fault_of_entries(entries) == message
