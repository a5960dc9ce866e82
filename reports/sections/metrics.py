"""The definitions of the metrics, and why some were not computed."""

from ..analysis.material import Material
from ..blocks import Block, Bullets, Heading, PlainTable, Prose

ORDER = 210  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section."""
    rows = tuple((m.label, m.name, m.description, m.source) for m in material.summary.metrics)
    table = PlainTable(("metric", "name", "definition", "source"), rows, "Definitions of the metrics")
    missing = tuple(f"{m.label}: {m.unavailable}" for m in material.run.metrics if m.unavailable)
    unavailable: list[Block] = [Prose("Not computed:"), Bullets(missing)] if missing else []
    return [Heading("Metrics"), table, *unavailable]
