"""Resizing of float images: one rule for all methods and for the protocol."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def resize_plane(plane: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Resize one float32 plane (H, W) to a shape (height, width) with a triangle filter.

    For smaller sizes the filter widens with the factor to avoid aliasing.
    """
    if plane.shape == shape:
        return plane.copy()
    height, width = shape
    resized = Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32)


def resize_chroma(chroma: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Resize one photo's chroma, float32 (H, W, 2), to a height and width; see `resize_plane`."""
    planes = [resize_plane(np.ascontiguousarray(chroma[..., i]), shape) for i in range(chroma.shape[-1])]
    return np.stack(planes, axis=-1)
