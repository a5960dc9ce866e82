"""The frozen protocol: how photos are prepared for a method, restored after it, and scored.

Only the protocol splits photos into lightness and chroma, and only the protocol recombines them. Its digest
is in every row of every table; tables with different digests cannot be compared.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from PIL import Image

from ...datasets.base import RGB
from ...datasets.color.conversion import lab_to_rgb, rgb_to_lab
from ...methods.base import Chroma, Lightness
from ..metrics import default_metrics

RULES = {
    "interpolation": "Lanczos",
    "grey": "CIE L* of sRGB, D65",
    "merge": "the input's own L*, the predicted a*b*",
    "save": "sRGB uint8, rounded to nearest, clipped to the gamut in linear RGB",
    "reference_choice": "nearest lightness: 32-bin histogram and 8×8 thumbnail, L2; never the photo itself, "
    "the same content or a near-duplicate",
}
"""Rules that no option changes, as text."""


@dataclass(frozen=True)
class Protocol:
    """Every choice that could change a number although no method has changed.

    Attributes
    ----------
    size
        Side in pixels of the square at which photos are colorized and scored.
    resize
        ``squash`` both sides to the size, or ``center-crop`` the middle square first.
    metrics
        Names of the metrics, in the tables' order.
    near_grey_threshold
        A photo is near-grey if no |a*| or |b*| of its truth exceeds this.
    training_sample
        Number of training photos, drawn with seed 0, that serve as references and as the prior of colours.
    version
        Increased when a rule or the meaning of a field changes.
    """

    size: int = 256
    resize: Literal["squash", "center-crop"] = "squash"
    metrics: tuple[str, ...] = field(default_factory=default_metrics)
    near_grey_threshold: float = 5.0
    training_sample: int = 1000
    version: int = 3

    def facts(self) -> dict[str, Any]:
        """Return all choices and `RULES`, as ``run.json`` and the report state them."""
        return {**asdict(self), "metrics": list(self.metrics), **RULES}

    @property
    def digest(self) -> str:
        """The first 12 hex digits of the SHA-256 of `facts`."""
        return hashlib.sha256(json.dumps(self.facts(), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def preparation(self) -> str:
        """A text that changes when `prepare` does."""
        return f"{self.version} {self.size} {self.resize} {RULES['interpolation']}"

    def prepare(self, rgb: RGB) -> RGB:
        """Resize a decoded photo, uint8 (H, W, 3), to uint8 (size, size, 3)."""
        image = Image.fromarray(rgb)
        if self.resize == "center-crop":
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            image = image.crop((left, top, left + side, top + side))
        if image.size == (self.size, self.size):
            return np.array(image)
        return np.array(image.resize((self.size, self.size), Image.Resampling.LANCZOS))

    def hide(self, photos: RGB) -> tuple[Lightness, Chroma]:
        """Split photos, uint8 (N, H, W, 3), into the lightness that methods see and the hidden chroma."""
        return rgb_to_lab(photos)

    def restore(self, lightness: Lightness, chroma: Chroma) -> RGB:
        """Combine lightness and a method's chroma into photos, uint8 (N, H, W, 3)."""
        return lab_to_rgb(lightness, chroma)
