"""``bench clean``: free the space of a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from ... import UserError
from .console import Console

WORK = ("models", "predictions", "shared")
"""Folders of a run that its tables, its report and its pictures do not need."""


def clean(folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]) -> None:
    """Delete a run's models and predictions; tables, report, pictures and logs stay.

    Finished methods count as done, but `bench colorize` cannot use the run's models any more.
    """
    import shutil

    from rich.filesize import decimal

    from ..run import run_folder

    if not (folder / "run.json").is_file():
        raise UserError(f"'{folder}' is not a run folder: it has no run.json")
    freed = 0
    with run_folder(folder):
        for work in (folder / name for name in WORK):
            if work.is_symlink() or not work.is_dir():
                continue
            freed += sum(path.lstat().st_size for path in work.rglob("*") if not path.is_dir())
            shutil.rmtree(work)
    Console().print(f"freed {decimal(freed)}")
