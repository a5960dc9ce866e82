"""Pictures carried along the motion between two frames: warping, occlusion, and averages over time.

A flow, float32 (H, W, 2), says where each pixel of one frame has gone in another, in pixels to the right and
down. The answers are the same for any number of threads.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Flow = NDArray[np.float32]


def warp(picture: NDArray[Any], flow: Flow) -> NDArray[np.float32]:
    """Bring another frame's picture back to the places that its pixels have in this frame.

    Parameters
    ----------
    picture : array (H, W, C) of uint8 or float32
        The other frame.
    flow : array (H, W, 2) of float32
        From this frame to the other.

    Returns
    -------
    array (H, W, C) of float32
        The other frame at the place to which each pixel of this one has gone, interpolated bilinearly; beyond
        the picture its edge is repeated.

    Raises
    ------
    ValueError
        If the shapes do not match.

    Examples
    --------
    >>> import numpy as np
    >>> moved = np.zeros((1, 3, 2), np.float32) + np.float32([1, 0])
    >>> warp(np.float32([[[1], [2], [3]]]), moved).ravel().tolist()
    [2.0, 3.0, 3.0]
    """
    from .flow_kernels import warp as loop  # Numba is slow to import

    _check(picture, flow)
    warped = np.empty(picture.shape, np.float32)
    loop(np.ascontiguousarray(picture), np.ascontiguousarray(flow, np.float32), warped)
    return warped


def visible(forward: Flow, backward: Flow) -> NDArray[np.bool_]:
    """Return which pixels of a frame are seen in the other one too.

    A pixel counts as hidden if it has left the picture, if the motion there and back does not return to it,
    |f + b|² > 0.01 (|f|² + |b|²) + 0.5, or if it lies where motions meet, |∇f|² > 0.01 |f|² + 0.002: the rule
    of Ruder, Dosovitskiy and Brox (2016), which Lai et al. (2018) use for the warp error. The gradient is the
    difference to the next pixel.

    Parameters
    ----------
    forward, backward : array (H, W, 2) of float32
        From this frame to the other, and back.

    Returns
    -------
    array (H, W) of bool

    Raises
    ------
    ValueError
        If the shapes do not match.
    """
    from .flow_kernels import visible as loop  # Numba is slow to import

    _check(backward, forward)
    seen = np.empty(forward.shape[:2], np.bool_)
    loop(np.ascontiguousarray(forward, np.float32), np.ascontiguousarray(backward, np.float32), seen)
    return seen


def average_along(
    current: NDArray[np.float32],
    before: NDArray[np.float32],
    flow: Flow,
    seen: NDArray[np.bool_],
    share: float,
) -> NDArray[np.float32]:
    """Average a frame with what came before, brought along the motion; hidden pixels keep their own value.

    Parameters
    ----------
    current, before : array (H, W, C) of float32
        This frame's values, and those of the frame before.
    flow : array (H, W, 2) of float32
        From this frame to the one before.
    seen : array (H, W) of bool
        Which pixels of this frame the one before shows too.
    share : float
        Weight of what came before, 0…1.

    Returns
    -------
    array (H, W, C) of float32

    Raises
    ------
    ValueError
        If the shapes do not match.
    """
    from .flow_kernels import average_along as loop  # Numba is slow to import

    _check(before, flow)
    if current.shape != before.shape or seen.shape != flow.shape[:2]:
        raise ValueError(f"frames of {current.shape} and {before.shape}, and a mask of {seen.shape}")
    averaged = np.empty(current.shape, np.float32)
    now, then, motion = (np.ascontiguousarray(each, np.float32) for each in (current, before, flow))
    loop(now, then, motion, np.ascontiguousarray(seen), np.float32(share), averaged)
    return averaged


def _check(picture: NDArray[Any], flow: Flow) -> None:
    if picture.ndim != 3 or flow.shape != (*picture.shape[:2], 2):
        raise ValueError(f"a flow of {flow.shape} does not match a picture of {picture.shape}")
