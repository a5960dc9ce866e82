"""``bench compare``: changes between two runs, and a gate for CI."""

from pathlib import Path
from typing import Annotated

import typer

from ... import UserError
from . import completion
from .options import names

FILES = {"md": "comparison.md", "json": "comparison.json", "junit": "comparison.xml"}
"""Formats of a comparison → their files."""


def compare(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="A", help="A run folder, or a committed baseline.", autocompletion=completion.runs
        ),
    ],
    after: Annotated[
        Path, typer.Argument(metavar="B", help="The run to compare with it.", autocompletion=completion.runs)
    ],
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="LIMITS", help="Exit with 1 if any method exceeds a limit: psnr:-0.2,auc:-1%,time:+10%."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also show what did not change.")] = False,
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Also write files: any of md, json, junit, separated by commas.",
            autocompletion=completion.comparison_formats,
        ),
    ] = "",
    out: Annotated[
        Path, typer.Option(file_okay=False, help=f"Folder for {', '.join(FILES.values())}.")
    ] = Path(),
) -> None:
    """Compare two runs photo by photo; print what changed as Markdown.

    A baseline is a run folder reduced to run.json and the Parquet files: about 200 kB to commit. In JUnit
    every method and metric is a test case, which fails if the method became significantly worse.
    """
    from ...files import write_text
    from ...reports import comparison_json, comparison_junit
    from ...reports.analysis.comparison import compare_runs
    from ...reports.analysis.gate import breaches, parse_limits
    from ...reports.formats import markdown
    from ...reports.sections import comparison as section
    from ...reports.tables import read_results

    wanted = names(formats)
    if unknown := [name for name in wanted if name not in FILES]:
        raise UserError(f"unknown format of a comparison '{unknown[0]}'; known: {', '.join(FILES)}")
    comparison = compare_runs(read_results(before), read_results(after))
    limits = parse_limits(fail_on, comparison.metrics) if fail_on is not None else ()
    broken = breaches(comparison, limits) if limits else []
    printed = markdown.render(section.blocks(comparison, limits, broken, everything=everything))
    writers = {
        "md": lambda: printed,
        "json": lambda: comparison_json.render(comparison, limits, broken),
        "junit": lambda: comparison_junit.render(comparison, broken),
    }
    for name in wanted:
        write_text(out / FILES[name], writers[name]())
    typer.echo(printed, nl=False)
    if broken:
        raise typer.Exit(1)
