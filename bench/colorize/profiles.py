"""ICC profiles of curves and a matrix, applied without rounding.

LittleCMS interpolates between 33 points of such a profile, which moves dark greys by up to 2.7 L*. Profiles
of other kinds, with tables, are left to it. Source: ICC.1:2022, sections 8.3, 8.4 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ...datasets.color.constants import ENCODING_SLOPE, RGB_TO_XYZ
from .library import vips

if TYPE_CHECKING:
    import pyvips

LEVELS: Final = 2**16

TABLES: Final = {8: 2**14, 16: 2**16}
"""Number of entries of the tables from linear light to levels, by bits."""

D50: Final = np.array([0.9642, 1.0, 0.8249])
D65: Final = np.array([0.95047, 1.0, 1.088827])  # as in libvips

_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_ADAPTED: Final = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ D65) / (_BRADFORD @ D50)) @ _BRADFORD


@dataclass(frozen=True)
class CurveProfile:
    """A profile for grey or RGB that consists of curves and, for RGB, a matrix.

    Attributes
    ----------
    curves
        Linear light 0…1 by level of 16 bits, float64 (channels, 65536), not falling.
    matrix
        From linear light to CIE XYZ at D65, 0…1, float64 (3, channels).
    """

    curves: NDArray[np.float64]
    matrix: NDArray[np.float64]

    def to_lab(self, pixels: pyvips.Image) -> pyvips.Image:
        """Return pixels of 8 or 16 bits in CIE L*a*b*, D65."""
        step = 257 if pixels.format == "uchar" else 1
        table = vips().Image.new_from_array(np.float32(self.curves[:, ::step].T[None]))
        xyz = pixels.maplut(table).recomb((100 * self.matrix).tolist())
        return xyz.copy(interpretation="xyz").colourspace("lab")

    def lightness(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Return L*, float32 (rows, W), of pixels of 8 or 16 bits, (rows, W, C); alpha is passed over."""
        from .kernels import lightness_of_levels  # Numba is slow to import

        answer = np.empty(pixels.shape[:2], np.float32)
        tables = self._lightness_tables[8 * pixels.dtype.itemsize]
        lightness_of_levels(pixels.reshape(-1, pixels.shape[2]), tables, answer.reshape(-1))
        return answer

    def levels(self, lightness: NDArray[np.float32], chroma: NDArray[np.float32], bits: int) -> NDArray[Any]:
        """Return L* (rows, W) and a*b* (rows, W, 2), float32, as RGB of 8 or 16 bits, (rows, W, 3).

        Lightness and hue are kept: chroma is reduced where the profile cannot show it.
        """
        from .kernels import levels_of_lab  # Numba is slow to import

        rays, tables = self.encoding
        answer = np.empty((*lightness.shape, 3), tables[bits].dtype)
        a, b = chroma[..., 0].ravel(), chroma[..., 1].ravel()
        levels_of_lab(lightness.ravel(), a.copy(), b.copy(), rays, tables[bits], answer.reshape(-1, 3))
        return answer

    @cached_property
    def _lightness_tables(self) -> dict[int, NDArray[np.float32]]:
        """What `lightness_of_levels` takes, by bits: each level's L*, or its share of white's luminance."""
        from .kernels import lightness_of_luminance

        shares = self.matrix[1] / self.matrix[1].sum()
        deep = (shares[:, None] * self.curves).astype(np.float32)
        if len(deep) == 1:
            lightness_of_luminance(deep[0])
        return {8: np.ascontiguousarray(deep[:, ::257]), 16: deep}

    @cached_property
    def encoding(self) -> tuple[NDArray[np.float32], dict[int, NDArray[Any]]]:
        """``rays`` and, by bits, ``tables`` of `kernels.colorize_rows`."""
        over_white = self.matrix / D65[:, None]
        rays = np.linalg.inv(over_white / over_white.sum(axis=1, keepdims=True))[:, [0, 2]]
        tables = {}
        for bits, size in TABLES.items():
            light, levels = np.linspace(0, 1, size) ** 2, np.linspace(0, 2**bits - 1, LEVELS)
            exact = np.stack([np.interp(light, curve, levels) for curve in self.curves])
            tables[bits] = np.rint(exact).astype(np.uint8 if bits == 8 else np.uint16)
        return rays.astype(np.float32), tables


@cache
def srgb() -> CurveProfile:
    """Return sRGB (IEC 61966-2-1)."""
    levels = np.linspace(0, 1, LEVELS)
    curve = np.where(levels <= 0.04045, levels / ENCODING_SLOPE, ((levels + 0.055) / 1.055) ** 2.4)
    return CurveProfile(np.tile(curve, (3, 1)), D65[:, None] * RGB_TO_XYZ)


@cache
def srgb_grey() -> CurveProfile:
    """Return grey with the curve of sRGB."""
    return CurveProfile(srgb().curves[:1], D65[:, None])


@lru_cache(maxsize=8)
def curve_profile(profile: bytes) -> CurveProfile | None:
    """Return a profile of curves and a matrix, or ``None`` if it is of another kind or broken."""
    try:
        space, connection = profile[16:20], profile[20:24]
        tags = _tags(profile)
        if connection != b"XYZ " or b"A2B0" in tags:
            return None
        if space == b"GRAY":
            return CurveProfile(_curve(tags[b"kTRC"])[None], D65[:, None])
        if space == b"RGB ":
            curves = np.stack([_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")])
            columns = [_numbers(tags[name][8:20]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
            matrix = _ADAPTED @ np.stack(columns, axis=1)
            return CurveProfile(curves, matrix) if np.linalg.cond(matrix) < 1e3 else None
    except (KeyError, ValueError, IndexError, np.linalg.LinAlgError):
        pass  # broken
    return None


def _tags(profile: bytes) -> dict[bytes, bytes]:
    found = {}
    for i in range(min(int.from_bytes(profile[128:132]), 100)):
        entry = profile[132 + 12 * i : 144 + 12 * i]
        start, size = int.from_bytes(entry[4:8]), int.from_bytes(entry[8:12])
        found[entry[:4]] = profile[start : start + size]
    return found


def _numbers(content: bytes) -> NDArray[np.float64]:
    """Return numbers of 16.16 bits."""
    return np.frombuffer(content, ">i4").astype(float) / 65536


def _curve(tag: bytes) -> NDArray[np.float64]:
    """Return linear light by level of 16 bits, float64 (65536,); raises ValueError if it is broken."""
    x = np.linspace(0, 1, LEVELS)
    if tag[:4] == b"para":
        y = _parametric(
            x, int.from_bytes(tag[8:10]), _numbers(tag[12 : 12 + 4 * 7][: (len(tag) - 12) // 4 * 4])
        )
    elif tag[:4] == b"curv":
        count = int.from_bytes(tag[8:12])
        values = np.frombuffer(tag[12 : 12 + 2 * count], ">u2").astype(float)
        if len(values) != count:
            raise ValueError("the curve is cut short")
        if count == 0:
            y = x
        elif count == 1:
            y = x ** (values[0] / 256)
        else:
            y = np.interp(x, np.linspace(0, 1, count), values / 65535)
    else:
        raise ValueError("an unknown kind of curve")
    if not np.isfinite(y).all() or y[-1] <= y[0]:
        raise ValueError("the curve does not rise")
    return np.maximum.accumulate(np.clip(y, 0, 1))


def _parametric(x: NDArray[np.float64], kind: int, given: NDArray[np.float64]) -> Any:
    """Return a parametric curve: a power above a knee, and a line below it."""
    g, a, b, c, d, e, f = (*given, *np.zeros(7 - len(given)))[:7]
    match kind:
        case 0:
            return x**g
        case 1 | 2:
            offset = c if kind == 2 else 0.0
            return np.where(x >= -b / a, np.maximum(a * x + b, 0) ** g, 0) + offset
        case 3 | 4:
            return np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)
        case _:
            raise ValueError(f"no parametric curve of type {kind}")
