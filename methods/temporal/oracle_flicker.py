"""The true chroma with a hue that trembles."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ..base import Chroma, Context, Lightness, Method, MethodInfo, register


@register
class OracleFlicker(Method):
    """The worst of colours that are right frame by frame: the truth, its hue turned at random in every frame.

    It anchors the metrics of clips. Its AuC stays high, and its flicker is large.
    """

    class Parameters(Method.Parameters):
        """The strength of the flicker."""

        degrees: float = Field(
            20, gt=0, le=180, description="standard deviation of the hue's turn in degrees"
        )

    parameters: Parameters
    info = MethodInfo(
        name="oracle-flicker",
        family="baseline",
        source="the anchor of the metrics of clips",
        oracle=True,
        clips=True,
    )

    def colorize(self, lightness: Lightness, context: Context) -> Chroma:
        """Return the true chroma, turned about the grey axis, float32 (N, H, W, 2)."""
        assert context.true_chroma is not None
        turns = [context.rng(plane).normal(0, np.radians(self.parameters.degrees)) for plane in lightness]
        cosine, sine = (each.astype(np.float32)[:, None, None] for each in (np.cos(turns), np.sin(turns)))
        a, b = context.true_chroma[..., 0], context.true_chroma[..., 1]
        return np.stack([cosine * a - sine * b, sine * a + cosine * b], axis=-1)
