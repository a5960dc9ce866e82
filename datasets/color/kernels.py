"""Numba kernels of `huebench.datasets.color.conversion`; imported on its first call.

All work on flat pixel lists: RGB uint8 (N, 3), planes float32 (N,), chroma float32 (N, 2). Pixels are
processed in blocks that fit the first-level cache. Inside a block the arithmetic reads and writes separate
contiguous planes, because LLVM vectorizes such loops, but not loops that store interleaved pairs. A pixel's
result depends on that pixel alone, so threads do not change a byte.
"""

# Numba ships no types.
# mypy: disable-error-code="untyped-decorator"

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange
from numpy.polynomial import Chebyshev, Polynomial

from . import constants

Float32 = npt.NDArray[np.float32]
UInt8 = npt.NDArray[np.uint8]

BLOCK = 2048  # three float32 planes of a block take 24 KiB

# `contract` allows fused multiply-add. Reassociation stays off: a result must not depend on the position in
# the vector. `nnan` and `ninf` stay off, so that tests for NaN work.
OPTIONS: dict[str, Any] = {
    "fastmath": {"contract", "nsz"},
    "error_model": "numpy",
    "cache": True,
    "nogil": True,
}

f32 = np.float32

# As all rows sum to 1, X = G + Xr·(R − G) + Xb·(B − G), and so on, and R = Y + Rx·(X − Y) + Rz·(Z − Y).
XR, YR, ZR = constants.RGB_TO_XYZ[:, 0].astype(f32)
XB, YB, ZB = constants.RGB_TO_XYZ[:, 2].astype(f32)
RX, GX, BX = constants.XYZ_TO_RGB[:, 0].astype(f32)
RZ, GZ, BZ = constants.XYZ_TO_RGB[:, 2].astype(f32)

KNEE = f32(constants.KNEE)
KNEE_ROOT = f32(constants.KNEE_ROOT)
SLOPE = f32(constants.SLOPE)
INVERSE_SLOPE = f32(constants.INVERSE_SLOPE)
OFFSET = f32(constants.OFFSET)

LINEAR: Float32 = constants.LINEAR

# sRGB encoding, 255·(1.055·v^(1/2.4) − 0.055) + 1/2, above the knee. With q = ∜v the power is q^(5/3), smooth
# where q is 0.23…1: a polynomial of degree 7 comes within 1.3e-4 of a level.
ENCODING_KNEE = f32(constants.ENCODING_KNEE)
ENCODING_SLOPE = f32(255 * constants.ENCODING_SLOPE)
ENCODING: Float32 = (
    Chebyshev.interpolate(
        lambda q: 255 * (1.055 * q ** (5 / 3) - 0.055) + 0.5, deg=7, domain=[constants.ENCODING_KNEE**0.25, 1]
    )
    .convert(kind=Polynomial)
    .coef.astype(f32)
)

# Rec. 601 luma, U = 0.492·(B − Y), V = 0.877·(R − Y) with the scale factors that give U, V = ±0.436, ±0.615.
LUMA_R, LUMA_G, LUMA_B = f32(0.299), f32(0.587), f32(0.114)
U_SCALE = f32(0.436 / (1 - 0.114))
V_SCALE = f32(0.615 / (1 - 0.299))

# Reinhard et al. 2001: RGB → LMS, log10, then the rotation diag(1/√3, 1/√6, 1/√2) · [1 1 1; 1 1 −2; 1 −1 0].
_RGB_TO_LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
RGB_TO_LMS: Float32 = _RGB_TO_LMS.astype(f32)
LMS_TO_RGB: Float32 = np.linalg.inv(_RGB_TO_LMS).astype(f32)
LMS_FLOOR = f32(1e-4)
LOG10_2, TWO_LOG10_E = f32(math.log10(2)), f32(2 * math.log10(math.e))
HALF_ROOT_BITS = int(f32(math.sqrt(0.5)).view(np.int32))
SQRT_3, SQRT_6, SQRT_2 = f32(math.sqrt(3)), f32(math.sqrt(6)), f32(math.sqrt(2))


@njit(**OPTIONS)
def _lab_f(t: np.float32) -> np.float32:
    """f(t) of CIE L*a*b* for t in 0…1, to about 2e-7 relative.

    Dividing the exponent by three gives ∛t within 4 %; each Halley step cubes the relative error.
    """
    bits = f32(np.float32(t).view(np.int32))
    root = np.int32(bits * f32(1 / 3) + f32(709921077)).view(np.float32)
    for _ in range(2):
        cube = root * root * root
        root = root * (cube + t + t) / (cube + cube + t)
    return root if t > KNEE else SLOPE * t + OFFSET


@njit(**OPTIONS)
def _rgb_to_lab_block(rgb: UInt8, lightness: Float32, ab: Float32) -> None:
    size = len(lightness)
    red, green, blue = np.empty(size, f32), np.empty(size, f32), np.empty(size, f32)
    for i in range(size):
        red[i] = LINEAR[rgb[i, 0]]
        green[i] = LINEAR[rgb[i, 1]]
        blue[i] = LINEAR[rgb[i, 2]]
    for i in range(size):
        g = green[i]
        rg, bg = red[i] - g, blue[i] - g
        fx = _lab_f(g + XR * rg + XB * bg)
        fy = _lab_f(g + YR * rg + YB * bg)
        fz = _lab_f(g + ZR * rg + ZB * bg)
        lightness[i] = f32(116) * (fy - OFFSET)
        red[i] = f32(500) * (fx - fy)
        blue[i] = f32(200) * (fy - fz)
    for i in range(size):
        ab[i, 0] = red[i]
        ab[i, 1] = blue[i]


@njit(**OPTIONS)
def rgb_to_lab(rgb: UInt8, lightness: Float32, ab: Float32) -> None:
    """RGB uint8 (N, 3) → L* (N,) and a*b* (N, 2), written in place."""
    for start in range(0, len(rgb), BLOCK):
        stop = start + BLOCK
        _rgb_to_lab_block(rgb[start:stop], lightness[start:stop], ab[start:stop])


@njit(parallel=True, **OPTIONS)
def rgb_to_lab_parallel(rgb: UInt8, lightness: Float32, ab: Float32) -> None:
    """Do the same over Numba's threads."""
    for block in prange((len(rgb) + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        stop = start + BLOCK
        _rgb_to_lab_block(rgb[start:stop], lightness[start:stop], ab[start:stop])


@njit(**OPTIONS)
def _lab_f_inverse(t: np.float32) -> np.float32:
    return t * t * t if t > KNEE_ROOT else INVERSE_SLOPE * (t - OFFSET)


@njit(**OPTIONS)
def _clip(value: np.float32) -> np.float32:
    """Clip to 0…1, and NaN, the result of an overflow, to 0."""
    positive = value if value > f32(0) else f32(0)  # noqa: FURB136  # max() may return NaN
    return positive if positive < f32(1) else f32(1)  # noqa: FURB136


@njit(**OPTIONS)
def _encode(linear: np.float32) -> np.float32:
    """Turn linear light 0…1 into a level 0…255 plus ½, so that truncation rounds it."""
    q = np.sqrt(np.sqrt(linear))
    level = ENCODING[7]
    for k in range(6, -1, -1):
        level = level * q + ENCODING[k]
    return level if linear > ENCODING_KNEE else ENCODING_SLOPE * linear + f32(0.5)


@njit(**OPTIONS)
def _lab_to_rgb_block(lightness: Float32, ab: Float32, rgb: UInt8) -> bool:
    size = len(lightness)
    red, green, blue = np.empty(size, f32), np.empty(size, f32), np.empty(size, f32)
    for i in range(size):
        red[i] = ab[i, 0]
        blue[i] = ab[i, 1]
    finite = True
    for i in range(size):
        total = lightness[i] + red[i] + blue[i]
        finite &= total - total == f32(0)  # false for NaN and infinity alone
        fy = (lightness[i] + f32(16)) * f32(1 / 116)
        y = _lab_f_inverse(fy)
        dx = _lab_f_inverse(fy + red[i] * f32(1 / 500)) - y
        dz = _lab_f_inverse(fy - blue[i] * f32(1 / 200)) - y
        red[i] = _encode(_clip(y + RX * dx + RZ * dz))
        green[i] = _encode(_clip(y + GX * dx + GZ * dz))
        blue[i] = _encode(_clip(y + BX * dx + BZ * dz))
    for i in range(size):
        rgb[i, 0] = np.uint8(red[i])
        rgb[i, 1] = np.uint8(green[i])
        rgb[i, 2] = np.uint8(blue[i])
    return finite


@njit(**OPTIONS)
def lab_to_rgb(lightness: Float32, ab: Float32, rgb: UInt8) -> bool:
    """L* (N,) and a*b* (N, 2) → RGB uint8 (N, 3), written in place; False if a value is not finite."""
    finite = True
    for start in range(0, len(rgb), BLOCK):
        stop = start + BLOCK
        finite &= _lab_to_rgb_block(lightness[start:stop], ab[start:stop], rgb[start:stop])
    return finite


@njit(parallel=True, **OPTIONS)
def lab_to_rgb_parallel(lightness: Float32, ab: Float32, rgb: UInt8) -> bool:
    """Do the same over Numba's threads."""
    finite_blocks = 0
    blocks = (len(rgb) + BLOCK - 1) // BLOCK
    for block in prange(blocks):
        start = block * BLOCK
        stop = start + BLOCK
        finite_blocks += int(_lab_to_rgb_block(lightness[start:stop], ab[start:stop], rgb[start:stop]))
    return finite_blocks == blocks


@njit(**OPTIONS)
def _level(value: np.float32) -> np.uint8:
    """Round a value of scale 0…1 to the nearest of 256 levels."""
    return np.uint8(_clip(value) * f32(255) + f32(0.5))


@njit(**OPTIONS)
def rgb_to_yuv(rgb: UInt8, luma: Float32, uv: Float32) -> None:
    """RGB uint8 (N, 3) → Y (N,) and UV (N, 2), written in place."""
    scale = f32(1 / 255)
    for i in range(len(rgb)):
        red, green, blue = f32(rgb[i, 0]), f32(rgb[i, 1]), f32(rgb[i, 2])
        # Y by differences from green, as above: grey has U = V = 0 exactly.
        y = green + LUMA_R * (red - green) + LUMA_B * (blue - green)
        luma[i] = scale * y
        uv[i, 0] = scale * U_SCALE * (blue - y)
        uv[i, 1] = scale * V_SCALE * (red - y)


@njit(**OPTIONS)
def yuv_to_rgb(luma: Float32, uv: Float32, rgb: UInt8) -> None:
    """Y (N,) and UV (N, 2) → RGB uint8 (N, 3), written in place."""
    for i in range(len(rgb)):
        blue = uv[i, 0] / U_SCALE
        red = uv[i, 1] / V_SCALE
        green = -(LUMA_R * red + LUMA_B * blue) / LUMA_G
        rgb[i, 0] = _level(luma[i] + red)
        rgb[i, 1] = _level(luma[i] + green)
        rgb[i, 2] = _level(luma[i] + blue)


@njit(**OPTIONS)
def _log10(value: np.float32) -> np.float32:
    """Decimal logarithm of a positive normal float32, to 4e-7, in operations that vectorise.

    With m the mantissa in √½…√2 and s = (m − 1) / (m + 1), ln m = 2·(s + s³/3 + s⁵/5 + …); s is below 0.172.
    """
    bits = np.float32(value).view(np.int32)
    exponent = (bits - np.int32(HALF_ROOT_BITS)) >> np.int32(23)
    mantissa = np.int32(bits - (exponent << np.int32(23))).view(np.float32)
    s = (mantissa - f32(1)) / (mantissa + f32(1))
    square = s * s
    series = f32(1 / 7) + square * f32(1 / 9)
    series = f32(1) + square * (f32(1 / 3) + square * (f32(1 / 5) + square * series))
    return f32(exponent) * LOG10_2 + s * series * TWO_LOG10_E


@njit(**OPTIONS)
def _rgb_to_lalphabeta_block(rgb: UInt8, lalphabeta: Float32) -> None:
    size = len(rgb)
    planes = np.empty((3, size), f32)
    first, second, third = planes[0], planes[1], planes[2]
    for i in range(size):
        first[i] = f32(rgb[i, 0]) * f32(1 / 255)
        second[i] = f32(rgb[i, 1]) * f32(1 / 255)
        third[i] = f32(rgb[i, 2]) * f32(1 / 255)
    for i in range(size):
        red, green, blue = first[i], second[i], third[i]
        long = RGB_TO_LMS[0, 0] * red + RGB_TO_LMS[0, 1] * green + RGB_TO_LMS[0, 2] * blue
        medium = RGB_TO_LMS[1, 0] * red + RGB_TO_LMS[1, 1] * green + RGB_TO_LMS[1, 2] * blue
        short = RGB_TO_LMS[2, 0] * red + RGB_TO_LMS[2, 1] * green + RGB_TO_LMS[2, 2] * blue
        long = _log10(max(LMS_FLOOR, long))
        medium = _log10(max(LMS_FLOOR, medium))
        short = _log10(max(LMS_FLOOR, short))
        first[i] = (long + medium + short) * f32(1 / SQRT_3)
        second[i] = (long + medium - f32(2) * short) * f32(1 / SQRT_6)
        third[i] = (long - medium) * f32(1 / SQRT_2)
    for i in range(size):
        lalphabeta[i, 0] = first[i]
        lalphabeta[i, 1] = second[i]
        lalphabeta[i, 2] = third[i]


@njit(**OPTIONS)
def rgb_to_lalphabeta(rgb: UInt8, lalphabeta: Float32) -> None:
    """RGB uint8 (N, 3) → lαβ float32 (N, 3), written in place."""
    for start in range(0, len(rgb), BLOCK):
        _rgb_to_lalphabeta_block(rgb[start : start + BLOCK], lalphabeta[start : start + BLOCK])


@njit(**OPTIONS)
def lalphabeta_to_rgb(lalphabeta: Float32, rgb: UInt8) -> None:
    """lαβ float32 (N, 3) → RGB uint8 (N, 3), written in place."""
    lms = np.empty(3, f32)
    for i in range(len(rgb)):
        common = lalphabeta[i, 0] / SQRT_3
        alpha, beta = lalphabeta[i, 1] / SQRT_6, lalphabeta[i, 2] / SQRT_2
        lms[0] = f32(10) ** (common + alpha + beta)
        lms[1] = f32(10) ** (common + alpha - beta)
        lms[2] = f32(10) ** (common - f32(2) * alpha)
        for c in range(3):
            value = f32(0)
            for k in range(3):
                value += LMS_TO_RGB[c, k] * lms[k]
            rgb[i, c] = _level(value)


@njit(**OPTIONS)
def any_beyond(values: Float32, threshold: float) -> bool:
    """Return whether a value is farther than `threshold` from zero; stops at the first."""
    for value in values:  # noqa: SIM110  # Numba compiles no any()
        if abs(value) > threshold:
            return True
    return False
