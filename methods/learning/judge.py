"""Which network judges perceptual losses: VGG16 where its weights can be had, else MobileNetV2, else none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ... import UserError
from ...files import WEIGHTS_VARIABLE
from ..base import Context
from ..weights import local_weights

if TYPE_CHECKING:
    from .perceptual import PerceptualLoss

Judge = Literal["auto", "none", "vgg16_bn", "mobilenetv2_100"]
"""timm's name of the network; ``auto`` takes the first that has weights, and else none."""

JUDGES: tuple[Judge, ...] = ("vgg16_bn", "mobilenetv2_100")
"""What ``auto`` tries, best first."""


def judge_files(judge: Judge) -> tuple[Path, ...]:
    """Return the files of weights, lying in a folder here, that a judge may be loaded from."""
    return tuple(path for name in _candidates(judge) if (path := local_weights(name, "auto")) is not None)


def load_perceptual_loss(judge: Judge, context: Context) -> tuple[PerceptualLoss | None, str]:
    """Return a perceptual loss with pretrained weights and its network's name for the method's row.

    Weights are looked for where `find_weights` looks with ``auto``. Where there are none the loss is
    ``None`` and its name ``none``: the features of random weights measure nothing.

    Raises
    ------
    UserError
        If the judge was named and its weights are nowhere.
    """
    import torch

    from .perceptual import PerceptualLoss
    from .weights import find_weights, load_weights

    for name in _candidates(judge):
        path = find_weights(name, "auto", download=context.budget != "smoke")
        if path is not None:
            loss = PerceptualLoss(name)
            load_weights(loss.features, name, path)
            return loss.to(torch.device(context.device)), name
    if judge not in {"auto", "none"}:
        raise UserError(f"no weights of {judge} found: put {judge}.safetensors into ${WEIGHTS_VARIABLE}")
    return None, "none"


def _candidates(judge: Judge) -> tuple[Judge, ...]:
    if judge == "auto":
        return JUDGES
    return () if judge == "none" else (judge,)
