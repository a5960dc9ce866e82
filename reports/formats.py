"""Every format of a report, by its name on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from .. import UserError
from .content import make_content
from .csv import write_csv
from .html import write_html
from .latex import write_latex
from .markdown import write_report
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
        raise UserError(f"no report format is called '{unknown[0]}'; known: {', '.join(FORMATS)}")
    content = cache(lambda: make_content(results))  # Markdown that has not changed needs none
    write = {
        "md": lambda: write_report(results, folder),
        "html": lambda: write_html(results, content(), folder),
        "latex": lambda: write_latex(content(), folder),
        "csv": lambda: write_csv(results, content(), folder),
    }
    return [write[name]() for name in formats]
