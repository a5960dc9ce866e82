"""``bench merge``: one run of several people's."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from . import completion
from .console import Console


def merge(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN RUN…", help="Run folders or committed baselines.", autocompletion=completion.runs
        ),
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="The new run folder.")],
) -> None:
    """Join runs of the same photos under one protocol, made by several people, into one run.

    A result that several runs share is taken once. Results of one method that differ in code, libraries,
    device or threads are all kept, each with the name of its run in brackets.
    """
    from ...reports.report import print_results
    from ...reports.tables import read_results
    from .. import merge as merging
    from ..run import typed

    console = Console()
    results, report, renamed = merging.merge([read_results(folder) for folder in folders], out, typed())
    print_results(results, console)
    for method, names in renamed.items():
        said = f"{method}: results with different keys, all kept, as {' and '.join(names)}"
        console.print(Text(said), soft_wrap=True)
    console.print(Text(f"report: {report}"), soft_wrap=True)
