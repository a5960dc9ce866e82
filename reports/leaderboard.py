"""A leaderboard: one page of several runs or committed reports, for several sets of photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from .. import UserError
from .analysis.joining import check_joinable, chosen_rows, join, run_names
from .analysis.material import Material
from .analysis.significance import Significance
from .blocks import (
    Block,
    Bullets,
    Code,
    Column,
    Details,
    Document,
    Entry,
    Heading,
    Link,
    PlainTable,
    Prose,
    Row,
    Table,
    Text,
    slug,
)
from .sections.layout import headline_table, metric_column, metric_entries
from .tables import Results
from .text import MISSING, counted, in_words

FILE = "index.html"  #: The page

GROUP = Column(
    "group",
    description="methods of a group do not differ significantly from its best (paired test over photos)",
)


@dataclass(frozen=True)
class Board:
    """The runs of one set of photos under one protocol, as one table."""

    title: str  #: Name of the set, with what tells it from another of the same name
    runs: tuple[Results, ...]  #: The runs
    rows: pd.DataFrame  #: From `joining.chosen_rows`

    @cached_property
    def material(self) -> Material:
        """The values of its table."""
        return Material(join(self.runs, self.rows, ""))

    @property
    def lead(self) -> Significance | None:
        """The tests by the leading metric, if there are any."""
        return next(iter(self.material.significance), None)

    @property
    def groups(self) -> dict[str, int]:
        """Method → its group by the leading metric, 1 the best."""
        found = self.lead.groups if self.lead else ()
        return {label: place for place, group in enumerate(found, start=1) for label in group}


def write_leaderboard(runs: Sequence[Results], folder: Path, title: str = "") -> Path:
    """Write ``index.html``, one file that needs no network, into a folder; return its path.

    Raises `UserError` if there is no run.
    """
    from ..files import write_text
    from .formats import html
    from .formats.html_gallery import Pictures
    from .text import printable

    path = folder / FILE
    write_text(path, printable(html.page(make_leaderboard(runs, title), Pictures())))
    return path


def make_leaderboard(runs: Sequence[Results], title: str = "") -> Document:
    """Return a page with a table of all sets, and a section for each set.

    Runs of the same photos under one protocol share a section, if their methods learned from the same photos
    under the same budget.
    """
    if not runs:
        raise UserError("a leaderboard needs a run folder or a committed report")
    boards = _boards(runs)
    methods = {label for board in boards for label in board.material.summary.groups}
    lead = Prose(
        f"{counted(len(methods), 'method')} on {counted(len(boards), 'set')} of photos. Figures of two sets, "
        "or of two protocols, cannot be compared."
    )
    blocks: list[Block] = [lead, *_overview(boards)]
    for board in boards:
        blocks += _section(board)
    return Document(title or "Leaderboard: image colorization", "", tuple(blocks))


def _boards(runs: Sequence[Results]) -> list[Board]:
    joined: list[list[Results]] = []
    for run in runs:
        fitting = next((others for others in joined if _belongs(run, others)), None)
        if fitting is None:
            joined.append([run])
        else:
            fitting.append(run)
    names = [str(group[0].run.dataset["name"]) for group in joined]
    again = Counter(names)
    titles = [
        name if again[name] == 1 else f"{name}, {_told_apart(group[0])}"
        for name, group in zip(names, joined, strict=True)
    ]
    seen: Counter[str] = Counter()
    boards = []
    for title, group in zip(titles, joined, strict=True):
        anchor = slug(title)
        seen[anchor] += 1
        unique = title if seen[anchor] == 1 else f"{title} ({seen[anchor]})"
        boards.append(Board(unique, tuple(group), chosen_rows(group)))
    return boards


def _belongs(run: Results, others: Sequence[Results]) -> bool:
    try:
        check_joinable(others[0], run, "joined")
    except UserError:
        return False
    return True


def _told_apart(results: Results) -> str:
    run = results.run
    split, budget = run.options.get("split"), run.options.get("budget")
    return f"{split} split, budget {budget}, protocol {run.protocol_digest}"


def _overview(boards: Sequence[Board]) -> list[Block]:
    """Return a table of methods × sets: the leading metric, and the group by it."""
    families: dict[str, str] = {}
    columns: list[Column] = []
    entries: list[dict[str, Entry]] = []
    for board in boards:
        families |= board.material.headline.groups
        if not (by := board.lead):
            continue
        summary, metric = board.material.headline, by.metric
        heading = metric_column(metric)
        columns += [replace(heading, label=f"{board.title}: {heading.label}"), GROUP]
        entries += [
            dict(zip(summary.groups, metric_entries(summary, metric), strict=False)),
            {label: _group(board, label) for label in board.groups},
        ]
    if not columns:
        return []
    order = sorted(families, key=lambda label: (_place(families[label]), label))
    rows = tuple(
        Row(label, families[label], tuple(column.get(label, Entry(MISSING)) for column in entries))
        for label in order
    )
    sets: tuple[Text, ...] = tuple(
        (Link(board.title, board.title), f": {_photos(board)}") for board in boards
    )
    reading = (
        "Bold is the best. The methods of group 1 do not differ significantly from it, those of group 2 not "
        "from the best of the others, and so on. Oracles (in italics) see the hidden colour: they do not "
        "compete."
    )
    return [
        Heading("All sets"),
        Bullets(sets),
        Table(tuple(columns), rows, "sets", "All sets"),
        Prose(reading),
    ]


def _place(group: str) -> int:
    order = ("baseline", "classical", "deep", "published", "exemplar", "oracle")
    return order.index(group) if group in order else len(order)


def _photos(board: Board) -> str:
    run, summary = board.material.run, board.material.summary
    budget = f", training budget {run.options['budget']}" if run.options.get("budget") else ""
    return f"{counted(summary.photos, summary.unit)}, protocol {run.protocol_digest}{budget}"


def _group(board: Board, label: str) -> Entry:
    place = board.groups.get(label)
    return Entry(MISSING) if place is None else Entry(str(place), place)


def _section(board: Board) -> list[Block]:
    run, table = board.material.run, headline_table(board.material)
    groups = [_group(board, row.label) for row in table.rows]
    with_groups = replace(
        table,
        columns=(GROUP, *table.columns),
        rows=tuple(
            replace(row, entries=(group, *row.entries)) for row, group in zip(table.rows, groups, strict=True)
        ),
        caption=f"{board.title}: {table.caption}",
    )
    by = f"Groups are by {board.lead.metric.label}. " if board.lead else ""
    facts = (
        ("photos' fingerprint", Code(str(run.dataset["fingerprint"]))),
        ("protocol", Code(run.protocol_digest)),
        ("licence", in_words(run.dataset.get("licence"))),
        ("source", in_words(run.dataset.get("source"))),
        ("splits", in_words(run.dataset.get("splits"))),
        ("machine", in_words(run.machine)),
        ("versions", in_words(run.versions)),
    )
    return [
        Heading(board.title),
        Prose(f"{by}{table.caption}: {_photos(board)}."),
        with_groups,
        Details("Commands and digests", (_provenance(board), PlainTable(("fact", "value"), facts, "Facts"))),
    ]


def _provenance(board: Board) -> PlainTable:
    """Return the command and the digests behind every row."""
    names = run_names(board.runs)
    rows: tuple[tuple[Text, ...], ...] = tuple(
        (
            str(row["label"]),
            str(row["seed"]),
            Code(str(row["cell"])),
            MISSING if pd.isna(row["code"]) else Code(str(row["code"])),
            names[int(row["run"])],
            Code(board.runs[int(row["run"])].run.command),
        )
        for row in board.rows.to_dict("records")
    )
    headings = ("method", "seed", "digest of the result", "digest of the code", "run", "command")
    return PlainTable(headings, rows, f"{board.title}: commands and digests")
