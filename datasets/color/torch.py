"""sRGB to CIE L*a*b* and back on tensors.

There are two implementations of the same formulas. `conversion` is the fast one for arrays, on the processor.
Training needs tensors on the network's device, channels first, and gradients. Both use `constants`, and their
L*, a* and b* agree within 2e-4.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from .constants import (
    ENCODING_KNEE,
    ENCODING_SLOPE,
    INVERSE_SLOPE,
    KNEE,
    KNEE_ROOT,
    LINEAR,
    OFFSET,
    RGB_TO_XYZ,
    SLOPE,
    XYZ_TO_RGB,
)


def rgb_to_lab(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Convert 8-bit sRGB to CIE L*a*b*, D65.

    Parameters
    ----------
    rgb
        uint8 (N, H, W, 3).

    Returns
    -------
    lightness
        L*, float32 (N, 1, H, W), 0…100.
    ab
        a*b*, float32 (N, 2, H, W).

    Examples
    --------
    >>> lightness, ab = rgb_to_lab(torch.full((1, 1, 1, 3), 255, dtype=torch.uint8))
    >>> round(lightness.item(), 3), ab.abs().max().item() < 0.01
    (100.0, True)
    """
    linear = _linear_levels(rgb.device)[rgb.int()]
    xyz = linear @ _rgb_to_xyz(rgb.device).T
    x, y, z = torch.where(xyz > KNEE, xyz.clamp_min(KNEE) ** (1 / 3), xyz * SLOPE + OFFSET).unbind(-1)
    return (116 * y - 16).unsqueeze(1), torch.stack((500 * (x - y), 200 * (y - z)), dim=1)


def lab_to_rgb(lightness: Tensor, ab: Tensor) -> Tensor:
    """Convert CIE L*a*b*, D65, to sRGB, with gradients; colours outside sRGB are clipped.

    Parameters
    ----------
    lightness
        L*, float (N, 1, H, W), 0…100.
    ab
        a*b*, float (N, 2, H, W).

    Returns
    -------
    torch.Tensor
        float (N, 3, H, W), 0…1.
    """
    y = (lightness + 16) / 116
    f = torch.cat((y + ab[:, :1] / 500, y, y - ab[:, 1:] / 200), dim=1)
    xyz = torch.where(f > KNEE_ROOT, f**3, (f - OFFSET) * INVERSE_SLOPE)
    linear = torch.einsum("rc,nchw->nrhw", _xyz_to_rgb(xyz.device, xyz.dtype), xyz).clamp(0, 1)
    return torch.where(
        linear > ENCODING_KNEE,
        1.055 * linear.clamp_min(ENCODING_KNEE) ** (1 / 2.4) - 0.055,
        ENCODING_SLOPE * linear,
    )


# Made once per device, because a copy to a GPU waits for all its work, and outside inference mode, whose
# tensors training could not use later.
@cache
@torch.inference_mode(mode=False)
def _rgb_to_xyz(device: torch.device) -> Tensor:
    return torch.tensor(RGB_TO_XYZ, dtype=torch.float32, device=device)


@cache
@torch.inference_mode(mode=False)
def _xyz_to_rgb(device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.tensor(XYZ_TO_RGB, dtype=dtype, device=device)


@cache
@torch.inference_mode(mode=False)
def _linear_levels(device: torch.device) -> Tensor:
    return torch.tensor(LINEAR, device=device)
