"""The motion between two frames, estimated from their lightness by OpenCV, of the extra ``video``."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .kernels.flow import Flow, visible

LEAST: Final = 16
"""Side in pixels below which no motion is estimated: the method compares patches of 8 pixels."""


def estimate(start: NDArray[np.float32], end: NDArray[np.float32]) -> Flow:
    """Return where each pixel of one frame has gone in another, by dense inverse search.

    Kroeger et al. 2016, arXiv:1603.03590; OpenCV's medium preset, on one thread.

    Parameters
    ----------
    start, end
        L* of the frames, float32 (H, W), 0…100.

    Returns
    -------
    numpy.ndarray
        float32 (H, W, 2), pixels to the right and down; zeros for frames with a side below `LEAST`.
    """
    if min(start.shape) < LEAST:
        return np.zeros((*start.shape, 2), np.float32)
    import cv2

    cv2.setNumThreads(1)
    one, other = (
        np.rint(np.clip(plane, 0, 100) * np.float32(2.55)).astype(np.uint8) for plane in (start, end)
    )
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found: Flow = search.calc(one, other, None)
    return found


def there_and_back(
    start: NDArray[np.float32], end: NDArray[np.float32]
) -> tuple[Flow, Flow, NDArray[np.bool_]]:
    """Return the motion from one frame to another, the motion back, and which pixels both frames show."""
    forward, backward = estimate(start, end), estimate(end, start)
    return forward, backward, visible(forward, backward)
