"""Colorful image colorization, with the weights of its PyTorch release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from pydantic import Field

from ....datasets.color.conversion import neutral_photo, rgb_to_lab
from ...base import Hints, MethodInfo, register
from ...contract import Contract, Input, Output
from ...pretrained.checkpoint import Checkpoint, Source
from ...pretrained.method import Planes, Run, SquareMethod

if TYPE_CHECKING:
    from torch import nn

RELEASE = "https://colorizers.s3.us-east-2.amazonaws.com/"
PAGE = "https://github.com/richzhang/colorization"
LICENCE = "BSD-2-Clause, for the code; no separate statement for the weights"


class ZhangRelease(SquareMethod):
    """The way in and out that the release of ECCV16 and SIGGRAPH17 has.

    The photo is stretched to a square by PIL's bicubic filter on 8-bit RGB, here on the grey photo of the
    lightness; at the square's own size the lightness is taken as it is. The predicted a*b* is resized
    bilinearly to the photo, without antialiasing. Hints, which only SIGGRAPH17 takes, are given as a*b* and
    a mask of ones, as in its interactive tool.
    """

    step = 8

    class Parameters(SquareMethod.Parameters):
        """The weights and the size."""

        size: int = Field(256, ge=8, multiple_of=8, description="side in pixels of the network's input")

    parameters: Parameters

    @property
    def contract(self) -> Contract:
        """The same as a contract, without hints."""
        return Contract(
            input=Input(name="lightness", size=self.side, resize="pillow-bicubic"),
            output=Output(name="ab", resize="bilinear"),
        )

    def colorize_photo(self, lightness: Planes, run: Run, side: int, hints: Hints | None = None) -> Planes:
        """Return the photo's chroma."""
        from ...pretrained.resampling import stretch  # imports torch

        small = lightness
        if lightness.shape != (side, side):
            photo = Image.fromarray(neutral_photo(lightness)).resize((side, side), Image.Resampling.BICUBIC)
            small, _ = rgb_to_lab(np.asarray(photo))
        ab = run(small[None, None], *_as_planes(hints, side))[0]
        return stretch(ab, lightness.shape, "bilinear").transpose(1, 2, 0)


def _as_planes(hints: Hints | None, side: int) -> tuple[Planes, ...]:
    """Return a photo's hints as the network takes them: a*b* (1, 2, H, W) and mask (1, 1, H, W)."""
    if hints is None:
        return ()
    small = hints.resized(side, side)
    return small.ab.transpose(2, 0, 1)[None], small.mask[None, None].astype(np.float32)


@register
class ECCV16(ZhangRelease):
    """ECCV16: chroma as the mean of a predicted distribution over 313 bins, trained with rebalanced classes.

    The weights are those of the PyTorch release, which replaces the annealed mean of the paper by a learned
    map from the distribution to chroma.
    """

    info = MethodInfo(
        name="eccv16",
        family="published",
        source="Zhang, Isola and Efros 2016, Colorful Image Colorization",
        seeded=False,
        all_threads=True,
        weights=("eccv16",),
    )
    checkpoints = {  # noqa: RUF012  # declared as a class variable by the base class
        "auto": Checkpoint(
            name="eccv16",
            file="colorization_release_v2-9b330a0b.pth",
            method="eccv16",
            sources=(
                Source(
                    RELEASE + "colorization_release_v2-9b330a0b.pth",
                    "9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
                    128_976_165,
                ),
            ),
            licence=LICENCE,
            page=PAGE,
        )
    }

    def build_network(self) -> nn.Module:
        """Return the network."""
        from .network import ECCV16Network  # imports torch

        return ECCV16Network()
