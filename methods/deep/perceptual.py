"""Which network judges perceptual losses: VGG16 where its weights can be had, else MobileNetV2, else none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ... import UserError
from ..base import Context

if TYPE_CHECKING:
    from .networks.perceptual import PerceptualLoss

Judge = Literal["auto", "none", "vgg16_bn", "mobilenetv2_100"]
"""timm's name of the network; ``auto`` takes the first that has weights, and else none."""


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

    from .networks.perceptual import FEATURES, PerceptualLoss
    from .networks.weights import FOLDER_VARIABLE, find_weights, load_weights

    for name in FEATURES if judge == "auto" else (judge,):
        path = None if judge == "none" else find_weights(name, "auto", download=context.budget != "smoke")
        if path is not None:
            loss = PerceptualLoss(name)
            load_weights(loss.features, name, path)
            return loss.to(torch.device(context.device)), name
    if judge not in {"auto", "none"}:
        raise UserError(f"no weights of {judge} found: put {judge}.safetensors into ${FOLDER_VARIABLE}")
    return None, "none"
