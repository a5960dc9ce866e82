"""Cells beside one another on this machine, on stand-ins for cells and for what watches their processes."""

import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from huebench.bench.executors import local, supervise
from huebench.bench.executors.local import LocalPool

OBSERVER = SimpleNamespace(started=lambda cell: None, event=lambda cell, event: None)


@dataclass(frozen=True)
class Cell:
    key: str
    threads: int = 1


@pytest.mark.parametrize(
    ("threads", "jobs", "each", "most"), [(3, 2, 1, 2), (15, 8, 1, 8), (4, 4, 3, 1), (1, 2, 1, 1)]
)
def test_no_more_cells_run_at_a_time_than_jobs_and_threads_allow(monkeypatch, threads, jobs, each, most):
    running, seen, lock, full = [], [], threading.Lock(), threading.Event()

    def run_cell(cell, on_event, stop):
        with lock:
            running.append(cell)
            seen.append(len(running))
            if len(running) == most:
                full.set()
        full.wait(60)  # for the others, on a busy machine
        time.sleep(0.05)
        with lock:
            running.remove(cell)
        return {"status": "ok"}

    monkeypatch.setattr(local, "run_cell", run_cell)
    cells = [Cell(str(number), each) for number in range(20)]
    ended = [cell for cell, _ in LocalPool(threads, jobs).run(cells, OBSERVER)]
    assert sorted(ended, key=cells.index) == cells
    assert max(seen) == most


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ZeroDivisionError("by 0"), "its process cannot be watched: by 0"),
        (OSError(28, "No space left"), "its folder cannot be written: [Errno 28] No space left"),
    ],
)
def test_whatever_goes_wrong_around_a_process_is_a_row(tmp_path, error, reason):
    def write():
        raise error

    row = supervise.run_cell(SimpleNamespace(folder=tmp_path, write=write), print, lambda: False)
    assert row["status"] == "failed"
    assert row["reason"] == reason
    assert type(error).__name__ in row["traceback"]


def test_a_signal_without_a_name_is_named_by_its_number():
    assert supervise._signal_name(11) == "SIGSEGV"
    assert supervise._signal_name(40) == "signal 40"
