import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from huebench.bench.cli import progress as module
from huebench.bench.cli.progress import LiveProgress, Pace

CELL = SimpleNamespace(key="k", label="pixel-knn[neighbours=1]", seed=2)


def test_brackets_are_shown_as_they_are():
    console = Console(file=io.StringIO(), width=120)
    with LiveProgress(console, 2) as progress:
        progress.started(CELL)
        progress.event(CELL, {"what": "fit [codebook]", "done": 1, "total": 3})
        console.print(progress._progress.get_renderable())
        progress.finished(CELL, {"status": "failed", "reason": "no [photo] left"}, reused=False)
        progress.finished(CELL, {"status": "ok"}, reused=True)
    bar, failed, done = [
        line for line in console.file.getvalue().splitlines() if "pixel-knn[neighbours=1] seed 2" in line
    ]
    assert "fit [codebook]" in bar
    assert failed.endswith("  failed: no [photo] left")
    assert done.endswith("  already done")


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that stands still until it is set."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock.now)
    return clock


def test_the_time_left_is_known_after_the_first_step(clock):
    pace = Pace(0, 61, clock.now)
    assert pace.left(0) == ""
    clock.now += 3
    assert pace.left(1) == "0:03:00 left"


def test_a_resumed_training_does_not_count_what_was_done_before(clock):
    pace = Pace(50, 60, clock.now)
    clock.now += 20
    assert pace.left(52) == "0:01:20 left"


def _shown(clock, events, **options) -> list[str]:
    console = Console(file=io.StringIO(), width=80, **options)
    with LiveProgress(console, 1) as progress:
        progress.started(CELL)
        for seconds, event in events:
            clock.now += seconds
            progress.event(CELL, event)
        progress.finished(CELL, {"status": "ok"}, reused=False)
    return [line.rstrip() for line in console.file.getvalue().splitlines() if line.strip()]


def _epoch(number, split):
    return {"epoch": number, "epochs": 3, "split": split, "loss": 0.25, "accuracy": 0.5}


EVENTS = [
    (0, {"what": "epoch 1/3", "done": 0, "total": 3}),
    (60, {"what": "epoch 1/3, loss 1", "done": 1, "total": 3}),
    (0, _epoch(1, "train")),
    (0, _epoch(1, "validation")),
    (0, _epoch(2, "train")),
    (0, _epoch(3, "train")),
]


def test_without_a_terminal_each_epoch_leaves_a_line_with_the_time_left(clock):
    name = "  pixel-knn[neighbours=1] seed 2"
    numbers = "loss 0.25 accuracy 0.500"
    assert _shown(clock, EVENTS) == [
        f"{name}  epoch 1/3  train {numbers}  validation {numbers}  0:02:00 left",
        f"{name}  epoch 2/3  train {numbers}  0:02:00 left",
        f"{name}  epoch 3/3  train {numbers}  0:02:00 left",
        f"{name}  done in 60 s",
    ]


def test_on_a_terminal_the_bar_shows_the_epoch_and_leaves_no_line(clock):
    lines = _shown(clock, EVENTS, force_terminal=True, color_system=None)
    assert not [line for line in lines if "epoch 1/3  train" in line]


def test_another_activity_starts_its_own_clock(clock):
    progress = LiveProgress(Console(file=io.StringIO()), 1)
    progress.started(CELL)
    progress.event(CELL, {"what": "drawing", "done": 9, "total": 10})
    clock.now += 1000
    progress.event(CELL, {"what": "epoch 1/2", "done": 0, "total": 20})
    clock.now += 1
    progress.event(CELL, {"what": "epoch 1/2", "done": 1, "total": 20})
    assert progress._left["k"] == "0:00:19 left"
