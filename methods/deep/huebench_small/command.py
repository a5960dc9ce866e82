"""What the training commands of huebench's own networks share: options, output and exit codes."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from .... import UserError
from ...base import Epoch


def training_parser(module: str, description: str, *, epoch: int, batch: int, threads: int) -> ArgumentParser:
    """Return a parser of the options that all training commands have, with these defaults."""
    parser = ArgumentParser(module, description=description)
    parser.add_argument("photos", nargs="+", help="datasets to learn from: landscapes:PATH mirflickr:PATH …")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and for checkpoints")
    parser.add_argument("--epoch", type=int, default=epoch, help="photos per epoch, drawn from all")
    parser.add_argument("--batch", type=int, default=batch, help="photos per step")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=threads)
    return parser


def run_training(train: Callable[..., Path], options: Namespace) -> int:
    """Call a training with its photos, its folder, all other options and ``log``; return the exit code."""
    given = vars(options)
    try:
        written = train(given.pop("photos"), given.pop("out"), **given, log=say)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    say(f"weights: {written}")
    return 0


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
