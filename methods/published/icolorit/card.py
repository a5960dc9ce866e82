"""iColoriT, with the authors' weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ....datasets.color.conversion import neutral_photo, rgb_to_lab
from ...base import Hints, MethodInfo, register
from ...contract import Contract, Input, Output
from ...pretrained.checkpoint import Checkpoint, Source
from ...pretrained.method import Planes, PublishedMethod, Run

if TYPE_CHECKING:
    from torch import nn

SIDE, PATCH, GRID = 224, 16, 14
CELLS = 112  #: Cells of 2×2 pixels along a side, each with a hint or without

SOURCE = (
    "Yun et al. 2023, iColoriT: Towards Propagating Local Hint to the Right Region in Interactive "
    "Colorization by Leveraging Vision Transformer"
)


class IColoriTMethod(PublishedMethod):
    """The way in and out of iColoriT.

    The way in is that of its evaluation: the photo, here the grey photo of the lightness, is stretched to
    224² by PIL's bilinear filter on 8-bit RGB; at 224² the lightness is taken as it is. The way out is that
    of its demo: a*b* is enlarged bicubically, as by OpenCV. The evaluation computes in half precision; this
    is float32. Hints are given as in its evaluation: a cell with any part of a hint in it has that hint's
    mean colour.
    """

    @property
    def side(self) -> int:
        """224, which positions and attention are made for."""
        return SIDE

    @property
    def contract(self) -> Contract:
        """The same as a contract, without hints."""
        return Contract(
            input=Input(name="lightness", size=SIDE, resize="pillow-bilinear"),
            output=Output(name="ab", resize="bicubic"),
        )

    def as_declared(self, network: nn.Module) -> nn.Module:
        """Return the network from L* to a*b*."""
        from .network import LightnessToChroma  # imports torch

        return LightnessToChroma(network)

    def colorize_photo(self, lightness: Planes, run: Run, side: int, hints: Hints | None = None) -> Planes:
        """Return the photo's chroma."""
        from ...pretrained.resampling import stretch  # imports torch

        small = lightness
        if lightness.shape != (side, side):
            photo = Image.fromarray(neutral_photo(lightness)).resize((side, side), Image.Resampling.BILINEAR)
            small, _ = rgb_to_lab(np.asarray(photo))
        lab = np.zeros((1, 3, side, side), np.float32)
        lab[0, 0] = (small - 50) / 100
        unknown = np.ones((CELLS, CELLS), bool)
        if hints is not None:
            cells = hints.resized(CELLS, CELLS)
            unknown = ~cells.mask
            lab[0, 1:] = cells.ab.repeat(side // CELLS, 0).repeat(side // CELLS, 1).transpose(2, 0, 1) / 110
        tokens = run(lab, unknown.reshape(1, -1))[0]
        patches = tokens.reshape(GRID, GRID, PATCH, PATCH, 2).transpose(4, 0, 2, 1, 3)
        return stretch(110 * patches.reshape(2, side, side), lightness.shape, "bicubic").transpose(1, 2, 0)


def _checkpoint(size: str, drive: str) -> dict[str, Checkpoint]:
    return {
        "auto": Checkpoint(
            name=f"icolorit-{size}",
            file=f"icolorit_{size}_4ch_patch16_224.pth",
            method=f"icolorit-{size}",
            sources=(
                Source(f"https://drive.usercontent.google.com/download?id={drive}&export=download&confirm=t"),
            ),
            licence="MIT for the code; no separate statement for the weights",
            page="https://github.com/pmh9960/iColoriT",
        )
    }


@register
class IColoriTTiny(IColoriTMethod):
    """iColoriT tiny: a vision transformer that spreads colour hints; without any it colours by itself."""

    info = MethodInfo(
        name="icolorit-tiny",
        family="published",
        source=SOURCE,
        hints=True,
        seeded=False,
        all_threads=True,
        weights=("icolorit-tiny",),
    )
    checkpoints = _checkpoint("tiny", "1GMmjfxAoM95cABwlZD8555WxI7nmIZrR")

    def build_network(self) -> nn.Module:
        """Return the network."""
        from .network import IColoriT  # imports torch

        return IColoriT(width=192, heads=3)


@register
class IColoriTBase(IColoriTMethod):
    """iColoriT base: a vision transformer that spreads colour hints; without any it colours by itself."""

    info = MethodInfo(
        name="icolorit-base",
        family="published",
        source=SOURCE,
        hints=True,
        seeded=False,
        all_threads=True,
        weights=("icolorit-base",),
    )
    checkpoints = _checkpoint("base", "16i9ulB4VRbFLbLlAa7UjIQR6J334BeKW")

    def build_network(self) -> nn.Module:
        """Return the network."""
        from .network import IColoriT  # imports torch

        return IColoriT(width=768, heads=12)
