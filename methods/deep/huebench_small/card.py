"""`huebench-small`, with its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ...base import Chroma, Context, Lightness, Method, MethodInfo, register
from ...contract import Contract, Input, Output, Portable
from ...kernels.upsampling import upsample_chroma
from ...resize import resize_chroma, resize_plane
from .photos import is_among, read_digests

if TYPE_CHECKING:
    from .network import SmallNetwork

FOLDER = Path(__file__).parent

WEIGHTS = FOLDER / "weights.safetensors"

TRAINING_PHOTOS = FOLDER / "training_photos.npy"

PHOTOS = "landscapes, MIRFLICKR-25k and CC BY photos; see the card"


@register
class HuebenchSmall(Method):
    """A light network that ships with its weights and colorizes at once, without training.

    An EfficientNet-Lite0 and a decoder predict a*b* at a quarter of the input's side. They are brought to the
    photo's size along the edges of the photo's own lightness. ``README.md`` beside this file is its model
    card: data, licence, figures and known failures.
    """

    info = MethodInfo(
        name="huebench-small",
        family="deep",
        source="huebench, methods/deep/huebench_small/README.md",
        seeded=False,
        all_threads=True,
    )

    class Parameters(Method.Parameters):
        """The side of the network's input, and the step after the network."""

        size: int = Field(160, ge=32, multiple_of=32, description="side in pixels of the network's input")
        upsampling: Literal["edges", "bilinear"] = Field(
            "edges", description="upsampling of the chroma: along the edges of the lightness, or bilinear"
        )

    parameters: Parameters

    def __init__(self, /, **parameters: object) -> None:
        super().__init__(**parameters)
        self._network: SmallNetwork | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The shipped weights, and the digests of the photos they were trained on."""
        return (*super().files, WEIGHTS, TRAINING_PHOTOS)

    def trained_on(self, sha256: str) -> bool:
        """Return whether the shipped weights were trained on the photo with this SHA-256."""
        return is_among(sha256, read_digests(TRAINING_PHOTOS))

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Predict each photo's chroma, photo by photo.

        Raises
        ------
        UserError
            If the weights are missing or damaged.
        OutOfMemoryError
            If memory runs out; the message says what to lower.
        """
        from .prediction import predict  # imports torch

        size, network = self.parameters.size, self._loaded()
        chroma = np.empty((*lightness.shape, 2), np.float32)
        for photo, answer in zip(lightness, chroma, strict=True):
            small = predict(network, resize_plane(photo, (size, size)), context)
            answer[:] = self.enlarge(small, photo)
        return chroma

    def enlarge(self, chroma: Chroma, lightness: Lightness) -> Chroma:
        """Bring the network's chroma (h, w, 2) to the size of the photo's lightness (H, W)."""
        if self.parameters.upsampling == "bilinear":
            return resize_chroma(chroma, lightness.shape[:2])
        return upsample_chroma(chroma, lightness)

    def save(self, folder: Path) -> None:
        """Write nothing: the weights are shipped."""

    def load(self, folder: Path) -> None:
        """Read nothing: the weights are shipped."""

    def portable(self) -> Portable:
        """Return the network from L* to a*b* at a quarter of its side; raises `UserError` without weights."""
        chosen, network = self.parameters, self._loaded()
        contract = Contract(
            input=Input(name="lightness", size=chosen.size),
            output=Output(name="ab", resize="edges" if chosen.upsampling == "edges" else "triangle"),
        )
        return Portable(network, network, contract)

    @property
    def parameter_count(self) -> int:
        """Number of weights of the network."""
        return sum(weight.numel() for weight in self._loaded().parameters())

    @property
    def notes(self) -> dict[str, str]:
        """The photos behind the shipped weights."""
        return {"weights": f"shipped, trained on {len(read_digests(TRAINING_PHOTOS)):,} photos: {PHOTOS}"}

    def _loaded(self) -> SmallNetwork:
        if self._network is None:
            from .prediction import load_network  # imports torch

            self._network = load_network(WEIGHTS)
        return self._network
