"""``bench datasets list | info | prepare | verify``."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ... import UserError
from ...wording import counted
from . import completion
from .console import Console, percent_progress
from .listing import list_datasets
from .options import Plugins

if TYPE_CHECKING:
    from ...datasets.audit import Audit, Facts
    from ...datasets.base import Dataset, DatasetInfo, Entry

SHOWN = 10  #: Number of photos that a list in the terminal names; ``findings.csv`` names all

FINDINGS = "findings.csv"

datasets_app = typer.Typer(help="Look at, prepare and check datasets.", no_args_is_help=True)
datasets_app.command("list")(list_datasets)

Name = Annotated[
    str,
    typer.Argument(
        metavar="DATASET",
        help="samples, landscapes, mirflickr, folder:PATH, …",
        autocompletion=completion.datasets,
    ),
]
DataRoot = Annotated[Path | None, typer.Option(help="Folder or archive with its photos.")]
FollowLinks = Annotated[
    bool, typer.Option("--follow-links", help="Follow symbolic links in a folder of photos.")
]


@datasets_app.command()
def info(
    name: Name, data_root: DataRoot = None, follow_links: FollowLinks = False, _plugins: Plugins = None
) -> None:
    """Show a dataset's facts, splits and fingerprint, without decoding photos."""
    from ...datasets.audit import cached_audit
    from ...datasets.spec import dataset_info

    console = Console()
    _print_info(dataset_info(name), console)
    dataset = _open(name, data_root, console, follow_links=follow_links)
    for fact, value in dataset.facts().items():
        if isinstance(value, dict):
            console.print(Text(f"{fact}: {len(value):,}"))
            _print_some([f"{name}: {each}" for name, each in value.items()], console)
        else:
            console.print(Text(f"{fact}: {value}"), soft_wrap=True)
    found = cached_audit(dataset)
    unit = _unit(dataset)
    if found:
        _print_audit(found, unit, console)
    else:
        _print_counts(dataset.entries(), unit, console)
        words = ["bench", "datasets", "prepare", name]
        words += ["--data-root", str(data_root)] if data_root else []
        words += ["--follow-links"] if follow_links else []
        console.print(
            Text(f"Not audited yet: `{shlex.join(words)}` checks every {unit}."),
            soft_wrap=True,
            highlight=False,
        )
    _print_fingerprint(dataset.fingerprint(), console)


@datasets_app.command()
def prepare(
    name: Name,
    data_root: DataRoot = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch it to --data-root first.")] = False,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for the split CSVs and the findings.")
    ] = None,
    follow_links: FollowLinks = False,
    _plugins: Plugins = None,
) -> None:
    """Check every photo, report problems and duplicates, and write the splits as CSV."""
    from ...datasets.audit import audit
    from ...datasets.split_files import write_splits

    console = Console()
    if download:
        _download(name, data_root, console)
    dataset = _open(name, data_root, console, follow_links=follow_links)
    if out:
        out.mkdir(parents=True, exist_ok=True)  # now: if it fails, the user learns it before the audit
    with percent_progress(console) as progress:
        task = progress.add_task(f"checking {_unit(dataset)}s", total=len(dataset.entries()))
        found = audit(dataset, lambda done, total: progress.update(task, completed=done, total=total))
        progress.update(task, completed=len(found.photos))
    _print_audit(found, _unit(dataset), console)
    _print_fingerprint(dataset.fingerprint(), console)
    if out:
        for path in (*write_splits(dataset.entries(), out), _write_findings(found, out)):
            console.print(f"wrote {path}", soft_wrap=True, highlight=False, markup=False)


@datasets_app.command()
def verify(
    name: Name,
    data_root: DataRoot = None,
    against: Annotated[Path | None, typer.Option(help="Folder written by prepare --out.")] = None,
    fingerprint: Annotated[str | None, typer.Option(help="A recorded fingerprint.")] = None,
    follow_links: FollowLinks = False,
    _plugins: Plugins = None,
) -> None:
    """Read every byte again and compare with recorded splits; exit with 1 if anything differs."""
    from ...datasets.base import fingerprint as fingerprint_of
    from ...datasets.digests import reread
    from ...datasets.split_files import differences, read_splits

    if against is None and fingerprint is None:
        raise UserError(
            "nothing to compare with: add --against FOLDER (from prepare --out) or --fingerprint HEX"
        )
    console = Console()
    recorded = read_splits(against) if against else []
    with reread():
        dataset = _open(name, data_root, console, follow_links=follow_links)
        found = dataset.fingerprint()
    lines = differences(recorded, dataset.entries()) if against else []
    for wanted in (fingerprint, fingerprint_of(recorded) if against else None):
        if wanted not in (None, found):
            lines.append(f"fingerprint: was {wanted}, is {found}")
    if lines:
        console.print(f"[bold red]differences: {len(lines):,}[/]")
        _print_some(lines, console)
        raise typer.Exit(1)
    console.print(f"{counted(len(dataset.entries()), _unit(dataset))} as in the record", highlight=False)
    _print_fingerprint(found, console)


def _open(name: str, data_root: Path | None, console: Console, *, follow_links: bool) -> Dataset:
    """Open a dataset and hash its photos, which takes a while the first time."""
    from ...datasets.spec import open_dataset

    with console.status("reading files"):
        return open_dataset(name, data_root, follow_links=follow_links)


def _download(name: str, data_root: Path | None, console: Console) -> None:
    from ...datasets.base import datasets
    from ...datasets.download import download

    archive = datasets.get(name).archive
    if archive is None:
        raise UserError(
            f"dataset '{name}' has no public address: leave --download out; if photos are missing, "
            "bench tells you which file to put where"
        )
    if data_root is None:
        raise UserError(f"--download needs --data-root FOLDER, the folder for {archive.file}")
    with percent_progress(console) as progress:
        task = progress.add_task(f"downloading {escape(archive.file)}", total=archive.size)
        download(archive, data_root, lambda done, total: progress.update(task, completed=done, total=total))


def _print_info(known: DatasetInfo, console: Console) -> None:
    table = Table(box=None, show_header=False)
    for label in ("name", "summary", "source", "licence", "splits", "caveat"):
        if text := getattr(known, label):
            table.add_row(f"[bold]{label}", escape(text))
    table.add_row("[bold]scored at", f"{known.size} × {known.size} pixels by default")
    console.print(table, highlight=False)


def _unit(dataset: Dataset) -> str:
    """Return what its entries are: ``frame`` in a dataset of clips, else ``photo``."""
    return "frame" if any(entry.clip for entry in dataset.entries()) else "photo"


def _print_counts(entries: Sequence[Entry], unit: str, console: Console) -> None:
    from ...datasets.base import SPLITS

    table = Table("split", box=None, header_style="bold")
    table.add_column(f"{unit}s", justify="right")
    table.add_column("categories")
    for split in SPLITS:
        categories = Counter(entry.category for entry in entries if entry.split == split)
        table.add_row(split, f"{categories.total():,}", _categories(dict(sorted(categories.items()))))
    console.print(table, highlight=False)


def _print_audit(found: Audit, unit: str, console: Console) -> None:
    table = Table("split", box=None, header_style="bold")
    for column in (f"{unit}s", "undecodable", "near-grey", "mean chroma", "sizes"):
        table.add_column(column, justify="right")
    table.add_column("categories")
    for one in found.splits():
        small, large = (f"{width}×{height}" for width, height in (one.smallest, one.largest))
        grey = f"{one.near_grey:,} ({one.near_grey / one.photos:.1%})" if one.photos else "0"
        sizes = small if small == large else f"{small} … {large}"
        chroma = f"{one.chroma:.1f}" if one.photos > one.undecodable else "–"
        table.add_row(
            one.split,
            f"{one.photos:,}",
            f"{one.undecodable:,}",
            grey,
            chroma,
            sizes,
            _categories(one.categories),
        )
    console.print(table, highlight=False)
    groups = found.duplicates()
    across = [group for group in groups if len({facts.split for facts in group}) > 1]
    console.print(
        f"groups of exact duplicates: {len(groups):,}, across splits {len(across):,}", highlight=False
    )
    _print_some([" = ".join(map(_named, group)) for group in across], console)
    pairs = found.near_duplicates()
    console.print(f"near-duplicates across splits: {len(pairs):,}", highlight=False)
    _print_some([f"{_named(p.first)} ~ {_named(p.second)}: {p.distance} bits" for p in pairs], console)
    if found.undecodable:
        console.print(f"[bold red]cannot be decoded: {len(found.undecodable):,}[/]", highlight=False)
        _print_some([f"{_named(facts)}: {facts.problem}" for facts in found.undecodable], console)


def _print_fingerprint(fingerprint: str, console: Console) -> None:
    console.print(f"fingerprint: {fingerprint}", soft_wrap=True, highlight=False)


def _print_some(lines: list[str], console: Console) -> None:
    for line in lines[:SHOWN]:
        console.print(f"  {line}", soft_wrap=True, highlight=False, markup=False)
    if len(lines) > SHOWN:
        console.print(f"  … and {len(lines) - SHOWN:,} more", highlight=False)


def _write_findings(found: Audit, folder: Path) -> Path:
    """Write all findings, one row per photo or pair."""
    from ...datasets.split_files import csv_text
    from ...files import write_text
    from ...reports.text import spreadsheet_safe

    rows = [[spreadsheet_safe(value) for value in row] for row in _findings(found)]
    write_text(folder / FINDINGS, csv_text(rows))
    return folder / FINDINGS


def _findings(found: Audit) -> Iterator[Sequence[str]]:
    yield ("finding", "split", "id", "other_split", "other_id", "detail")
    for facts in found.undecodable:
        yield ("undecodable", facts.split, facts.id, "", "", facts.problem)
    for first, *others in found.duplicates():
        for other in others:
            yield ("duplicate", first.split, first.id, other.split, other.id, "")
    for pair in found.near_duplicates():
        first, second = pair.first, pair.second
        yield ("near-duplicate", first.split, first.id, second.split, second.id, f"{pair.distance} bits")
    for facts in found.near_grey:
        yield ("near-grey", facts.split, facts.id, "", "", "")


def _named(facts: Facts) -> str:
    return f"{facts.id} ({facts.split})"


def _categories(counts: dict[str, int]) -> str:
    named = {category: count for category, count in counts.items() if category}
    shown = [f"{escape(category)} {count:,}" for category, count in list(named.items())[:SHOWN]]
    more = [f"… {len(named) - SHOWN} more"] if len(named) > SHOWN else []
    return ", ".join(shown + more)
