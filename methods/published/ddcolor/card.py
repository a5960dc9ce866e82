"""DDColor, with the authors' weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from ....datasets.color.conversion import encoded_grey
from ...base import Hints, MethodInfo, register
from ...contract import Contract, Input, Output
from ...pretrained.checkpoint import Checkpoint, Source
from ...pretrained.method import Planes, Run, SquareMethod

if TYPE_CHECKING:
    from torch import nn

HUB = "https://huggingface.co/piddnad/"
LICENCE = "Apache-2.0, for code and weights"
PAGE = "https://github.com/piddnad/DDColor"
PAPER = "Kang et al. 2023, DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders"


class DDColorMethod(SquareMethod):
    """The way in and out of DDColor.

    The grey photo of the lightness, in floats, is stretched to a square bilinearly and without antialiasing.
    The predicted a*b* is enlarged to the photo with nearest neighbours, as published.
    """

    step = 32

    class Parameters(SquareMethod.Parameters):
        """The weights and the size."""

        size: int = Field(512, ge=32, multiple_of=32, description="side in pixels of the network's input")

    parameters: Parameters

    @property
    def contract(self) -> Contract:
        """The same as a contract."""
        return Contract(
            input=Input(name="photo", channels="RGB", range="0..1", size=self.side, resize="bilinear"),
            output=Output(name="ab", resize="nearest"),
        )

    def colorize_photo(self, lightness: Planes, run: Run, side: int, hints: Hints | None = None) -> Planes:
        """Return the photo's chroma."""
        from ...pretrained.resampling import stretch  # imports torch

        small = stretch(encoded_grey(lightness)[None], (side, side), "bilinear")
        ab = run(np.repeat(small[None], 3, axis=1))[0]
        return stretch(ab, lightness.shape, "nearest").transpose(1, 2, 0)


def _checkpoint(name: str, method: str, *sources: Source) -> Checkpoint:
    return Checkpoint(name, f"{name.replace('-', '_')}.pth", method, sources, LICENCE, PAGE)


@register
class DDColor(DDColorMethod):
    """DDColor: learned colour queries attend to a decoder of pixels, on a large ConvNeXt.

    Three sets of weights: ``paper``, trained on ImageNet, is the one of the paper's tables; ``modelscope``
    was trained on ImageNet without photos of a colorfulness below 15; ``artistic`` was trained on ImageNet
    and private photos, without the colorfulness loss.
    """

    info = MethodInfo(
        name="ddcolor",
        family="published",
        source=PAPER,
        seeded=False,
        all_threads=True,
        weights=("ddcolor-modelscope", "ddcolor-paper", "ddcolor-artistic"),
    )
    checkpoints = {  # noqa: RUF012  # declared as a class variable by the base class
        "modelscope": _checkpoint(
            "ddcolor-modelscope",
            "ddcolor",
            Source(
                f"{HUB}ddcolor_modelscope/resolve/060f67494e31883a4b13cb27f889f3154847ada4/pytorch_model.bin",
                "d81711971ec59200da26d5e8a1afae8dd3778d495ea8ad7a7dadc769f403f7e7",
                911_914_869,
            ),
            Source(
                f"{HUB}DDColor-models/resolve/main/ddcolor_modelscope.pth",
                "17c460d7e55b32a598370621d77173be59e03c24b0823f06821db23a50c263ce",
                911_950_059,
            ),
        ),
        "paper": _checkpoint(
            "ddcolor-paper",
            "ddcolor",
            Source(
                f"{HUB}ddcolor_paper/resolve/41d54a9fb98d9f3287eb26289931273181623196/pytorch_model.bin",
                "5c77db8292398a2ec1397003f0a90266c28e97b013515d5e9a32e73a4c54a67d",
            ),
            Source(
                f"{HUB}DDColor-models/resolve/main/ddcolor_paper.pth",
                "789781789db1bafc2165e1cf9658580f871cce64a81901ec49127877813f10b9",
            ),
        ),
        "artistic": _checkpoint(
            "ddcolor-artistic",
            "ddcolor",
            Source(
                f"{HUB}ddcolor_artistic/resolve/aa10f72fffc89a6658e37b48556050b4d9a26f63/pytorch_model.bin",
                "5a076e84efce59848394f572a105f7b78f7f6e917f615d1ee88537241b96dca3",
                911_914_869,
            ),
            Source(
                f"{HUB}DDColor-models/resolve/main/ddcolor_artistic.pth",
                "a591ee5beedad36de703d8977e92d0c30c1eedc6453fd1b300f3b460842a23a9",
                911_950_059,
            ),
        ),
    }

    class Parameters(DDColorMethod.Parameters):
        """The weights and the size."""

        weights: str = Field(
            "modelscope", description="modelscope, paper or artistic; or a file or folder of such weights"
        )

    def build_network(self) -> nn.Module:
        """Return the network on ConvNeXt-L."""
        from .network import DDColor as Network  # imports torch

        return Network(depths=(3, 3, 27, 3), widths=(192, 384, 768, 1536))


@register
class DDColorTiny(DDColorMethod):
    """DDColor tiny: learned colour queries attend to a decoder of pixels, on a small ConvNeXt."""

    info = MethodInfo(
        name="ddcolor-tiny",
        family="published",
        source=PAPER,
        seeded=False,
        all_threads=True,
        weights=("ddcolor-tiny",),
    )
    checkpoints = {  # noqa: RUF012  # declared as a class variable by the base class
        "auto": Checkpoint(
            name="ddcolor-tiny",
            file="ddcolor_paper_tiny.pth",
            method="ddcolor-tiny",
            sources=(
                Source(
                    f"{HUB}ddcolor_paper_tiny/resolve/cf9fd99c1d7472689ec7413441c1b799a51866a3/pytorch_model.bin",
                    "8a1277bc90a1bfbb6d2d83933a9a6bc821931879ca93e26e4fcec12165d41fce",
                    220_372_845,
                ),
                Source(
                    f"{HUB}DDColor-models/resolve/main/ddcolor_paper_tiny.pth",
                    "81dd643904f4664c3718513e3320ae3db0c567f0d3e18398606659adee7bfc17",
                    220_393_145,
                ),
            ),
            licence=LICENCE,
            page=PAGE,
        )
    }

    def build_network(self) -> nn.Module:
        """Return the network on ConvNeXt-T."""
        from .network import DDColor as Network  # imports torch

        return Network(depths=(3, 3, 9, 3), widths=(96, 192, 384, 768))
