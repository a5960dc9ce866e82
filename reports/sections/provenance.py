"""The provenance: everything needed to repeat the run."""

from collections.abc import Mapping
from typing import Any

from ..analysis.material import Material
from ..blocks import Block, Data, Details, Heading, Listing, PlainTable
from ..text import in_words


def blocks(material: Material) -> list[Block]:
    """Return the section."""
    run = material.run
    parts: dict[str, Mapping[str, Any]] = {
        "Run": {"started": run.started, "seconds": f"{run.seconds:.1f}", **run.options},
        "Dataset": {key: value for key, value in run.dataset.items() if key != "caveat"},
        "Protocol": {"digest": run.protocol_digest, **run.protocol},
        "Machine": run.machine,
        "Versions": run.versions,
    }
    details = [Details(title, (_facts(title, facts),)) for title, facts in parts.items()]
    images = material.results.images.drop(columns="cell")
    return [Heading("Provenance"), Listing(run.command), *details, Data("images", images)]


def _facts(title: str, facts: Mapping[str, Any]) -> PlainTable:
    rows = tuple((key.replace("_", " "), in_words(value)) for key, value in facts.items())
    return PlainTable(("fact", "value"), rows, title)
