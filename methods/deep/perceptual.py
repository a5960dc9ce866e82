"""Which network judges perceptual losses: VGG16 where its weights can be had, else MobileNetV2, else none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base import Context

if TYPE_CHECKING:
    from .networks.perceptual import PerceptualLoss


def load_perceptual_loss(where: str, context: Context) -> tuple[PerceptualLoss | None, str]:
    """Return a perceptual loss with pretrained weights and its network's name for the method's row.

    Parameters
    ----------
    where
        ``auto``, ``none`` or a folder: see `find_weights`.
    context
        Its device, and whether its budget may ask the hub.

    Returns
    -------
    PerceptualLoss or None, str
        ``(None, "none")`` where there are no weights: random features measure nothing.
    """
    import torch

    from .networks.perceptual import FEATURES, PerceptualLoss
    from .networks.weights import find_weights, load_weights

    for name in FEATURES:
        path = find_weights(name, where, download=context.budget != "smoke")
        if path is not None:
            loss = PerceptualLoss(name)
            load_weights(loss.features, name, path)
            return loss.to(torch.device(context.device)), name
    return None, "none"
