"""CIEDE2000 of many pairs of colours."""

import math

import numpy as np
from numba import njit

from .options import CONTRACT, OPTIONS, Float32, Float64

DEGREE = math.pi / 180
COS_6, COS_30, COS_63 = math.cos(6 * DEGREE), math.cos(30 * DEGREE), math.cos(63 * DEGREE)
SIN_6, SIN_30, SIN_63 = math.sin(6 * DEGREE), math.sin(30 * DEGREE), math.sin(63 * DEGREE)
COS_155 = math.cos(155 * DEGREE)

BLOCK = 512  # CIEDE2000's six planes of a block, 24 KiB, fit the first-level cache


@njit(**OPTIONS)
def _g(chroma: float) -> float:
    """√(C⁷ / (C⁷ + 25⁷)), which CIEDE2000 uses twice."""
    square = chroma * chroma
    seventh = square * square * square * chroma
    return math.sqrt(seventh / (seventh + 25.0**7))


@njit(**CONTRACT)
def _delta_e2000_unrotated(planes: Float64) -> None:
    """Turn a block of L₁, L₂, a₁, b₁, a₂, b₂ into ΔE² without rotation, mean hue, and the rotation's factor.

    The six planes of BLOCK are contiguous in one array: with constant offsets and no branch that stores, LLVM
    vectorizes the loop. Planes 0 to 3 are overwritten by ΔE²,
    cos h, sin h and R_C·(ΔC'/S_C)·(ΔH'/S_H).
    """
    for i in range(BLOCK):
        l1, l2 = planes[i], planes[BLOCK + i]
        a1, b1 = planes[2 * BLOCK + i], planes[3 * BLOCK + i]
        a2, b2 = planes[4 * BLOCK + i], planes[5 * BLOCK + i]
        chroma = (math.sqrt(a1 * a1 + b1 * b1) + math.sqrt(a2 * a2 + b2 * b2)) / 2  # (2), (3)
        stretch = 1.5 - 0.5 * _g(chroma)  # (4)
        a1, a2 = stretch * a1, stretch * a2  # (5)
        c1, c2 = math.sqrt(a1 * a1 + b1 * b1), math.sqrt(a2 * a2 + b2 * b2)  # (6)
        l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2  # (12), (13)
        l_offset = (l_mean - 50) * (l_mean - 50)
        term_l = (l2 - l1) / (1 + 0.015 * l_offset / math.sqrt(20 + l_offset))  # (8), (18)
        term_c = (c2 - c1) / (1 + 0.045 * c_mean)  # (9), (19)
        product, dot = c1 * c2, a1 * a2 + b1 * b2
        cross = a1 * (b2 - b1) - b1 * (a2 - a1)  # a₁b₂ − a₂b₁, but zero for equal colours
        x, y = a1 * c2 + a2 * c1, b1 * c2 + b2 * c1
        length = math.sqrt(x * x + y * y)
        # Opposite hues, up to rounding: h is 90° after the one below 180°. Greys take this branch too.
        opposite = length <= 1e-12 * product
        below = b1 if b1 != 0 else a1
        side = 1.0 if below > 0 else -1.0
        cross = side if opposite else cross
        x, y = (-side * b1 if opposite else x), (side * a1 if opposite else y)
        length = max(c1, 1e-300) if opposite else length
        c, s = x / length, y / length
        # (11): sin(Δh/2) = sin Δh / 2cos(Δh/2) up to 90°, √((1 − cos Δh)/2) beyond.
        acute = 2 * cross * math.sqrt(product) / length
        obtuse = math.sqrt(2 * abs(product - dot))
        obtuse = obtuse if cross > 0 else -obtuse
        delta_h = acute if dot > 0 else obtuse
        c_2, s_2 = 2 * c * c - 1, 2 * s * c
        c_3, s_3 = c * (2 * c_2 - 1), s * (2 * c_2 + 1)
        c_4, s_4 = 2 * c_2 * c_2 - 1, 2 * s_2 * c_2
        t = (
            1
            - 0.17 * (c * COS_30 + s * SIN_30)
            + 0.24 * c_2
            + 0.32 * (c_3 * COS_6 - s_3 * SIN_6)
            - 0.20 * (c_4 * COS_63 + s_4 * SIN_63)
        )  # (15)
        term_h = delta_h / (1 + 0.015 * c_mean * t)  # (20)
        planes[i] = term_l * term_l + term_c * term_c + term_h * term_h
        planes[BLOCK + i] = c
        planes[2 * BLOCK + i] = s
        planes[3 * BLOCK + i] = 2 * _g(c_mean) * term_c * term_h


@njit(**OPTIONS)
def mean_delta_e2000(lightness_1: Float32, ab_1: Float32, lightness_2: Float32, ab_2: Float32) -> float:
    """Mean CIEDE2000 difference of N pairs of colours: lightness (N,), ab (N, 2); kL = kC = kH = 1.

    The numbers are the equations of Sharma, Wu and Dalal (2005). The mean hue h and the half hue difference
    are computed as cosines and sines from the sum of the hues' unit vectors, which saves six trigonometric
    functions per pixel and needs no case for wrap-around. The rotation is for blue, h near 275°: at h ≤ 155°
    it is below 1e-9, so its costly functions can be skipped.
    """
    planes = np.zeros(6 * BLOCK)
    total = 0.0
    for start in range(0, len(lightness_1), BLOCK):
        size = min(BLOCK, len(lightness_1) - start)
        for i in range(size):
            planes[i] = lightness_1[start + i]
            planes[BLOCK + i] = lightness_2[start + i]
            planes[2 * BLOCK + i] = ab_1[start + i, 0]
            planes[3 * BLOCK + i] = ab_1[start + i, 1]
            planes[4 * BLOCK + i] = ab_2[start + i, 0]
            planes[5 * BLOCK + i] = ab_2[start + i, 1]
        _delta_e2000_unrotated(planes)
        for i in range(size):
            squared, c, s = planes[i], planes[BLOCK + i], planes[2 * BLOCK + i]
            if s < 0 or c < COS_155:
                from_blue = (math.atan2(s, c) / DEGREE) % 360 - 275
                rotation = 30 * math.exp(-((from_blue / 25) ** 2))  # (16)
                squared -= math.sin(2 * rotation * DEGREE) * planes[3 * BLOCK + i]  # (17), (21)
            total += math.sqrt(squared)  # (22)
    return total / len(lightness_1)
