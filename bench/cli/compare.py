"""``bench compare``: changes between two runs, and a gate for CI."""

from pathlib import Path
from typing import Annotated

import typer

from . import completion


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
) -> None:
    """Compare two runs photo by photo; print what changed as Markdown.

    A baseline is a run folder reduced to run.json and the Parquet files: about 200 kB to commit.
    """
    from ...reports.analysis.comparison import compare_runs
    from ...reports.analysis.gate import breaches, parse_limits
    from ...reports.formats import markdown
    from ...reports.sections import comparison as section
    from ...reports.tables import read_results

    comparison = compare_runs(read_results(before), read_results(after))
    limits = parse_limits(fail_on, comparison.metrics) if fail_on is not None else ()
    broken = breaches(comparison, limits) if limits else []
    typer.echo(markdown.render(section.blocks(comparison, limits, broken, everything=everything)), nl=False)
    if broken:
        raise typer.Exit(1)
