"""The training of the methods that learn."""

from ..analysis.material import Material
from ..blocks import Block, Heading
from ..charts.training import training_curves
from .layout import chart

ORDER = 170  #: Place in the report


def blocks(material: Material) -> list[Block]:
    """Return the section; empty if nothing was trained."""
    curves = material.results.curves
    if curves.empty:
        return []
    return [
        Heading("Training"),
        chart(
            "training-curves",
            "Loss and accuracy by epoch, train and validation, of every trained method",
            "Accuracy is the share of pixels whose chroma lies within 10 of the truth; the loss is in each "
            "method's own unit. A method trained in several stages has one line through all of them; stages "
            "have different objectives, so jumps of the loss between them are expected.",
            lambda: training_curves(curves),
        ),
    ]
