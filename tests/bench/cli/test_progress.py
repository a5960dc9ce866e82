import io
from types import SimpleNamespace

from rich.console import Console

from huebench.bench.cli.progress import LiveProgress

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
