"""`huebench-small-hints`, with its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .... import UserError
from ...base import Chroma, Context, Hints, Lightness, MethodInfo, register
from ..huebench_small.card import HuebenchSmall

if TYPE_CHECKING:
    from ...contract import Portable
    from .network import HintNetwork

FOLDER = Path(__file__).parent

WEIGHTS = FOLDER / "weights.safetensors"


@register
class HuebenchSmallHints(HuebenchSmall):
    """`huebench-small`, corrected by the colours that a user gives at a few points.

    A second, much smaller network sees the features of the first. It spreads what the hints say against the
    automatic answer to the places that they concern, by attention. Without hints the answer is exactly that
    of `huebench-small`. ``README.md`` beside this file is its model card.
    """

    info = MethodInfo(
        name="huebench-small-hints",
        family="hinted",
        source="huebench, methods/deep/huebench_small_hints/README.md",
        hints=True,
        seeded=False,
        all_threads=True,
    )

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._hint_network: HintNetwork | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The shipped weights of both networks, and the digests of the photos they were trained on."""
        return (*super().files, WEIGHTS)

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Predict each photo's chroma from its lightness and hints, photo by photo.

        Raises
        ------
        UserError
            If the weights are missing or damaged.
        OutOfMemoryError
            If memory runs out; the message says what to lower.
        """
        if context.hints is None:
            return super().colorize(lightness, context)
        chroma = np.empty((*lightness.shape, 2), np.float32)
        for photo, plane in enumerate(lightness):
            chroma[photo] = self._corrected(plane, context.hints[photo], context)
        return chroma

    def _corrected(self, lightness: Lightness, hints: Hints, context: Context) -> Chroma:
        from ...kernels.multigrid import spread_colours  # SciPy is slow to import
        from .prediction import predict  # imports torch

        if not hints.mask.any():
            automatic: Chroma = super().colorize(lightness[None], context)[0]
            return automatic
        network, size = self._loaded(), self.parameters.size
        predicted, added = predict(network, self._loaded_hints(), lightness, size, hints, context)
        chroma: Chroma = self.enlarge(predicted, lightness) + self.enlarge(added, lightness)
        # Pinning the hints by `spread_colours` was better than not, and than blending by geodesic distance.
        left = np.where(hints.mask[..., None], hints.ab - chroma, np.float32(0))
        chroma += spread_colours(lightness, left, hints.mask)
        return chroma

    def portable(self) -> Portable:
        """Refuse with `UserError`: no contract has hints."""
        raise UserError("huebench-small-hints takes hints, which no contract has: export huebench-small")

    @property
    def parameter_count(self) -> int:
        """Number of weights of both networks."""
        return super().parameter_count + sum(weight.numel() for weight in self._loaded_hints().parameters())

    def _loaded_hints(self) -> HintNetwork:
        if self._hint_network is None:
            from .prediction import load_hint_network  # imports torch

            self._hint_network = load_hint_network(WEIGHTS)
        return self._hint_network
