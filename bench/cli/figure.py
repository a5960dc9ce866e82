"""``bench figure``: pictures of a run for a paper."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from . import completion
from .console import Console
from .options import names


def figure(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run folder with kept pictures.", autocompletion=completion.runs
        ),
    ],
    photos: Annotated[
        str, typer.Option(help="Photos, separated by commas.  [default: those of the report's gallery]")
    ] = "",
    methods: Annotated[
        str,
        typer.Option(
            help="Methods, each with a new name if you like: deep,Ours=pixel-knn[neighbours=3].  "
            "[default: all]"
        ),
    ] = "",
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Any of pdf, png and svg, separated by commas.",
            autocompletion=completion.figure_formats,
        ),
    ] = "pdf,png",
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for the figure.  [default: RUN]")
    ] = None,
) -> None:
    """Write a figure: one photo per row, with its input, the methods' answers and the truth."""
    from ...reports.analysis.selection import Selection
    from ...reports.paper import write_figure
    from ...reports.tables import read_results

    selection = Selection(methods)
    paths = write_figure(read_results(folder), out or folder, selection, names(photos), names(formats))
    for path in paths:
        Console().print(Text(f"figure: {path}"), soft_wrap=True)
