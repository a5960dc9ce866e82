"""The report of a run in each of its formats."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import UserError
from ..files import file_digest, write_json
from .analysis.selection import ALL, Selection
from .blocks import Bullets, Document, Heading, Prose, Strong, Table, figures
from .tables import Results
from .text import counted

if TYPE_CHECKING:
    from rich.console import Console


FORMATS = ("md", "html", "latex", "csv")  #: Names of the formats on the command line

STAMPED = {"md": "report.md", "html": "report.html"}
"""The formats that a run writes → their files; they are not written again while nothing has changed."""

STAMP = ".report.json"
"""The file that records the report's sources and the files that belong to it."""


def make_document(results: Results, selection: Selection = ALL) -> Document:
    """Return a run's report, its sections in order, for any format; ``results`` has the chosen methods."""
    # Matplotlib is slow to import, and an up-to-date report does not need it.
    from .analysis.material import Material
    from .sections import in_order

    material, run = Material(results, selection), results.run
    name, photos = run.dataset["name"], counted(material.summary.photos, material.unit)
    return Document(
        title=selection.title or f"huebench: {counted(len(material.summary.rows), 'method')} on {name}",
        subject=f"{name}, {photos}, protocol {run.protocol_digest}",
        blocks=tuple(block for section in in_order() for block in section.blocks(material)),
    )


def write_formats(
    results: Results, folder: Path, formats: Sequence[str] = FORMATS, selection: Selection = ALL
) -> list[Path]:
    """Write a run's report into a folder in some of `FORMATS`; return the file or folder of each.

    ``report.md`` and ``report.html`` are not rewritten if the results (except the run's times) and this
    package have not changed since.

    Raises `UserError` if a format is not one of `FORMATS`, if none is named, or if the selection does not fit
    the run.
    """
    from .formats import csv, html, latex, markdown

    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UserError(f"unknown report format '{unknown[0]}'; known: {', '.join(FORMATS)}")
    if not formats:
        raise UserError(f"no report format is named: name some of {', '.join(FORMATS)}")
    results = selection.of(results)
    made_from, before = fingerprint(results, selection), _stamped(folder)
    paths = {name: folder / file for name, file in STAMPED.items()}
    known: dict[str, str] = before.get("files", {}) if before.get("made_from") == made_from else {}
    if any(file_digest(folder / file) != digest for file, digest in known.items()):
        known = {}
    wanted = [name for name in dict.fromkeys(formats) if STAMPED.get(name) not in known]
    if not wanted:
        return [paths[name] for name in formats]
    document = make_document(results, selection)
    stamped = [STAMPED[name] for name in wanted if name in STAMPED]
    if stamped:
        (folder / STAMP).unlink(missing_ok=True)
    writers = {"md": markdown.write, "html": html.write, "latex": latex.write, "csv": csv.write}
    paths |= {name: writers[name](document, folder) for name in wanted}
    if "md" in wanted:
        drawn = [f"figures/{figure.file}" for figure in figures(document.blocks)]
        stamped += drawn
        for figure in (folder / "figures").glob("*"):
            name = f"figures/{figure.name}"
            if name in before.get("files", ()) and name not in drawn:
                figure.unlink()  # the report no longer has it
    if stamped:
        digests = known | {file: file_digest(folder / file) for file in stamped}
        write_json(folder / STAMP, {"made_from": made_from, "files": digests})
    return [paths[name] for name in formats]


def write_report(results: Results, folder: Path) -> Path:
    """Write ``report.md``, ``figures/`` and ``report.html`` into a folder; return the first one's path."""
    return write_formats(results, folder, tuple(STAMPED))[0]


def print_results(results: Results, console: Console, selection: Selection = ALL) -> None:
    """Print a run's headline table and its failures, as wide as the console allows.

    Photos that cannot be decoded are counted. Methods that were skipped because their weights are missing
    share one line, and have no rows.
    """
    from .analysis.material import Material
    from .formats import terminal
    from .sections.failures import failed_cells, weightless_in_words
    from .sections.hints import HEADING, hints_table
    from .sections.layout import headline_table

    material = Material(selection.of(results), selection)
    made: list[Heading | Prose | Bullets | Table] = [
        headline_table(material),
        Prose("bold: best among methods with full coverage; oracles see the truth; never rank on PSNR alone"),
    ]
    if material.hints:
        made += [Heading(HEADING), hints_table(material.hints)]
    failures = tuple(
        (
            Strong(method),
            f" (seed {seed}): {status}{f' in {phase}' if phase else ''}: {reason}",
            f" (log: {log})" if log else "",
        )
        for method, seed, status, phase, reason, log in failed_cells(material.with_hints.cells)
    )
    if failures:
        made += [Heading("Failures"), Bullets(failures)]
    if material.weightless:
        made.append(Prose(weightless_in_words(material.weightless)))
    images = material.results.images
    if undecodable := images[images["status"] == "undecodable"]["photo"].nunique():
        number = counted(undecodable, "photo")
        made.append(Prose(f"{number} cannot be decoded, for any method; the report says which, and why"))
    terminal.show(made, console)


def fingerprint(results: Results, selection: Selection = ALL) -> str:
    """Return a hex digest of a report's sources, except the run's start and duration."""
    from .analysis import kernels, preferences, study

    digest = hashlib.sha256()
    facts = {key: value for key, value in asdict(results.run).items() if key not in ("started", "seconds")}
    digest.update(json.dumps([facts, asdict(selection)], sort_keys=True, default=str).encode())
    tables = results.tables.values()
    for table in (*tables, study.read_answers(results), preferences.read_choices(results)):
        digest.update("\0".join(table.columns).encode())
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    if (benchmark := results.folder / kernels.FILE).is_file():
        digest.update(benchmark.read_bytes())
    for source in sorted(Path(__file__).parent.rglob("*.*")):
        if source.suffix in (".py", ".j2", ".css", ".js"):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _stamped(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(facts, dict) and isinstance(facts.get("files"), dict)
    return facts if whole else {}
