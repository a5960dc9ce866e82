"""CSV: the unrounded numbers, for other programs."""

from pathlib import Path

from ...files import atomic
from ..blocks import Data, Document, walk


def write(document: Document, folder: Path) -> Path:
    """Write every `Data` of a report as ``csv/*.csv`` and return the folder ``csv``."""
    target = folder / "csv"
    for block in walk(document.blocks):
        if isinstance(block, Data):
            named = block.table.index.names != [None]
            with atomic(target / f"{block.name}.csv") as partial:
                block.table.to_csv(partial, index=named, lineterminator="\n")
    return target
