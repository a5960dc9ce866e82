"""The distribution of colours in the kept pictures."""

from ..analysis.chroma import histogram, kept_pictures
from ..analysis.material import Material
from ..blocks import Block, Heading
from ..charts.chroma import chroma_histograms
from ..text import kept_of
from .layout import chart

ORDER = 150  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if no pictures were kept."""
    pictures = kept_pictures(material.results, material.summary)
    if not pictures:
        return []
    some = kept_of(len(pictures["truth"]), material.summary.photos)
    which = f"pictures of {some} for every method" if some else "pictures"
    return [
        Heading("Distribution of colours"),
        chart(
            "chroma",
            "Histograms over a* and b* of the truth and of every method's answers",
            f"Share of pixels with each a* (across) and b* (up) in the {which}, on one logarithmic scale; "
            "grey is in the middle.",
            lambda: chroma_histograms({label: histogram(paths) for label, paths in pictures.items()}),
        ),
    ]
