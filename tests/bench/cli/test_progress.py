import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from huebench.bench.cli import progress as module
from huebench.bench.cli.progress import LiveProgress, Pace

CELL = SimpleNamespace(key="k", title="pixel-knn[neighbours=1] seed 2", request=SimpleNamespace(jobs=1))
OTHER = SimpleNamespace(key="o", title="gray", request=SimpleNamespace(jobs=1))
OK = {"status": "ok", "shards": []}


class Durations:
    """Stands in for what earlier runs took: nothing, unless a test says so."""

    def __init__(self, **seconds):
        self.seconds = seconds

    def expected(self, cell):
        return self.seconds.get(cell.key)

    def record(self, cell, seconds):
        self.seconds[cell.key] = seconds


@pytest.fixture(autouse=True)
def scores(monkeypatch):
    monkeypatch.setattr(module, "first_scores", lambda cell, status: status.get("scores", {}))


def test_brackets_are_shown_as_they_are():
    console = Console(file=io.StringIO(), width=120)
    with LiveProgress(console, Durations()) as progress:
        progress.started(CELL)
        progress.event(CELL, {"what": "fit [codebook]", "done": 1, "total": 3})
        console.print(progress._progress.get_renderable())
        progress.finished(CELL, {"status": "failed", "reason": "no [photo] left"}, reused=False)
        progress.finished(CELL, OK, reused=True)
    _, bar, failed, done = [
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
    assert pace.left(0) is None
    clock.now += 3
    assert pace.left(1) == 180


def test_a_resumed_training_does_not_count_what_was_done_before(clock):
    pace = Pace(50, 60, clock.now)
    clock.now += 20
    assert pace.left(52) == 80


def _shown(clock, events, durations=None, **options) -> list[str]:
    console = Console(file=io.StringIO(), width=80, **options)
    with LiveProgress(console, durations or Durations()) as progress:
        progress.started(CELL)
        for seconds, event in events:
            clock.now += seconds
            progress.event(CELL, event)
        progress.finished(CELL, {"status": "ok", "scores": {"PSNR": "22.10", "AuC": "0.871"}}, reused=False)
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
        f"{name}  started",
        f"{name}  epoch 1/3  train {numbers}  validation {numbers}  0:02:00 left",
        f"{name}  epoch 2/3  train {numbers}  0:02:00 left",
        f"{name}  epoch 3/3  train {numbers}  0:02:00 left",
        f"{name}  done in 60 s  PSNR 22.10  AuC 0.871",
    ]


def test_on_a_terminal_the_bar_shows_the_epoch_and_leaves_no_line(clock):
    lines = _shown(clock, EVENTS, force_terminal=True, color_system=None)
    assert not [line for line in lines if "epoch 1/3  train" in line]


def test_another_activity_starts_its_own_clock(clock):
    progress = LiveProgress(Console(file=io.StringIO()), Durations())
    progress.started(CELL)
    progress.event(CELL, {"what": "drawing", "done": 9, "total": 10})
    clock.now += 1000
    progress.event(CELL, {"what": "epoch 1/2", "done": 0, "total": 20})
    clock.now += 1
    progress.event(CELL, {"what": "epoch 1/2", "done": 1, "total": 20})
    assert progress._running["k"].left == 19


def test_a_phase_is_shown_from_the_first_second():
    console = Console(file=io.StringIO(), width=80)
    progress = LiveProgress(console, Durations())
    progress.planned([CELL, OTHER])
    progress.started(CELL)
    for event in ({"phase": "fit"}, {"what": "decoding", "done": 1, "total": 9}, {"phase": "score"}):
        console.print(progress._progress.get_renderable())
        progress.event(CELL, event)
    console.print(progress._progress.get_renderable())
    lines = [line for line in console.file.getvalue().splitlines() if "seed 2" in line]
    seen = [line.split()[-1] for line in lines if not line.endswith("started")]
    assert seen == ["starting", "fitting", "decoding", "scoring"]


def test_what_was_left_of_the_training_is_not_shown_beside_colorizing(clock):
    progress = LiveProgress(Console(file=io.StringIO()), Durations())
    progress.started(CELL)
    fitted = [{"phase": "fit"}, *({"what": "fitting", "done": done, "total": 4} for done in (0, 4))]
    for event in fitted:
        clock.now += 1
        progress.event(CELL, event)
    assert progress._running["k"].left == 0
    progress.event(CELL, {"phase": "colorize"})
    assert progress._running["k"].left is None
    for done in (8, 16):
        clock.now += 2
        progress.event(CELL, {"what": "colorizing", "done": done, "total": 24})
        progress.event(CELL, {"phase": "score"})
    assert progress._running["k"].left == 2


def test_earlier_runs_tell_how_long_a_method_and_the_run_will_take(clock):
    durations = Durations(k=90.0, o=30.0)
    lines = _shown(clock, [(70, {"phase": "colorize"})], durations)
    assert lines[0] == "  pixel-knn[neighbours=1] seed 2  started  0:01:30 left"
    assert durations.seconds["k"] == 70
    progress = LiveProgress(Console(file=io.StringIO()), durations)
    progress.planned([CELL, OTHER])
    progress.started(CELL)
    clock.now += 20
    assert progress._run_left() == "0:01:20 left"
    durations.seconds.pop("o")
    progress.planned([CELL, OTHER])
    assert progress._run_left() == "more than 0:02:00 left"


def test_two_cells_at_a_time_halve_the_time_left(clock):
    cells = [SimpleNamespace(**{**vars(each), "request": SimpleNamespace(jobs=2)}) for each in (CELL, OTHER)]
    progress = LiveProgress(Console(file=io.StringIO()), Durations(k=60.0, o=20.0))
    progress.planned(cells)
    assert progress._run_left() == "0:00:40 left"


def test_without_a_terminal_a_long_activity_leaves_a_line_each_minute(clock):
    events = [(25, {"what": "colorizing", "done": number, "total": 1200}) for number in range(200, 1200, 200)]
    lines = [line for line in _shown(clock, events) if "colorizing" in line]
    assert lines == [
        "  pixel-knn[neighbours=1] seed 2  colorizing 600/1,200  0:01:15 left",
    ]


def test_what_the_run_does_besides_its_cells_is_said():
    console = Console(file=io.StringIO(), width=80)
    with LiveProgress(console, Durations()) as progress:
        progress.doing("writing the report")
    assert "writing the report …" in console.file.getvalue()
