"""DeOldify, with the author's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from .... import UserError
from ....datasets.color.conversion import neutral_photo, rgb_to_lab
from ...base import Hints, MethodInfo, register
from ...contract import Contract, Input, Output
from ...pretrained.checkpoint import Checkpoint, Source
from ...pretrained.method import Planes, PublishedMethod, Run

if TYPE_CHECKING:
    from torch import nn

DEEPAI = "https://data.deepai.org/deoldify/"
MIRROR = "https://huggingface.co/spensercai/DeOldify/resolve/main/"
PAPER = "Antic 2019, DeOldify, github.com/jantic/DeOldify"

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""Mean and standard deviation of ImageNet's photos, RGB, 0…1."""

LUMA = np.array([4899, 9617, 1868])
"""OpenCV's coefficients of Y, in units of 2⁻¹⁴, after ITU-R BT.601."""

Photo = NDArray[np.uint8]


class DeOldifyMethod(PublishedMethod):
    """The way in and out of DeOldify.

    The grey photo of the lightness is stretched to a square of side 16 times the render factor by PIL's
    bilinear filter on 8-bit RGB, and the predicted colour photo is stretched back likewise. It has a
    lightness of its own, which is dropped: its a*b* are merged with the photo's lightness, as the protocol
    merges everything. DeOldify itself merges in YUV: Y of its input, U and V of the predicted photo. With
    ``published_merge`` the a*b* are read from a photo that was merged so; the lightness remains the photo's
    own. There is no watermark.
    """

    class Parameters(PublishedMethod.Parameters):
        """The weights, the size and the merge."""

        render_factor: int = Field(
            35, ge=2, le=128, description="side in pixels of the network's input, divided by 16"
        )
        published_merge: bool = Field(
            False, description="read a*b* after DeOldify's own merge in YUV, which changes colours a little"
        )

    parameters: Parameters

    @property
    def side(self) -> int:
        """16 times the render factor."""
        return 16 * self.parameters.render_factor

    @property
    def contract(self) -> Contract:
        """The same as a contract; raises `UserError` with ``published_merge``."""
        if self.parameters.published_merge:
            raise UserError(f"{self.info.name}: no contract has published_merge: export it without")
        return Contract(
            input=Input(
                name="photo",
                channels="RGB",
                range="0..1",
                normalize="imagenet",
                size=self.side,
                resize="pillow-bilinear",
            ),
            output=Output(name="RGB", kind="RGB", normalize="imagenet", resize="pillow-bilinear"),
        )

    def smaller_sides(self) -> dict[int, str]:
        """Return the sides of smaller render factors."""
        return {16 * factor: f"render_factor={factor}" for factor in range(2, self.parameters.render_factor)}

    @property
    def notes(self) -> dict[str, str]:
        """The weights, and how the predicted photo was merged with the lightness."""
        merge = (
            "published, Y of the input in YUV"
            if self.parameters.published_merge
            else "protocol, L* of the photo"
        )
        return {**super().notes, "merge": merge} if self.path else {}

    def colorize_photo(self, lightness: Planes, run: Run, side: int, hints: Hints | None = None) -> Planes:
        """Return the photo's chroma."""
        photo = neutral_photo(lightness)
        grey = Image.fromarray(photo).resize((side, side), Image.Resampling.BILINEAR)
        # PIL's conversion to luma and back, as published, leaves a grey photo as it is.
        shares = np.asarray(grey.convert("L").convert("RGB"), np.float32) / 255
        raw = run(((shares - MEAN) / DEVIATION).transpose(2, 0, 1)[None])[0].transpose(1, 2, 0)
        levels = (255 * (raw * DEVIATION + MEAN).clip(0, 1)).astype(np.uint8)
        height, width = lightness.shape
        colors = np.asarray(Image.fromarray(levels).resize((width, height), Image.Resampling.BILINEAR))
        merged = merge_in_yuv(photo, colors) if self.parameters.published_merge else colors
        return rgb_to_lab(merged)[1]


def merge_in_yuv(grey: Photo, colors: Photo) -> Photo:
    """Return a photo with the Y of one and the U and V of another, all RGB uint8 (H, W, 3).

    As OpenCV computes it on 8-bit photos: in integers, with coefficients of 14 bits.
    """
    luma = _rounded(grey.astype(np.int64) @ LUMA)
    own = _rounded(colors.astype(np.int64) @ LUMA)
    u = _rounded((colors[..., 2] - own) * 8061).clip(-128, 127)
    v = _rounded((colors[..., 0] - own) * 14369).clip(-128, 127)
    red = luma + _rounded(v * 18678)
    green = luma + _rounded(u * -6472 + v * -9519)
    blue = luma + _rounded(u * 33292)
    merged: Photo = np.stack((red, green, blue), axis=-1).clip(0, 255).astype(np.uint8)
    return merged


def _rounded(scaled: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return integers for values in units of 2⁻¹⁴."""
    return (scaled + 2**13) >> 14


def _checkpoint(name: str, *sources: Source) -> dict[str, Checkpoint]:
    return {
        "auto": Checkpoint(
            name=f"deoldify-{name}",
            file=f"Colorize{name.capitalize()}_gen.pth",
            method=f"deoldify-{name}",
            sources=sources,
            licence="MIT, for code and weights",
            page="https://github.com/jantic/DeOldify",
        )
    }


@register
class DeOldifyArtistic(DeOldifyMethod):
    """DeOldify artistic: a GAN's U-Net on a ResNet-34, for vivid colours in photos."""

    info = MethodInfo(
        name="deoldify-artistic",
        family="published",
        source=PAPER,
        seeded=False,
        all_threads=True,
        weights=("deoldify-artistic",),
    )
    checkpoints = _checkpoint(
        "artistic",
        Source(
            f"{DEEPAI}ColorizeArtistic_gen.pth",
            "3f750246fa220529323b85a8905f9b49c0e5d427099185334d048fb5b5e22477",
            255_144_681,
        ),
        Source(
            f"{MIRROR}ColorizeArtistic_gen.pth",
            "3f750246fa220529323b85a8905f9b49c0e5d427099185334d048fb5b5e22477",
            255_144_681,
        ),
    )

    def build_network(self) -> nn.Module:
        """Return the network on ResNet-34."""
        from .network import DeOldify  # imports torch

        return DeOldify("resnet34", deep=True)


class DeOldifyWide(DeOldifyMethod):
    """The network of the stable and the video weights."""

    def build_network(self) -> nn.Module:
        """Return the network on ResNet-101."""
        from .network import DeOldify  # imports torch

        return DeOldify("resnet101", deep=False)


@register
class DeOldifyStable(DeOldifyWide):
    """DeOldify stable: a GAN's U-Net on a ResNet-101, for photos with few glitches."""

    info = MethodInfo(
        name="deoldify-stable",
        family="published",
        source=PAPER,
        seeded=False,
        all_threads=True,
        weights=("deoldify-stable",),
    )
    checkpoints = _checkpoint(
        "stable",
        Source(
            "https://www.dropbox.com/s/axsd2g85uyixaho/ColorizeStable_gen.pth?dl=1",
            "ca9cd7f43fb8b222c9a70f7b292e305a000694b0ff9d2ae4a6747b1a2e1ee5af",
            874_066_230,
        ),
        Source(
            f"{MIRROR}ColorizeStable_gen.pth",
            "ca9cd7f43fb8b222c9a70f7b292e305a000694b0ff9d2ae4a6747b1a2e1ee5af",
            874_066_230,
        ),
    )


@register
class DeOldifyVideo(DeOldifyWide):
    """DeOldify video: the network of DeOldify stable, with weights for films; frames are colorized alone."""

    info = MethodInfo(
        name="deoldify-video",
        family="published",
        source=PAPER,
        seeded=False,
        all_threads=True,
        weights=("deoldify-video",),
    )
    checkpoints = _checkpoint(
        "video",
        Source(
            f"{DEEPAI}ColorizeVideo_gen.pth",
            "e3d98bb6a222354c79f95485c2f078a89dc724e9183662506d9e0f5aafac83ad",
            874_066_230,
        ),
        Source(
            f"{MIRROR}ColorizeVideo_gen.pth",
            "e3d98bb6a222354c79f95485c2f078a89dc724e9183662506d9e0f5aafac83ad",
            874_066_230,
        ),
    )

    class Parameters(DeOldifyMethod.Parameters):
        """The weights, the size and the merge."""

        render_factor: int = Field(
            21, ge=2, le=128, description="side in pixels of the network's input, divided by 16"
        )

    parameters: Parameters
