"""Enlarging and shrinking of float planes by torch, as published codes do it: without antialiasing."""

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional


def stretch(
    planes: NDArray[np.float32], shape: tuple[int, int], mode: Literal["nearest", "bilinear", "bicubic"]
) -> NDArray[np.float32]:
    """Resize planes (C, H, W) to a height and width, whatever the aspect ratio.

    Pixel centres are aligned (align_corners off), as in OpenCV: ``bilinear`` and ``bicubic`` equal its
    INTER_LINEAR and INTER_CUBIC on floats.
    """
    corners = {} if mode == "nearest" else {"align_corners": False}
    batch = torch.from_numpy(np.ascontiguousarray(planes))[None]
    resized: NDArray[np.float32] = functional.interpolate(batch, shape, mode=mode, **corners)[0].numpy()
    return resized
