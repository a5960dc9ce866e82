"""Encoders of lightness from timm's classification networks."""

from difflib import get_close_matches
from typing import Any

import timm
from timm.models import PretrainedCfg
from torch import Tensor, nn

from ... import UserError


class Backbone(nn.Module):
    """The first stages of a timm model, with one input channel.

    Stages are counted as timm does: stage i halves the side i + 1 times, and has ``channels[i]`` channels.
    Lightness is scaled as the model's pretrained weights expect, averaged over their three channels.

    Parameters
    ----------
    name
        timm's name of the architecture; an unknown one raises `UserError`.
    stages
        The stages whose features are returned.
    drop_path
        Share of the photos for which training skips the deepest residual block (Huang et al. 2016).
    """

    def __init__(self, name: str, stages: tuple[int, ...], drop_path: float = 0.0) -> None:
        super().__init__()
        if not timm.is_model(name):
            near = (
                " or ".join(get_close_matches(name, timm.list_models(), cutoff=0.5)) or "timm.list_models()"
            )
            raise UserError(f"timm has no backbone '{name}'; did you mean {near}?")
        features: Any = timm.create_model(
            name,
            features_only=True,
            in_chans=1,
            out_indices=stages,
            drop_path_rate=drop_path or None,  # `None` does not reach models that know no such thing
        )
        self.features: nn.Module = features
        self.channels: list[int] = features.feature_info.channels()
        config: Any = timm.get_pretrained_cfg(name) or PretrainedCfg()
        self.mean, self.deviation = (round(sum(each) / 3, 3) for each in (config.mean, config.std))

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Return the stages' features of L* (N, 1, H, W)."""
        features: list[Tensor] = self.features((lightness / 100 - self.mean) / self.deviation)
        return features
