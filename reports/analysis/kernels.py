"""The kernels' benchmark in a run folder, if any: each kernel compared with common alternatives."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ... import UserError
from ...files import write_json
from ..text import duration

OURS = "huebench"  #: The ``library`` parameter of this package's benchmarks

FILE = "speed.json"  #: The file that ``bench speed`` writes; in a run folder it joins the run's report


@dataclass(frozen=True)
class Timing:
    """One benchmark: its group, the library, and the median seconds per unit of work."""

    group: str  #: The task, with every parameter but the library
    library: str  #: The library that was timed
    #: Median over the rounds; per item if the benchmark states the number of ``items`` per round.
    seconds: float
    facts: dict[str, Any]  #: Further facts that the benchmark recorded: recall, number of references
    ratio: float | None = None  #: Its time / ours, or ``None`` if the group has no time of ours

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """Texts: group, library, time, ratio, facts."""
        facts = ", ".join(f"{key} {_short(value)}" for key, value in self.facts.items())
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}×"
        return self.group, self.library, duration(self.seconds), ratio, facts


@dataclass(frozen=True)
class Kernels:
    """The kernels' benchmark: the ``machine`` as text, and every timing."""

    machine: str
    timings: list[Timing]


def read_kernels(folder: Path) -> Kernels | None:
    """Return the kernels' benchmark of a run folder, or ``None`` if there is no `FILE`.

    Raises `UserError` if the file was not written by ``bench speed``.
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
            f"'{path}' was not written by bench speed: {error!r}; delete it, or `bench speed --out {path}`"
        ) from error


def copy_kernels(source: Path, target: Path) -> None:
    """Copy the kernels' benchmark of a run folder to another folder; without one, do nothing.

    The copy is still a pytest-benchmark file, but without the times of single rounds, a megabyte that no
    report needs, and without the machine's host name.
    """
    path = source / FILE
    if not path.is_file() or source.resolve() == target.resolve():
        return
    benchmark = json.loads(path.read_text(encoding="utf-8"))
    benchmark["machine_info"].pop("node", None)
    for one in benchmark["benchmarks"]:
        one["stats"].pop("data", None)
    write_json(target / FILE, benchmark)


def read_timings(path: Path) -> list[Timing]:
    """Read the medians of a pytest-benchmark JSON file."""
    return list(_timings(json.loads(path.read_text(encoding="utf-8"))["benchmarks"]))


def compare_timings(timings: list[Timing]) -> list[Timing]:
    """Group the timings, the fastest first, each with its ratio to ours."""
    groups: dict[str, list[Timing]] = defaultdict(list)
    for timing in timings:
        groups[timing.group].append(timing)
    compared: list[Timing] = []
    for members in groups.values():
        ours = next((timing.seconds for timing in members if timing.library == OURS), None)
        fastest_first = sorted(members, key=lambda timing: timing.seconds)
        compared += [replace(one, ratio=one.seconds / ours if ours else None) for one in fastest_first]
    return compared


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
