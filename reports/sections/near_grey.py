"""The headline metrics without near-grey photos."""

from ..analysis.material import Material
from ..analysis.statistics import intervals
from ..blocks import Block, Heading, Prose
from .layout import lay_out, with_intervals


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if all photos are near-grey."""
    colored, photos = material.without_near_grey, material.summary.photos
    if colored.photos == 0:
        return []
    if colored.photos == photos:
        return [Prose("None of the photos is known to be near-grey.")]
    names = ["coverage", *(metric.name for metric in colored.metrics if metric.headline)]
    caption = "Results without near-grey photos"
    table = lay_out(colored, names, intervals(colored), name="without-near-grey", caption=caption)
    return [
        Heading("Without near-grey photos"),
        Prose(
            f"{photos - colored.photos:,} of the {photos:,} photos have next to no colour of their own. They "
            "say nothing about colorization and favour dull methods; this table leaves them out."
        ),
        *with_intervals(table),
    ]
