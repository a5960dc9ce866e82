"""``bench clean``: free the space of a finished run, or of the cache."""

from pathlib import Path
from typing import Annotated

import typer

from ... import UserError
from ...wording import counted
from . import completion
from .console import Console


def clean(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run folder.", autocompletion=completion.runs)
    ] = None,
    cache: Annotated[
        bool,
        typer.Option("--cache", help="Delete copies of photos that no training has used for --days."),
    ] = False,
    days: Annotated[int, typer.Option(min=0, help="Days without use, for --cache.")] = 30,
) -> None:
    """Delete a run's models and predictions; tables, report, pictures and logs stay.

    Finished methods count as done, but `bench colorize` cannot use the run's models any more. With `--cache`,
    delete the decoded copies of photos that trainings keep in the cache; a training that needs one again
    makes it again.
    """
    from rich.filesize import decimal

    from ...reports.tables import facts_file
    from ..clean import discard_packed, discard_work
    from ..run import run_folder

    if folder is None and not cache:
        raise UserError("nothing to clean: name a run folder, or give --cache")
    if folder is not None:
        facts_file(folder)
        with run_folder(folder):
            freed = discard_work(folder)
        Console().print(f"freed {decimal(freed)}")
    if cache:
        copies, freed = discard_packed(days)
        found = f"{counted(copies, 'packed photo set')} unused for {counted(days, 'day')}"
        Console().print(f"freed {decimal(freed)} of the cache: {found}")
