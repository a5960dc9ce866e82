"""``bench site``: a leaderboard as one static page."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from . import completion
from .console import Console


def site(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER…",
            help="Run folders, or reports from `bench report --out`.",
            autocompletion=completion.runs,
        ),
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for index.html.")] = Path("site"),
    title: Annotated[str, typer.Option(help="Title of the page.")] = "",
) -> None:
    """Write a leaderboard of several runs as one page that needs no network: sets × methods.

    Runs of the same photos under one protocol share a table.
    """
    from ...reports.leaderboard import write_leaderboard
    from ...reports.tables import read_results

    path = write_leaderboard([read_results(folder) for folder in folders], out, title)
    Console().print(Text(f"page: {path}"), soft_wrap=True)
