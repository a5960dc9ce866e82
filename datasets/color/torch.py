"""sRGB to CIE L*a*b* and back in torch, on the device the network runs on."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

# sRGB primaries and the D65 white of IEC 61966-2-1, 2° observer; rows are X, Y, Z over the white.
_RGB_TO_XYZ = (
    (0.412453 / 0.95047, 0.357580 / 0.95047, 0.180423 / 0.95047),
    (0.212671, 0.715160, 0.072169),
    (0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883),
)
_LINEAR_BELOW = (6 / 29) ** 3


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
    x, y, z = torch.where(
        xyz > _LINEAR_BELOW, xyz.clamp_min(_LINEAR_BELOW) ** (1 / 3), xyz * (841 / 108) + 4 / 29
    ).unbind(-1)
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
    xyz = torch.where(f > 6 / 29, f**3, (f - 4 / 29) * (108 / 841))
    linear = torch.einsum("rc,nchw->nrhw", _xyz_to_rgb(xyz.device, xyz.dtype), xyz).clamp(0, 1)
    return torch.where(
        linear > 0.0031308, 1.055 * linear.clamp_min(0.0031308) ** (1 / 2.4) - 0.055, 12.92 * linear
    )


# What follows is made once a device: a copy to a GPU waits for all its work. It is made outside inference
# mode, whose tensors training could not use later.
@cache
@torch.inference_mode(mode=False)
def _rgb_to_xyz(device: torch.device) -> Tensor:
    return torch.tensor(_RGB_TO_XYZ, device=device)


@cache
@torch.inference_mode(mode=False)
def _xyz_to_rgb(device: torch.device, dtype: torch.dtype) -> Tensor:
    inverse: Tensor = torch.linalg.inv(torch.tensor(_RGB_TO_XYZ, dtype=torch.float64))
    return inverse.to(device, dtype)


@cache
@torch.inference_mode(mode=False)
def _linear_levels(device: torch.device) -> Tensor:
    """Return the linear light of each of the 256 levels: a table is exact and faster than powers."""
    level = torch.arange(256, dtype=torch.float64) / 255
    linear = torch.where(level > 0.04045, ((level + 0.055) / 1.055) ** 2.4, level / 12.92)
    return linear.to(device, torch.float32)
