"""Every format of a report, by its name on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import UserError
from .csv import write_csv
from .html import write_html
from .latex import write_latex
from .markdown import write_report
from .material import Material
from .tables import Results

FORMATS = ("md", "html", "latex", "csv")


def write_formats(results: Results, folder: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write a run's report in some formats and return where each is.

    Raises
    ------
    UserError
        If a format is not one of `FORMATS`.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UserError(f"unknown report format '{unknown[0]}'; known: {', '.join(FORMATS)}")
    material = Material(results)
    write = {"md": write_report, "html": write_html, "latex": write_latex, "csv": write_csv}
    return [write[name](material, folder) for name in formats]
