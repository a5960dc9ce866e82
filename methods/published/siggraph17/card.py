"""Real-time user-guided colorization, with the weights of its PyTorch release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base import MethodInfo, register
from ...pretrained.checkpoint import Checkpoint, Source
from ..eccv16.card import LICENCE, PAGE, RELEASE, ZhangRelease

if TYPE_CHECKING:
    from torch import nn


@register
class SIGGRAPH17(ZhangRelease):
    """SIGGRAPH17: a U-Net that follows a user's colour hints; without any it colours by itself."""

    info = MethodInfo(
        name="siggraph17",
        family="published",
        source="Zhang, Zhu et al. 2017, Real-Time User-Guided Image Colorization with Learned Deep Priors",
        hints=True,
        seeded=False,
        all_threads=True,
        weights=("siggraph17",),
    )
    checkpoints = {  # noqa: RUF012  # declared as a class variable by the base class
        "auto": Checkpoint(
            name="siggraph17",
            file="siggraph17-df00044c.pth",
            method="siggraph17",
            sources=(
                Source(
                    RELEASE + "siggraph17-df00044c.pth",
                    "df00044c0a4d7c3edcecf6f75437ce346a66e7a42612d9b968e1a7e17dbc6f66",
                    136_787_426,
                ),
            ),
            licence=LICENCE,
            page=PAGE,
        )
    }

    def build_network(self) -> nn.Module:
        """Return the network."""
        from .network import SIGGRAPH17Network  # imports torch

        return SIGGRAPH17Network()
