"""The facts that methods record about themselves, such as the weights they loaded."""

import json

from ..analysis.material import Material
from ..blocks import Block, Heading, PlainTable
from ..text import in_words

ORDER = 200  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if no method records anything."""
    notes = {
        (str(row.method), key, in_words(value))
        for row in material.results.cells[["method", "notes"]].dropna().itertuples(index=False)
        for key, value in json.loads(str(row.notes)).items()
    }
    if not notes:
        return []
    table = PlainTable(("method", "fact", "value"), tuple(sorted(notes)), "Facts recorded by the methods")
    return [Heading("Notes on the methods"), table]
