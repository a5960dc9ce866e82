"""Numba kernels of `huebench.datasets.color.gamut`; imported on its first call.

A space of RGB is given by its rays, float32 (3, 2): with X = Y = Z = 1 at white, each channel's linear light
is Y + ray[0]·(X − Y) + ray[1]·(Z − Y).
"""

# Numba ships no types.
# mypy: disable-error-code="untyped-decorator"

import numpy as np
from numba import njit

from .kernels import BLOCK, BX, BZ, GX, GZ, OPTIONS, RX, RZ, Float32, _lab_f_inverse, f32

STEPS = 12  # halvings: the chroma comes within 1/4096 of the largest that fits
SLACK = f32(1e-5)  # in linear light: a two-hundredth of a level of 16 bits at white, rounding of float32

SRGB: Float32 = np.array([[RX, RZ], [GX, GZ], [BX, BZ]], f32)


@njit(**OPTIONS)
def _linear(lightness: Float32, a: Float32, b: Float32, rays: Float32, linear: Float32) -> None:
    """Fill linear (3, N) with linear light, as it is: below 0 and above 1 for colours that do not fit."""
    rx, gx, bx, rz, gz, bz = rays[0, 0], rays[1, 0], rays[2, 0], rays[0, 1], rays[1, 1], rays[2, 1]
    red, green, blue = linear[0], linear[1], linear[2]
    for i in range(len(lightness)):
        fy = (lightness[i] + f32(16)) * f32(1 / 116)
        y = _lab_f_inverse(fy)
        dx = _lab_f_inverse(fy + a[i] * f32(1 / 500)) - y
        dz = _lab_f_inverse(fy - b[i] * f32(1 / 200)) - y
        red[i] = y + rx * dx + rz * dz
        green[i] = y + gx * dx + gz * dz
        blue[i] = y + bx * dx + bz * dz


@njit(**OPTIONS)
def _fits(linear: Float32, fitting: Float32) -> bool:
    """Set fitting (N,) to 1 for colours inside the space, else to 0; return whether all are."""
    red, green, blue = linear[0], linear[1], linear[2]
    inside = True
    for i in range(len(fitting)):
        lowest, highest = min(red[i], green[i], blue[i]), max(red[i], green[i], blue[i])
        fits = (lowest >= -SLACK) & (highest <= f32(1) + SLACK)
        fitting[i] = f32(1) if fits else f32(0)
        inside &= fits
    return inside


@njit(**OPTIONS)
def fit_block(lightness: Float32, a: Float32, b: Float32, rays: Float32, linear: Float32) -> None:
    """Scale a* and b* (N,) in place so that every colour lies in a space, and fill linear (3, N).

    Those that do not fit are gathered first, so that the halvings run over contiguous planes.
    """
    fitting = np.empty(len(lightness), f32)
    _linear(lightness, a, b, rays, linear)
    if _fits(linear, fitting):
        return
    places = np.flatnonzero(fitting == f32(0))
    count = len(places)
    light, first, second = lightness[places], a[places], b[places]
    share, tried_a, tried_b = np.zeros(count, f32), np.empty(count, f32), np.empty(count, f32)
    tried, fits = np.empty((3, count), f32), np.empty(count, f32)
    step = f32(0.5)
    for _ in range(STEPS):
        for i in range(count):
            tried_a[i] = (share[i] + step) * first[i]
            tried_b[i] = (share[i] + step) * second[i]
        _linear(light, tried_a, tried_b, rays, tried)
        _fits(tried, fits)
        for i in range(count):
            share[i] += step * fits[i]
        step *= f32(0.5)
    for i in range(count):
        tried_a[i] = share[i] * first[i]
        tried_b[i] = share[i] * second[i]
    _linear(light, tried_a, tried_b, rays, tried)
    for i in range(count):
        place = places[i]
        a[place], b[place] = tried_a[i], tried_b[i]
        for c in range(3):
            linear[c, place] = tried[c, i]


@njit(**OPTIONS)
def fit_gamut(lightness: Float32, ab: Float32) -> None:
    """Scale a*b* (N, 2) in place so that every colour with L* (N,) lies in sRGB."""
    linear = np.empty((3, BLOCK), f32)
    for start in range(0, len(lightness), BLOCK):
        part = ab[start : start + BLOCK]
        a, b = part[:, 0].copy(), part[:, 1].copy()
        fit_block(lightness[start : start + BLOCK], a, b, SRGB, linear)
        part[:, 0], part[:, 1] = a, b
