"""What the training commands of huebench's own networks print."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from ...base import Epoch


def say(line: str) -> None:
    """Print a line at once, also into a pipe or a file."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def log_epochs(log: Callable[[str], None]) -> Callable[[Epoch], None]:
    """Return a `Context.log_epoch` that logs a line per epoch and split."""
    return lambda epoch: log(
        f"epoch {epoch.epoch}/{epoch.epochs} {epoch.split}: loss {epoch.loss:.4f}, "
        f"within 10 of the true chroma {epoch.accuracy:.1%}"
    )


def log_progress(log: Callable[[str], None], every: float = 30) -> Callable[[int, int, str], None]:
    """Return a `Context.progress` that logs at most every few seconds, with the time left in the stage."""
    start = last = time.monotonic()
    first: int | None = None

    def progress(done: int, total: int, what: str) -> None:
        nonlocal first, last
        first = done if first is None else first
        now = time.monotonic()
        if done > first and now - last >= every:
            last = now
            left = (now - start) / (done - first) * (total - done)
            log(f"{done / total:.1%} of this stage, {what}, {left / 60:.0f} min left in it")

    return progress
