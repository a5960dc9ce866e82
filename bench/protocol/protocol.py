"""The frozen protocol: what is done to a photo before and after a method, and how it is scored.

Only the protocol splits a photo into lightness and chroma, and only the protocol puts them together again.
Its digest stands on every row of every table; tables of different digests refuse to be compared.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
from PIL import Image

from ...datasets.base import RGB
from ...datasets.color.conversion import lab_to_rgb, rgb_to_lab
from ...methods.base import Chroma, Lightness
from ..metrics import default_metrics


@dataclass(frozen=True)
class Protocol:
    """Everything that could move a number without a method having changed.

    Attributes
    ----------
    size
        Side in pixels of the square at which photos are colorized and scored.
    resize
        ``squash`` both sides to the size, or ``center-crop`` the middle square first.
    interpolation
        The filter, Pillow's, antialiased.
    grey
        What a method sees.
    merge
        What becomes of its answer.
    save
        What is scored.
    metrics
        Names of the metrics, in the tables' order.
    near_grey_threshold
        A photo is near-grey if no |a*| or |b*| of its truth exceeds this.
    training_sample
        How many training photos, drawn with seed 0, serve as references and as the prior of colours.
    reference_choice
        How a target's reference is chosen from them; never by the target's colour.
    version
        Raised when the meaning of a field changes.
    """

    size: int = 256
    resize: Literal["squash", "center-crop"] = "squash"
    interpolation: str = "Lanczos"
    grey: str = "CIE L* of sRGB, D65"
    merge: str = "the input's own L*, the predicted a*b*"
    save: str = "sRGB uint8, rounded to nearest, clipped to the gamut in linear RGB"
    metrics: tuple[str, ...] = field(default_factory=default_metrics)
    near_grey_threshold: float = 5.0
    training_sample: int = 1000
    reference_choice: str = "nearest lightness: 32-bin histogram and 8×8 thumbnail, L2"
    version: int = 1

    @property
    def digest(self) -> str:
        """The first 12 hex digits of the SHA-256 of all fields."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def preparation(self) -> str:
        """A text that changes when `prepare` does."""
        return f"{self.version} {self.size} {self.resize} {self.interpolation}"

    def prepare(self, rgb: RGB) -> RGB:
        """Bring a decoded photo, uint8 (H, W, 3), to uint8 (size, size, 3)."""
        image = Image.fromarray(rgb)
        if self.resize == "center-crop":
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            image = image.crop((left, top, left + side, top + side))
        if image.size == (self.size, self.size):
            return np.array(image)
        return np.array(image.resize((self.size, self.size), Image.Resampling.LANCZOS))

    def split(self, rgb: RGB) -> tuple[Lightness, Chroma]:
        """Split photos, uint8 (N, H, W, 3), into what a method sees and what it must give back."""
        return rgb_to_lab(rgb)

    def merge_chroma(self, lightness: Lightness, chroma: Chroma) -> RGB:
        """Put the input's lightness and a method's chroma together: uint8 (N, H, W, 3)."""
        return lab_to_rgb(lightness, chroma)
