"""What an observer hears of a run, in order."""

from huebench.bench.executors.runner import choose_executor
from huebench.bench.plan.plan import make_plan
from huebench.bench.plan.request import Request
from huebench.bench.run import execute


class Heard:
    """Writes down what it hears."""

    def __init__(self):
        self.calls = []

    def doing(self, what):
        self.calls.append(what)

    def planned(self, cells):
        self.calls.append([cell.label for cell in cells])

    def started(self, cell):
        self.calls.append(f"{cell.label} started")

    def event(self, cell, event):
        self.calls.append(event.get("phase") or event["what"])

    def finished(self, cell, status, *, reused):
        self.calls.append(f"{cell.label} {status['status']}{' already' if reused else ''}")


def test_an_observer_hears_of_every_phase_and_of_what_comes_before_and_after(tmp_path):
    request = Request.of(methods="gray", limit=1, size=32, metrics="psnr", out=tmp_path / "run")
    plan = make_plan(request)
    first, second = Heard(), Heard()
    for heard in (first, second):
        execute(plan, choose_executor(plan.request), heard)
    assert first.calls == [
        "describing the training photos", ["gray"], "gray started", "fit", "colorize", "score",
        "colorizing", "gray ok", "writing the report",
    ]  # fmt: skip
    assert second.calls == [
        "describing the training photos", ["gray"], "gray ok already", "writing the report",
    ]  # fmt: skip
