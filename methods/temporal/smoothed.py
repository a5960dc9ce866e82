"""Any method, its chroma averaged over time along the motion."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from ... import UserError
from ...datasets.photos import PhotoSet
from ...sources import code_of
from ..base import Chroma, Context, Lightness, Method, MethodInfo, register
from ..kernels.flow import average_along
from ..motion import there_and_back
from ..spec import MethodSpec, parse_specs

CUT = 0.5
"""Share of pixels that two frames must both show; with fewer, a cut lies between them."""


@register
class Smoothed(Method):
    """Another method frame by frame, each frame's chroma averaged with those before it along the motion.

    An exponential average, as users of films do today. It restarts at a cut, and at every pixel that the
    frame before hid. The motion is estimated from lightness.
    """

    class Parameters(Method.Parameters):
        """The method, and how long colours last."""

        method: str = Field(
            "huebench-small", description='the method, as on the command line: "pixel-knn[neighbours=3]"'
        )
        share: float = Field(0.8, ge=0, lt=1, description="weight of the frames before; 0 changes nothing")

    parameters: Parameters
    info = MethodInfo(
        name="smoothed",
        family="deep",
        source="exponential average along dense inverse search, Kroeger et al. 2016, arXiv:1603.03590",
        temporal=True,
        clips=True,
        requires={"cv2": "video"},
    )

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._spec = _only(self.parameters.method)
        self.inner = self._spec.build()
        own = {"name", "source", "temporal", "clips", "requires"}
        theirs: dict[str, Any] = self.inner.info.model_dump(exclude=own)
        self.info = type(self).info.model_copy(update=theirs)  # type: ignore[misc]  # as its method's
        self._lightness: np.ndarray | None = None
        self._chroma: Chroma | None = None

    def missing(self) -> str:
        """Return why its method cannot run here, or ``""``."""
        return self._spec.missing()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that its method reads, and its method's code, which no import names."""
        cls = type(self.inner)
        code = code_of(cls.__module__, Path(inspect.getfile(cls)))
        return (*self.inner.files, *code.files.values())

    @property
    def missing_weights(self) -> tuple[str, ...]:
        """The pretrained weights that its method lacks."""
        return self.inner.missing_weights

    def fit(self, train: PhotoSet, validation: PhotoSet, context: Context) -> None:
        """Fit its method."""
        self.inner.fit(train, validation, context)

    def start(self) -> None:
        """Forget the frames before."""
        self.inner.start()
        self._lightness = self._chroma = None

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Colorize the next frames of the clip, float32 (N, H, W, 2)."""
        chroma = self.inner.colorize(lightness, context).copy()
        for now, plane in enumerate(lightness):
            if self._lightness is not None and self._chroma is not None:
                to_before, _, seen = there_and_back(plane, self._lightness)
                if seen.mean() >= CUT:
                    share = self.parameters.share
                    chroma[now] = average_along(chroma[now], self._chroma, to_before, seen, share)
            self._lightness, self._chroma = plane.copy(), chroma[now].copy()
        return chroma

    def save(self, folder: Path) -> None:
        """Write what its method learned."""
        self.inner.save(folder)

    def load(self, folder: Path) -> None:
        """Load what its method learned."""
        self.inner.load(folder)

    def trained_on(self, sha256: str) -> bool:
        """Return whether its method's weights were trained on a photo."""
        return self.inner.trained_on(sha256)

    @property
    def network_size(self) -> int | None:
        """Its method's; see `Method.network_size`."""
        return self.inner.network_size

    @network_size.setter
    def network_size(self, size: int) -> None:
        self.inner.network_size = size

    @property
    def parameter_count(self) -> int | None:
        """Its method's."""
        return self.inner.parameter_count

    @property
    def train_photos(self) -> int | None:
        """Its method's."""
        return self.inner.train_photos

    @property
    def notes(self) -> dict[str, str]:
        """Its method's."""
        return self.inner.notes


def _only(text: str) -> MethodSpec:
    specs = parse_specs(text)
    if len(specs) != 1 or specs[0].name in ("smoothed", "propagated"):
        raise UserError(f"smoothed[method={text}]: name one method that colorizes photos")
    return specs[0]
