"""``bench clean``: free the space of a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from ... import UserError
from . import completion
from .console import Console


def clean(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder.", autocompletion=completion.runs)
    ],
) -> None:
    """Delete a run's models and predictions; tables, report, pictures and logs stay.

    Finished methods count as done, but `bench colorize` cannot use the run's models any more.
    """
    from rich.filesize import decimal

    from ..clean import discard_work
    from ..run import run_folder

    if not (folder / "run.json").is_file():
        raise UserError(f"'{folder}' is not a run folder: it has no run.json")
    with run_folder(folder):
        freed = discard_work(folder)
    Console().print(f"freed {decimal(freed)}")
