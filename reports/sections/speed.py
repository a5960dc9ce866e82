"""The speed of the methods, and of the kernels if the run folder has their benchmark."""

from collections.abc import Sequence

import pandas as pd

from ..analysis.hints import base_label, is_hinted
from ..analysis.kernels import Kernels
from ..analysis.material import Material
from ..analysis.summary import Summary
from ..blocks import Block, Code, Column, Entry, Heading, PlainTable, Prose, Row, Table
from ..tables import Results
from ..text import MISSING, counted, duration, in_words, number
from .layout import FACTS, fact_entry

ORDER = 180  #: Place in the report

SPACE = ("peak_memory_mb", "model_mb", "parameter_count")  #: What a method takes besides time

COLUMNS = (
    FACTS["images_per_second"],
    Column("time per photo", description="the method's own time for one photo"),
    Column("warm-up", description="the first call, which is not timed: compilation, loading"),
    Column("device", description="the device that the method ran on, and the threads that it could use"),
    *(FACTS[name] for name in SPACE),
)


def blocks(material: Material) -> list[Block]:
    """Return the section."""
    facts = material.run.machine.items()
    machine = ", ".join(f"{key} {value}" for key, value in facts if value != "none")
    made: list[Block] = [
        Heading("Speed"),
        Prose(
            "These are the times of the methods' own calls; the first call (compilation, loading) is not "
            "timed. A method returns an array in main memory, so an accelerator has finished when the clock "
            f"stops. Machine: {machine}."
        ),
        methods_table(material.results, material.summary),
        *_with_hints(material.with_hints),
    ]
    return [*made, *_kernels(material.kernels)] if material.kernels else made


def methods_table(results: Results, summary: Summary) -> Table:
    """Return every method's speed, device and number of threads; seeds are averaged."""
    cells = results.cells[results.cells["images_per_second"].notna()].groupby("method", sort=False)
    warm_up = cells["warm_up_seconds"].mean().astype(float)
    devices, threads = cells["device"].unique(), cells["threads"].unique()
    rows = []
    facts = summary.rows[list(SPACE)].to_dict("index")
    for label, group in summary.groups.items():
        speed = float(summary.rows["images_per_second"][label])
        if label not in warm_up.index or not speed > 0:
            rows.append(Row(label, group, (Entry(MISSING),) * len(COLUMNS)))
            continue
        first = float(warm_up[label])
        entries = (
            Entry(f"{speed:.3g}" if speed < 100 else number(speed, 0), speed),
            Entry(duration(1 / speed), 1 / speed),
            Entry(MISSING) if pd.isna(first) else Entry(duration(first), first),
            Entry(f"{', '.join(map(str, devices[label]))}, {_counted(threads[label])}"),
            *(fact_entry(facts[label], name) for name in SPACE),
        )
        rows.append(Row(label, group, entries))
    return Table(COLUMNS, tuple(rows), "speed", "Speed of the methods")


def _with_hints(results: Results) -> list[Block]:
    """Return the time per photo by number of hints; empty for a run without hints."""
    given = results.cells[is_hinted(results.cells)]
    given = given[given["images_per_second"] > 0]
    if given.empty:
        return []
    pairs = list(zip(given["method"].astype(str), given["hints"].astype(int), strict=True))
    speeds = given["images_per_second"].astype(float)
    speed = {pair: own.mean() for pair, own in speeds.groupby(pd.MultiIndex.from_tuples(pairs))}
    methods = dict.fromkeys(base_label(*pair) for pair in pairs)
    counts = sorted({count for _, count in pairs})
    rows = [
        Row(method, "hinted", tuple(_time(speed.get((f"{method}@{count}", count))) for count in counts))
        for method in methods
    ]
    columns = tuple(Column(counted(count, "hint")) for count in counts)
    return [
        Prose("In the table above, methods had no hints. Their times per photo with hints:"),
        Table(columns, tuple(rows), "speed-by-hints", "Time per photo by number of hints"),
    ]


def _time(speed: float | None) -> Entry:
    return Entry(MISSING) if speed is None else Entry(duration(1 / speed), 1 / speed)


def _counted(threads: Sequence[int]) -> str:
    """Return the number of threads in words; seeds may differ in it."""
    return counted(int(threads[0]), "thread") if len(threads) == 1 else f"{in_words(list(threads))} threads"


def _kernels(kernels: Kernels) -> list[Block]:
    told = f"): medians of one run on {kernels.machine}; ratio is the time divided by ours."
    headings = ("comparison", "library", "time", "ratio", "facts")
    return [
        Prose(("The kernels compared with common alternatives (", Code("bench speed"), told)),
        PlainTable(headings, tuple(timing.row for timing in kernels.timings), "Speed of the kernels"),
    ]
