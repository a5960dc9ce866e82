"""Encoders of lightness from timm's classification networks."""

from difflib import get_close_matches
from typing import Any

import timm
from torch import Tensor, nn

from ... import UserError

GRAY_MEAN, GRAY_DEVIATION = 0.449, 0.226
"""Mean and standard deviation of ImageNet, averaged over the channels."""


class Backbone(nn.Module):
    """The first stages of a timm model, with one input channel.

    Stages are counted as timm does: stage i halves the side i + 1 times, and has ``channels[i]`` channels.
    Raises `UserError` if timm does not have the architecture.
    """

    def __init__(self, name: str, stages: tuple[int, ...]) -> None:
        super().__init__()
        if not timm.is_model(name):
            near = (
                " or ".join(get_close_matches(name, timm.list_models(), cutoff=0.5)) or "timm.list_models()"
            )
            raise UserError(f"timm has no backbone '{name}'; did you mean {near}?")
        features: Any = timm.create_model(name, features_only=True, in_chans=1, out_indices=stages)
        self.features: nn.Module = features
        self.channels: list[int] = features.feature_info.channels()

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Return the stages' features of L* (N, 1, H, W)."""
        features: list[Tensor] = self.features((lightness / 100 - GRAY_MEAN) / GRAY_DEVIATION)
        return features
