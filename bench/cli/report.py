"""``bench report``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from . import completion
from .console import Console
from .options import names


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder.", autocompletion=completion.runs)
    ],
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Any of md, html, latex, csv, separated by commas.",
            autocompletion=completion.report_formats,
        ),
    ] = "md,html",
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Folder for the report and copies of the tables, of speed.json and of a study's answers: "
            "a baseline to commit, or to upload as a dataset.  [default: RUN]",
        ),
    ] = None,
    methods: Annotated[
        str,
        typer.Option(
            help="Show only these methods: labels, names or families, each with a new name if you like: "
            "gray,Ours=pixel-knn.  [default: all]"
        ),
    ] = "",
    columns: Annotated[
        str, typer.Option(help="Columns of the first table: psnr,auc,images_per_second.")
    ] = "",
    precision: Annotated[
        int | None, typer.Option(min=0, max=10, help="Decimals of metrics.  [default: by their size]")
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the report.")] = "",
) -> None:
    """Rewrite the report of a run from its tables."""
    from ...reports.analysis.kernels import copy_kernels
    from ...reports.analysis.selection import Selection
    from ...reports.analysis.study import copy_answers
    from ...reports.dataset_card import check_place, write_card
    from ...reports.report import print_results, write_formats
    from ...reports.tables import read_results, write_results

    if out:
        check_place(out)  # now, not after minutes of work
    results = read_results(folder)
    console = Console()
    selection = Selection(methods, names(columns), precision, title)
    paths = write_formats(results, out or folder, names(formats), selection)
    if out:
        copy_answers(folder, out)
        copy_kernels(folder, out)
        write_results(results, out)
        write_card(results, out)
    print_results(results, console, selection)
    for path in paths:
        console.print(Text(f"report: {path}"), soft_wrap=True)
