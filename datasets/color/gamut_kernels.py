"""Numba kernels of `huebench.datasets.color.gamut`; imported on its first call."""

# Numba ships no types.
# mypy: disable-error-code="untyped-decorator"

import numpy as np
from numba import njit, prange

from .kernels import BX, BZ, GX, GZ, OPTIONS, RX, RZ, Float32, _lab_f_inverse, f32

STEPS = 12  # halvings: the chroma comes within 1/4096 of the largest that fits
SLACK = f32(1e-5)  # in linear light: a two-hundredth of a level of 16 bits at white, rounding of float32


@njit(**OPTIONS)
def _fits(fy: np.float32, y: np.float32, a: np.float32, b: np.float32) -> bool:
    """Return whether a colour lies in sRGB."""
    dx = _lab_f_inverse(fy + a * f32(1 / 500)) - y
    dz = _lab_f_inverse(fy - b * f32(1 / 200)) - y
    red, green, blue = y + RX * dx + RZ * dz, y + GX * dx + GZ * dz, y + BX * dx + BZ * dz
    lowest, highest = min(red, green, blue), max(red, green, blue)
    return bool(lowest >= -SLACK and highest <= f32(1) + SLACK)


@njit(parallel=True, **OPTIONS)
def fit_gamut(lightness: Float32, ab: Float32) -> None:
    """Scale a*b* (N, 2) in place so that every colour with L* (N,) lies in sRGB."""
    for i in prange(len(lightness)):
        fy = (lightness[i] + f32(16)) * f32(1 / 116)
        y = _lab_f_inverse(fy)
        a, b = ab[i, 0], ab[i, 1]
        if _fits(fy, y, a, b):
            continue
        fitting, step = f32(0), f32(0.5)
        for _ in range(STEPS):
            if _fits(fy, y, (fitting + step) * a, (fitting + step) * b):
                fitting += step
            step *= f32(0.5)
        ab[i, 0], ab[i, 1] = fitting * a, fitting * b
