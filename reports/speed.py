"""How fast it was: the methods of a run, and the kernels' own benchmark where the run folder holds one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .. import UserError
from .layout import MISSING, Cell, Column, Row, Table, number
from .summary import Summary
from .tables import Results

OURS = "huebench"
"""The value of a benchmark's ``library`` parameter that is this package."""

FILE = "speed.json"
"""What ``bench speed`` writes; in a run folder it joins the run's report."""

COLUMNS = (
    Column("images/s", description="photos colorized in a second of the method's own time, warm-up outside"),
    Column("a photo", description="the method's own time for one photo"),
    Column("warm-up", description="the first call, outside the clock: compilation, loading"),
    Column("device", description="what the method ran on"),
    Column("threads", description="how many it could use"),
)


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


@dataclass(frozen=True)
class Compared:
    """A timing beside the others of its group.

    Attributes
    ----------
    timing
        What was measured.
    ratio
        Its time over ours, or ``None`` where the group has none of ours.
    first
        Whether it is the fastest of its group, where they are listed fastest first.
    """

    timing: Timing
    ratio: float | None
    first: bool

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """Texts: group (of the first alone), library, time, ratio, facts."""
        timing = self.timing
        facts = ", ".join(f"{key} {_short(value)}" for key, value in timing.facts.items())
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}×"
        return timing.group if self.first else "", timing.library, duration(timing.seconds), ratio, facts


@dataclass(frozen=True)
class Kernels:
    """The kernels' benchmark: the ``machine`` in words, and every comparison."""

    machine: str
    compared: tuple[Compared, ...]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The comparisons as rows of text."""
        return [compared.row for compared in self.compared]

    @property
    def named_rows(self) -> list[tuple[str, ...]]:
        """The rows, each with its group: a heading of its own to those who hear the table read."""
        return [(compared.timing.group, *compared.row[1:]) for compared in self.compared]


def methods_table(results: Results, summary: Summary) -> Table:
    """Return how fast every method was, on what and with how many threads; seeds are averaged."""
    cells = results.cells[results.cells["images_per_second"].notna()].groupby("method", sort=False)
    seconds = cells["warm_up_seconds"].mean().astype(float)
    devices, threads = cells["device"].unique(), cells["threads"].unique()
    rows = []
    for label, (_, row) in zip(map(str, summary.rows.index), summary.rows.iterrows(), strict=True):
        speed = float(row["images_per_second"])
        group = "oracle" if row["oracle"] else str(row["family"])
        if label not in seconds.index or not speed > 0:
            rows.append(Row(label, group, (Cell(MISSING),) * len(COLUMNS)))
            continue
        warm_up = float(seconds[label])
        texts = (
            Cell(f"{speed:.3g}" if speed < 100 else number(speed, 0), speed),
            Cell(duration(1 / speed), 1 / speed),
            Cell(MISSING) if pd.isna(warm_up) else Cell(duration(warm_up), warm_up),
            Cell(", ".join(map(str, devices[label]))),
            Cell(", ".join(map(str, threads[label])), float(threads[label][0])),
        )
        rows.append(Row(label, group, texts))
    return Table(COLUMNS, tuple(rows))


def read_kernels(folder: Path) -> Kernels | None:
    """Return the kernels' benchmark of a run folder, or ``None`` where there is no `FILE`.

    Raises
    ------
    UserError
        If the file is not what ``bench speed`` writes.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        machine = json.loads(path.read_text(encoding="utf-8"))["machine_info"]
        cpu = machine.get("cpu", {})
        words = (
            cpu.get("brand_raw", machine["machine"]),
            f"{cpu['count']} cores" if "count" in cpu else "",
            f"Python {machine['python_version']}",
            machine["system"],
        )
        return Kernels(", ".join(word for word in words if word), compare_timings(read_timings(path)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"'{path}' is not what bench speed writes: {error!r}; delete it, or `bench speed --out {path}`"
        ) from error


def copy_kernels(source: Path, target: Path) -> None:
    """Copy the kernels' benchmark of a run folder to another folder; without one, do nothing.

    It stays what pytest-benchmark reads, without the time of every single round, a megabyte that no report
    needs, and without the machine's name on its network.
    """
    path = source / FILE
    if not path.is_file() or source.resolve() == target.resolve():
        return
    benchmark = json.loads(path.read_text(encoding="utf-8"))
    benchmark["machine_info"].pop("node", None)
    for one in benchmark["benchmarks"]:
        one["stats"].pop("data", None)
    partial = target / f".{FILE}.partial"
    partial.write_text(json.dumps(benchmark, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(target / FILE)


def read_timings(path: Path) -> list[Timing]:
    """Read the medians of a pytest-benchmark JSON file."""
    return list(_timings(json.loads(path.read_text(encoding="utf-8"))["benchmarks"]))


def compare_timings(timings: list[Timing]) -> tuple[Compared, ...]:
    """Put timings of one group together, the fastest first, each with its ratio to ours."""
    groups: dict[str, list[Timing]] = defaultdict(list)
    for timing in timings:
        groups[timing.group].append(timing)
    compared = []
    for members in groups.values():
        ours = next((timing.seconds for timing in members if timing.library == OURS), None)
        for i, timing in enumerate(sorted(members, key=lambda timing: timing.seconds)):
            compared.append(Compared(timing, timing.seconds / ours if ours else None, first=i == 0))
    return tuple(compared)


def duration(seconds: float) -> str:
    """Return a time with three digits and its unit.

    >>> duration(0.01234), duration(2e-9)
    ('12.3 ms', '2 ns')
    """
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def _timings(benchmarks: list[dict[str, Any]]) -> Iterator[Timing]:
    for benchmark in benchmarks:
        parameters = dict(benchmark["params"] or {})
        facts = dict(benchmark["extra_info"])
        library = str(parameters.pop("library", OURS))
        group = ", ".join(
            [benchmark["group"] or benchmark["name"], *(f"{k} {v}" for k, v in parameters.items())]
        )
        yield Timing(group, library, benchmark["stats"]["median"] / facts.pop("items", 1), facts)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
