"""The Markdown report of a run: ``report.md`` with its figures beside it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from tabulate import tabulate

from .content import Content, in_words
from .gallery import Gallery
from .layout import Table
from .material import Material
from .speed import FILE
from .study import read_answers
from .tables import Results

STAMP = ".report.json"
"""Remembers what the report beside it was made from, and which files belong to it."""


def write_report(material: Material, folder: Path) -> Path:
    """Write ``report.md`` and ``figures/`` into a folder.

    Nothing is drawn again if neither the results, times of the run aside, nor this package have changed
    since the report in the folder was written.

    Parameters
    ----------
    material
        What it is made from; nothing of it is worked out where the report stays as it is.
    folder
        Where the report goes.

    Returns
    -------
    pathlib.Path
        The ``report.md``.
    """
    report, stamp = folder / "report.md", folder / STAMP
    made_from, files = fingerprint(material.results), _stamped(stamp)
    if files.get("made_from") == made_from and all((folder / name).is_file() for name in files["files"]):
        return report
    stamp.unlink(missing_ok=True)
    figures = _draw(material, folder)
    partial = folder / ".report.md.partial"
    partial.write_text(render(material.content, material.gallery, figures), encoding="utf-8")
    partial.replace(report)
    names = ["report.md", *(figure.path for figure in figures.values())]
    for figure in (folder / "figures").glob("*"):
        name = f"figures/{figure.name}"
        if name in files.get("files", ()) and name not in names:
            figure.unlink()
    stamp.write_text(json.dumps({"made_from": made_from, "files": names}, indent=1), encoding="utf-8")
    return report


@dataclass(frozen=True)
class Drawn:
    """A figure of the report: its ``path`` from the report, and the ``alt`` text and ``caption`` with it."""

    path: str
    alt: str
    caption: str


def render(content: Content, gallery: Gallery, figures: dict[str, Drawn]) -> str:
    """Return the report's text.

    Parameters
    ----------
    content, gallery
        What it says.
    figures
        The figures by name: those of `charts.draw`, and the photos' ranks.
    """
    template = _environment().get_template("report.md.j2")
    text = template.render(c=content, gallery=gallery, figures=figures)
    return re.sub(r"\n{3,}", "\n\n", text)  # where a section was left out


def fingerprint(results: Results) -> str:
    """Return a hex digest of all that a report is made from, but for when the run was and how long."""
    digest = hashlib.sha256()
    facts = {key: value for key, value in asdict(results.run).items() if key not in ("started", "seconds")}
    digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
    tables = (results.cells, results.images, results.curves, results.accuracy_curves)
    for table in (*tables, read_answers(results)):
        digest.update("\0".join(table.columns).encode())
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    if (kernels := results.folder / FILE).is_file():
        digest.update(kernels.read_bytes())
    for source in sorted(Path(__file__).parent.rglob("*.*")):
        if source.suffix in (".py", ".j2"):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def text(value: object) -> Markup:
    r"""Return some text as Markdown shows it literally, on one line.

    >>> print(text("a_b <b>|\n[x](y)"))
    a\_b \<b\>\| \[x\](y)
    """
    line = re.sub(r"([\\`*_\[\]<>#|~&$])", r"\\\1", _one_line(value))
    # At the start of a line, a list's mark or a rule under a heading.
    line = re.sub(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=](?:[-=\s]|$)))", r"\1\\", line)
    return Markup(line)  # noqa: S704  # escaped just now


def code(value: object) -> Markup:
    """Return some text as a code span, whatever back-ticks are in it.

    >>> print(code("bench run"), code("a`b"))
    `bench run` ``a`b``
    """
    line = _one_line(value)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line[:1] == "`" or line[-1:] == "`" or not line else ""
    return Markup(f"{fence}{pad}{line}{pad}{fence}")  # noqa: S704  # literal in a code span


def block(value: str) -> Markup:
    """Return a command as a fenced block, whatever back-ticks are in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", value)), default=0))
    return Markup(f"{fence}sh\n{value}\n{fence}")  # noqa: S704  # literal in a fenced block


def table(source: Table) -> Markup:
    """Return a table of results: best in bold, oracles and the truth in italics."""
    headers = ["", "method", *(str(text(column.title)) for column in source.columns)]
    rows, group = [], ""
    for row in source.rows:
        apart = row.group in ("oracle", "truth")
        label = f"*{text(row.label)}*" if apart else text(row.label)
        cells = [f"**{cell.text}**" if cell.rank == 1 else str(text(cell.text)) for cell in row.cells]
        rows.append(["" if row.group in (group, "truth") else row.group, label, *cells])
        group = row.group
    align = ["left", "left", *("right" for _ in source.columns)]
    return _table(headers, rows, align)


def plain_table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> Markup:
    """Return a table of texts from outside; `Markup` stays as it is."""
    escaped = [[str(cell if isinstance(cell, Markup) else text(cell)) for cell in row] for row in rows]
    return _table(headers, escaped, ["left"] * len(headers))


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str]) -> Markup:
    # A bar ends a cell, even within a code span; escaped twice it would not.
    cells = [[re.sub(r"(?<!\\)\|", r"\|", str(cell)) for cell in row] for row in rows]
    made = tabulate(cells, headers, tablefmt="pipe", colalign=align, disable_numparse=True)
    return Markup(made)  # noqa: S704  # its cells are escaped


def _one_line(value: object) -> str:
    return re.sub(r"[ \t\r\n\f\v]+", " ", str(value)).strip(" ")


def _literal(value: Any) -> Any:
    return value if isinstance(value, Markup) else text(value)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("huebench.reports"),
        autoescape=True,
        finalize=_literal,  # whatever a template prints is escaped for Markdown unless it says otherwise
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "block": block,
        "code": code,
        "in_words": in_words,
        "plain_table": plain_table,
        "table": table,
    }
    return environment


def _draw(material: Material, folder: Path) -> dict[str, Drawn]:
    from . import figures  # Matplotlib takes its time to import

    drawn: dict[str, Drawn] = {}
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for name, chart in material.charts.items():
        drawn[name] = Drawn(f"figures/{name}.png", chart.alt, chart.caption)
        (folder / drawn[name].path).write_bytes(material.images[name])
    for photo in material.gallery.photos:
        alt = f"{photo.rank.capitalize()} photo: input, truth and every method's answer"
        drawn[photo.rank] = Drawn(f"figures/gallery-{photo.rank}.jpg", alt, "")
        (folder / drawn[photo.rank].path).write_bytes(figures.encode(figures.gallery(photo), "jpg"))
    return drawn


def _stamped(stamp: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts
