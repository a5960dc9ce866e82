"""What a run leaves in its folder besides its results."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .. import UserError
from ..reports.tables import Results
from .plan.cell import Cell
from .plan.request import KeepModels

WORK: Final = ("jobs", "models", "predictions", "shared")
"""Folders of a run that its tables, its report and its pictures do not need."""


def discard_models(cells: Sequence[Cell], results: Results, keep: KeepModels) -> None:
    """Delete the trained models of a finished run that are not to be kept.

    The best method is the one that `bench colorize --from` takes. If there is none, because none was scored
    by AuC, all stay.
    """
    if keep == "all":
        return
    best = ""
    if keep == "best":
        from .colorize.colorist import best_of_run

        try:
            best, _ = best_of_run(results)
        except UserError:
            return
    for cell in cells:
        if cell.label != best:
            shutil.rmtree(cell.model_folder, ignore_errors=True)


def discard_work(run: Path) -> int:
    """Delete the models, the predictions and the shared files of a run; return the freed bytes."""
    freed = 0
    for folder in (run / name for name in WORK):
        if folder.is_symlink() or not folder.is_dir():
            continue
        freed += sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
        shutil.rmtree(folder)
    return freed
