"""The frozen protocol: how photos are prepared for a method, restored after it, and scored.

Only the protocol splits photos into lightness and chroma, and only the protocol recombines them. Its digest
is in every row of every table; tables with different digests cannot be compared.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from PIL import Image

from ... import UserError
from ...datasets.base import RGB
from ...datasets.color.conversion import near_grey, rgb_to_lab
from ...methods.base import Chroma, Lightness
from ...methods.hints import Hints
from ..metrics import default_metrics, get_metric
from .choices import (
    FLOW,
    GREY,
    INTERPOLATION,
    MERGE,
    NEAR_GREY,
    REFERENCE_CHOICE,
    SAVE,
    TRUTH,
    USUAL,
    check_choice,
)
from .degradations import Condition, degraded
from .hints import HINTS, NONE


@dataclass(frozen=True)
class Protocol:
    """Every choice that could change a number although no method has changed.

    The names of the choices, with their meanings, are in `huebench.bench.protocol.choices`.

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
    interpolation
        The filter that resizes: a name in `choices.INTERPOLATION`.
    grey
        The lightness that a method sees: a name in `choices.GREY`.
    merge
        How the prediction joins the input's lightness: a name in `choices.MERGE`.
    save
        How the result becomes 8-bit RGB: a name in `choices.SAVE`.
    truth
        The picture that a prediction is compared with: a name in `choices.TRUTH`.
    near_grey
        Whether near-grey photos are scored: a name in `choices.NEAR_GREY`.
    flow
        How the motion between the frames of a clip is found: a name in `choices.FLOW`.
    reference_choice
        How reference photos are chosen: a name in `choices.REFERENCE_CHOICE`.
    hints
        How the colour hints are drawn that some methods are given: a name in `hints.HINTS`, or ``none``.
    degrade
        What is wrong with the lightness that methods see, such as ``grain:0.5``; ``""``: nothing. See
        `huebench.bench.protocol.degradations`.

    Raises
    ------
    UserError
        If a choice or a degradation is unknown.
    """

    size: int = 256
    resize: Literal["squash", "center-crop"] = "squash"
    metrics: tuple[str, ...] = field(default_factory=default_metrics)
    near_grey_threshold: float = 5.0
    training_sample: int = 1000
    version: int = 3
    interpolation: str = USUAL["interpolation"]
    grey: str = USUAL["grey"]
    merge: str = USUAL["merge"]
    save: str = USUAL["save"]
    truth: str = USUAL["truth"]
    near_grey: str = USUAL["near_grey"]
    flow: str = USUAL["flow"]
    reference_choice: str = USUAL["reference_choice"]
    hints: str = NONE
    degrade: str = ""

    def __post_init__(self) -> None:
        for name in USUAL:
            check_choice(name, getattr(self, name))
        if self.hints not in (NONE, *HINTS):
            raise UserError(f"protocol: hints '{self.hints}' must be one of {', '.join((NONE, *HINTS))}")
        if self.degrade:
            Condition.parse(self.degrade)

    def facts(self) -> dict[str, Any]:
        """Return all choices, as ``run.json`` and the report state them.

        The truth and the near-grey photos are stated only where they are not treated as usual, the flow only
        where clips are scored, hints and a degradation only where there are any: a protocol from before
        these choices existed keeps its digest.
        """
        facts = {
            **asdict(self),
            "metrics": list(self.metrics),
            "interpolation": INTERPOLATION[self.interpolation].text,
            "grey": GREY[self.grey].text,
            "merge": MERGE[self.merge].text,
            "save": SAVE[self.save].text,
            "truth": TRUTH[self.truth].text,
            "near_grey": NEAR_GREY[self.near_grey],
            "flow": FLOW[self.flow],
            "reference_choice": REFERENCE_CHOICE[self.reference_choice].text,
            "degrade": Condition.parse(self.degrade).meaning if self.degrade else "",
        }
        unstated = {name for name in ("truth", "near_grey") if getattr(self, name) == USUAL[name]}
        if not any(get_metric(name).of_clips for name in self.metrics):
            unstated.add("flow")
        if self.hints == NONE:
            unstated.add("hints")
        else:
            facts["hints"] = HINTS[self.hints].text
        if not self.degrade:
            unstated.add("degrade")
        return {name: value for name, value in facts.items() if name not in unstated}

    @property
    def digest(self) -> str:
        """The first 12 hex digits of the SHA-256 of `facts`."""
        return hashlib.sha256(json.dumps(self.facts(), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def preparation(self) -> str:
        """A text that changes with the pixels that are read, that methods see, or that are scored."""
        read = f"{self.version} {self.size} {self.resize} {INTERPOLATION[self.interpolation].text}"
        names = ("grey", "merge", "save", "truth", "near_grey")
        unusual = [f"{name} {getattr(self, name)}" for name in names if getattr(self, name) != USUAL[name]]
        threshold = [str(self.near_grey_threshold)] if self.near_grey != USUAL["near_grey"] else []
        return " ".join([read, *unusual, *threshold])

    def prepare(self, rgb: RGB) -> RGB:
        """Resize a decoded photo, uint8 (H, W, 3), to uint8 (size, size, 3)."""
        image = Image.fromarray(rgb)
        if self.resize == "center-crop":
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            image = image.crop((left, top, left + side, top + side))
        if image.size == (self.size, self.size):
            return np.array(image)
        return INTERPOLATION[self.interpolation].apply(np.asarray(image), self.size)

    def hide(self, photos: RGB) -> tuple[Lightness, Chroma]:
        """Split photos, uint8 (N, H, W, 3), into lightness and the hidden chroma."""
        lightness, chroma = rgb_to_lab(photos)
        return GREY[self.grey].apply(photos, lightness), chroma

    def hint(self, photos: Sequence[str], lightness: Lightness, chroma: Chroma, count: int) -> Hints:
        """Return the first hints of photos, by their ids; see `huebench.bench.protocol.hints`.

        Parameters
        ----------
        photos
            The photos' ids.
        lightness, chroma
            What `hide` returned.
        count
            Number of hints for each photo.
        """
        rule, place = HINTS[self.hints], f"{self.size} {self.resize}"
        drawn = [
            rule.draw(f"{place} {photo}", plane, ab, count)
            for photo, plane, ab in zip(photos, lightness, chroma, strict=True)
        ]
        return Hints(np.stack([each.ab for each in drawn]), np.stack([each.mask for each in drawn]))

    def degraded(self, lightness: Lightness, photos: RGB, ids: list[str]) -> Lightness:
        """Return the lightness that methods see of photos with these ids; see `hide`."""
        return degraded(self.degrade, lightness, photos, ids)

    def restore(self, lightness: Lightness, chroma: Chroma) -> RGB:
        """Combine lightness and a method's chroma into photos, uint8 (N, H, W, 3)."""
        return SAVE[self.save].apply(*MERGE[self.merge].apply(lightness, chroma))

    def truth_of(self, photos: RGB) -> RGB:
        """Return the pictures with which predictions are compared, uint8 of the photos' shape."""
        return TRUTH[self.truth].apply(photos)

    def is_near_grey(self, chroma: Chroma) -> bool:
        """Return whether a photo with this chroma, float32 (H, W, 2), is near-grey."""
        return near_grey(chroma, self.near_grey_threshold)

    def leaves_out(self, photo: RGB) -> bool:
        """Return whether a photo, uint8 (H, W, 3), is not scored because it is near-grey."""
        return self.near_grey == "left-out" and self.is_near_grey(rgb_to_lab(photo)[1])
