"""Deletes what runs leave besides their results, in their folders and in the cache."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .. import UserError
from ..datasets.digests import cache_folder
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
        from .colorize.from_run import best_of_run

        try:
            best, _ = best_of_run(results)
        except UserError:
            return
    kept = {cell.model_folder for cell in cells if cell.label == best}
    for folder in {cell.model_folder for cell in cells} - kept:  # cells with hints share their method's
        shutil.rmtree(folder, ignore_errors=True)


def discard_work(run: Path) -> int:
    """Delete the models, the predictions and the shared files of a run; return the freed bytes."""
    freed = 0
    for folder in (run / name for name in WORK):
        if folder.is_symlink() or not folder.is_dir():
            continue
        freed += sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
        shutil.rmtree(folder)
    return freed


def discard_packed(days: float) -> tuple[int, int]:
    """Delete the packed copies of photos in the cache that no training has used for some days.

    A training that needs one again makes it again. One that is reading a copy keeps what it has opened.

    Returns
    -------
    copies, freed
        The number of deleted copies, and their bytes.
    """
    copies, freed = 0, 0
    for copy in (cache_folder() / "packed").glob("*.npy"):
        seal = copy.with_suffix(".json")  # touched at every use
        used = max(path.stat().st_mtime for path in (copy, seal) if path.exists())
        if time.time() - used < days * 86_400:
            continue
        copies, freed = copies + 1, freed + copy.stat().st_size
        seal.unlink(missing_ok=True)  # first, so that no copy is half there
        copy.unlink()
    return copies, freed
