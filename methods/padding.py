"""Padding for networks that need sides of a certain multiple."""

from __future__ import annotations

import numpy as np

from .base import Lightness


def padded(lightness: Lightness, multiple: int) -> Lightness:
    """Return photos with their edges repeated at the bottom and right, to sides of a multiple.

    Cut the network's answer to the photos' own size: ``answer[:, :height, :width]``.

    Parameters
    ----------
    lightness
        CIE L*, float32, shape (N, H, W).
    multiple
        The number that both sides must be a multiple of.

    Examples
    --------
    >>> padded(np.zeros((1, 17, 32), np.float32), 16).shape
    (1, 32, 32)
    """
    _, height, width = lightness.shape
    return np.pad(lightness, ((0, 0), (0, -height % multiple), (0, -width % multiple)), mode="edge")
