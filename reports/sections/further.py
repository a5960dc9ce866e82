"""The metrics that are not in the headline table, and the methods' costs."""

from ..analysis.material import Material
from ..blocks import Block, Heading
from .layout import lay_out, with_intervals

ORDER = 140  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section."""
    metrics = [metric.name for metric in material.summary.metrics if not metric.headline]
    table = lay_out(
        material.summary,
        [*metrics, "fit_seconds"],
        material.intervals,
        name="further",
        caption="Further metrics and cost on all photos",
    )
    return [Heading("Further metrics and cost"), *with_intervals(table)]
