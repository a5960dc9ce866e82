"""CSV: the unrounded numbers, for other programs."""

from pathlib import Path

from ...files import write_text
from ..blocks import Data, Document, walk
from ..text import printable, spreadsheet_safe


def write(document: Document, folder: Path) -> Path:
    """Write every `Data` of a report as ``csv/*.csv`` and return the folder ``csv``."""
    target = folder / "csv"
    for block in walk(document.blocks):
        if isinstance(block, Data):
            named = block.table.index.names != [None]
            table = block.table.reset_index() if named else block.table
            texts = table.select_dtypes(exclude=["number", "bool"])
            table = table.assign(**{str(name): texts[name].map(spreadsheet_safe) for name in texts})
            text = printable(table.to_csv(index=False, lineterminator="\n"))
            write_text(target / f"{block.name}.csv", text)
    return target
