"""``bench study``."""

from pathlib import Path
from typing import Annotated

import typer

from . import completion
from .console import Console


def study(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run folder with kept pictures.", autocompletion=completion.runs
        ),
    ],
    methods: Annotated[
        str | None, typer.Option(help="Methods of the run to show.  [default: all but oracles]")
    ] = None,
    duels: Annotated[
        bool,
        typer.Option("--duels", help="Show two methods' pictures, chosen where metrics disagree most."),
    ] = False,
    trials: Annotated[int, typer.Option(min=1, help="Pairs per participant.")] = 40,
    practice: Annotated[int, typer.Option(min=1, help="Practice pairs before them, with feedback.")] = 10,
    exposure: Annotated[
        float, typer.Option(min=0.05, max=60, help="Seconds for which each photo is shown.")
    ] = 1.0,
    host: Annotated[
        str, typer.Option(help="Address to serve on; 0.0.0.0 exposes the page to the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")] = 8000,
    results: Annotated[
        bool, typer.Option("--results", help="Show fool rates and preferences, and exit.")
    ] = False,
) -> None:
    """Serve a page where people tell real photos from colorized ones, or compare two methods."""
    from ..web.study.command import print_rates, serve

    if results:
        print_rates(folder, Console())
        return
    serve(
        folder.resolve(), methods=methods, duels=duels, practice=practice, trials=trials,
        exposure=exposure, host=host,
        port=port,
    )  # fmt: skip
