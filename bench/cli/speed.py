"""``bench speed``: every kernel compared with common alternatives, side by side in one run."""

from __future__ import annotations

import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ... import UserError
from ...extras import require
from .console import Console

if TYPE_CHECKING:
    from ...reports.analysis.kernels import Timing

SUITE = Path(__file__).parents[2] / "tests" / "speed"


def speed(
    select: Annotated[
        str | None, typer.Option("--only", help="Run only comparisons whose name contains this.")
    ] = None,
    out: Annotated[Path, typer.Option(dir_okay=False, help="File for the JSON results.")] = Path(
        "runs/speed.json"
    ),
) -> None:
    """Time every kernel and its common alternatives in one run, and show the ratios."""
    succeeded = run_suite(out.resolve(), select)
    if out.is_file():
        print_speed(out, Console())
    if not succeeded:
        raise UserError("a comparison of the speed suite failed, or none was selected: see above")


def run_suite(output: Path, select: str | None) -> bool:
    """Run ``tests/speed`` with pytest-benchmark and write the JSON of what succeeded to ``output``.

    Returns whether all comparisons succeeded. Without any, there is no file.

    Raises `UserError` if the suite or one of its libraries is missing.
    """
    if not SUITE.is_dir():
        raise UserError(
            "the speed suite is only in the source checkout: clone the repository and run it there"
        )
    require("the speed suite", "bench", "pytest_benchmark", "faiss", "minisom", "cv2")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)  # that of an earlier run
    command = [
        sys.executable, "-m", "pytest", str(SUITE), f"--rootdir={SUITE.parents[1]}", "--benchmark-only",
        f"--benchmark-json={output}", "--benchmark-warmup=on", "-q", "--no-header", "--benchmark-quiet",
        "-W", "ignore::pytest.PytestWarning",
        *(["-k", select] if select else []),
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603  # our own interpreter


def ratio_table(timings: list[Timing]) -> Table:
    """Return a table of all comparisons: time, and the peer's time divided by ours."""
    from ...reports.analysis.kernels import OURS, compare_timings

    table = Table("comparison", "library", "time", "ratio", "", box=None, header_style="bold")
    for _, compared in groupby(compare_timings(timings), key=lambda timing: timing.group):
        table.add_section()
        for place, timing in enumerate(compared):
            group, *others = map(escape, timing.row)
            style = "bold" if timing.library == OURS else ""
            table.add_row("" if place else group, *others, style=style)
    return table


def print_speed(path: Path, console: Console) -> None:
    """Show the ratios of a pytest-benchmark JSON file with the machine's facts."""
    from ...reports.analysis.kernels import OURS, read_timings
    from ..plan.machine import machine_facts

    console.print(ratio_table(read_timings(path)))
    console.print(Text(" · ".join(machine_facts().values())))
    console.print(Text(f"ratio: time / {OURS}'s time, medians of one run; saved in {path}"), soft_wrap=True)
