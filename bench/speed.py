"""``bench speed``: every kernel beside what one would pick instead, measured side by side in one run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .. import UserError
from .environment import machine_facts

OURS = "huebench"
"""The value of a benchmark's ``library`` parameter that is this package."""

SUITE = Path(__file__).parents[1] / "tests" / "speed"


@dataclass(frozen=True)
class Timing:
    """One benchmark: its group, the library, and the median seconds of one unit of its work.

    Attributes
    ----------
    group
        What is compared; also every parameter but the library.
    library
        Who did it.
    seconds
        Median over the rounds; of one item where the benchmark says how many ``items`` a round has.
    facts
        What else the benchmark recorded: recall, number of references.
    """

    group: str
    library: str
    seconds: float
    facts: dict[str, Any]


def run_suite(output: Path, select: str | None) -> None:
    """Run ``tests/speed`` with pytest-benchmark and keep its JSON at ``output``.

    Raises
    ------
    UserError
        If the suite or one of its libraries is missing, or a comparison fails.
    """
    if not SUITE.is_dir():
        raise UserError(
            "the speed suite is in the source checkout only: clone the repository and run it there"
        )
    for module in ("pytest_benchmark", "faiss", "minisom", "cv2"):
        if find_spec(module) is None:
            raise UserError(f"the speed suite needs {module}: pip install 'huebench[bench]'")
    output.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "pytest", str(SUITE), f"--rootdir={SUITE.parents[1]}", "--benchmark-only",
        f"--benchmark-json={output}", "--benchmark-warmup=on", "-q", "--no-header", "--benchmark-quiet",
        *(["-k", select] if select else []),
    ]  # fmt: skip
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603  # our own interpreter
        raise UserError("a comparison of the speed suite failed or none was selected: see above")


def read_timings(path: Path) -> list[Timing]:
    """Read the medians of a pytest-benchmark JSON file."""
    return list(_timings(json.loads(path.read_text())["benchmarks"]))


def ratio_table(timings: list[Timing]) -> Table:
    """Return a table of every comparison: time, and the peer's time over ours."""
    table = Table("comparison", "library", "time", "ratio", "", box=None, header_style="bold")
    groups: dict[str, list[Timing]] = defaultdict(list)
    for timing in timings:
        groups[timing.group].append(timing)
    for group, members in groups.items():
        ours = next((timing.seconds for timing in members if timing.library == OURS), None)
        for i, timing in enumerate(sorted(members, key=lambda timing: timing.seconds)):
            ratio = f"{timing.seconds / ours:.2f}×" if ours else ""
            facts = ", ".join(f"{key} {_short(value)}" for key, value in timing.facts.items())
            style = "bold" if timing.library == OURS else ""
            name = escape(group) if i == 0 else ""
            table.add_row(name, timing.library, _duration(timing.seconds), ratio, escape(facts), style=style)
        table.add_section()
    return table


def print_speed(path: Path, console: Console) -> None:
    """Show the ratios of a pytest-benchmark JSON file with the machine's facts."""
    console.print(ratio_table(read_timings(path)))
    console.print(" · ".join(machine_facts().values()), highlight=False)
    console.print(f"ratio: time over {OURS}'s, medians of one run; kept in {path}", highlight=False)


def _timings(benchmarks: list[dict[str, Any]]) -> Iterator[Timing]:
    for benchmark in benchmarks:
        parameters = dict(benchmark["params"] or {})
        facts = dict(benchmark["extra_info"])
        library = str(parameters.pop("library", OURS))
        group = ", ".join(
            [benchmark["group"] or benchmark["name"], *(f"{k} {v}" for k, v in parameters.items())]
        )
        yield Timing(group, library, benchmark["stats"]["median"] / facts.pop("items", 1), facts)


def _duration(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
