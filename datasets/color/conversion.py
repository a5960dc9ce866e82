"""Conversion of arrays between sRGB, CIE L*a*b* (D65), YUV and lαβ.

Photos are sRGB uint8 ``(..., 3)``; the other spaces are float32. Leading axes are free: one photo, a batch or
a list of colours. Grey is exactly neutral both ways: R = G = B gives zero chroma, and zero chroma gives
R = G = B. Results depend neither on the number of threads nor on the neighbours in the array.

===== ============================ ==================================== ==========================
space arrays                       range over sRGB                      source
===== ============================ ==================================== ==========================
sRGB  rgb uint8 (..., 3)           0…255                                IEC 61966-2-1:1999
Lab   lightness (...), ab (..., 2) 0…100; −86.2…98.3, −107.9…94.5       CIE 15:2004, D65
YUV   luma (...), uv (..., 2)      0…1; ±0.436, ±0.615                  ITU-R BT.601
lαβ   lalphabeta (..., 3)          −6.93…0; −0.97…0.87; −0.21…0.21      Reinhard et al. 2001
===== ============================ ==================================== ==========================
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

# Fewer pixels, such as one photo of 256², take a tenth of a millisecond: waking the threads does not pay.
PARALLEL_PIXELS = 2**18

# GNU OpenMP aborts a forked child that starts threads, so a child stays serial.
_IMPORTING_PROCESS = os.getpid()


def rgb_to_lab(rgb: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Convert sRGB to CIE L*a*b*, D65.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (..., 3)
        sRGB photos or colours.

    Returns
    -------
    lightness : ndarray of float32, shape (...)
        L*, 0…100.
    ab : ndarray of float32, shape (..., 2)
        a* and b*.

    Raises
    ------
    TypeError
        If `rgb` is not uint8.
    ValueError
        If the last axis of `rgb` is not of length 3.

    Notes
    -----
    Within 2e-4 of the same formulas in float64, and within 5e-3 of ``skimage.color.rgb2lab``, whose white
    point is rounded to five digits, so that its grey has b* = 0.005.

    Examples
    --------
    >>> lightness, ab = rgb_to_lab(np.uint8([[255, 255, 255], [255, 0, 0]]))
    >>> lightness.round().tolist(), ab.round().tolist()
    ([100.0, 53.0], [[0.0, 0.0], [80.0, 67.0]])
    """
    rgb = _checked_rgb(rgb)
    lightness = np.empty(rgb.shape[:-1], np.float32)
    ab = np.empty((*rgb.shape[:-1], 2), np.float32)
    kernel = _kernel("rgb_to_lab", lightness.size)
    kernel(rgb.reshape(-1, 3), lightness.reshape(-1), ab.reshape(-1, 2))
    return lightness, ab


def lab_to_rgb(lightness: npt.NDArray[np.floating], ab: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Convert CIE L*a*b*, D65, to sRGB; colours outside sRGB are clipped per channel in linear light.

    Parameters
    ----------
    lightness : ndarray of float, shape (...)
        L*, 0…100.
    ab : ndarray of float, shape (..., 2)
        a* and b*.

    Returns
    -------
    ndarray of uint8, shape (..., 3)
        sRGB, rounded to the nearest level; a value within 2e-4 of half-way may be rounded either way. For
        every uint8 colour ``lab_to_rgb(*rgb_to_lab(rgb))`` is `rgb`.

    Raises
    ------
    TypeError
        If an array is not of floats.
    ValueError
        If the shapes do not match or a value is not finite.

    Examples
    --------
    >>> lab_to_rgb(np.float32([50, 50]), np.float32([[0, 0], [0, 40]])).tolist()
    [[119, 119, 119], [139, 117, 48]]
    """
    lightness, ab = _checked_planes(lightness, ab, "lightness", "ab")
    rgb = np.empty((*lightness.shape, 3), np.uint8)
    kernel = _kernel("lab_to_rgb", lightness.size)
    if not kernel(lightness.reshape(-1), ab.reshape(-1, 2), rgb.reshape(-1, 3)):
        bad = int(np.sum(~(np.isfinite(lightness) & np.isfinite(ab).all(axis=-1))))
        raise ValueError(f"{bad} of {lightness.size} pixels have a lightness or ab that is NaN or infinite")
    return rgb


def neutral_photo(lightness: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return the grey photo of a lightness (..., H, W), 0…100: sRGB uint8 (..., H, W, 3).

    >>> neutral_photo(np.float32([[50]])).tolist()
    [[[119, 119, 119]]]
    """
    return lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), np.float32))


def encoded_grey(lightness: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the grey level of sRGB, float32 of 0…1, unrounded, of a lightness of any shape, 0…100."""
    root = (lightness.clip(0, 100) + 16) / 116
    linear = np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    grey = np.where(linear > 0.0031308, 1.055 * linear.clip(0) ** (1 / 2.4) - 0.055, 12.92 * linear)
    return grey.astype(np.float32)


def rgb_to_yuv(rgb: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Convert sRGB to YUV of ITU-R BT.601, on the encoded (gamma) values as the standard does.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (..., 3)
        sRGB photos or colours.

    Returns
    -------
    luma : ndarray of float32, shape (...)
        Y, 0…1.
    uv : ndarray of float32, shape (..., 2)
        U = 0.492·(B − Y), ±0.436, and V = 0.877·(R − Y), ±0.615.

    Raises
    ------
    TypeError
        If `rgb` is not uint8.
    ValueError
        If the last axis of `rgb` is not of length 3.

    Examples
    --------
    >>> luma, uv = rgb_to_yuv(np.uint8([0, 0, 255]))
    >>> (1000 * luma).round().tolist(), (1000 * uv).round().tolist()
    (114.0, [436.0, -100.0])
    """
    rgb = _checked_rgb(rgb)
    luma = np.empty(rgb.shape[:-1], np.float32)
    uv = np.empty((*rgb.shape[:-1], 2), np.float32)
    _kernel("rgb_to_yuv")(rgb.reshape(-1, 3), luma.reshape(-1), uv.reshape(-1, 2))
    return luma, uv


def yuv_to_rgb(luma: npt.NDArray[np.floating], uv: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Convert YUV of ITU-R BT.601 to sRGB, clipped per channel and rounded to the nearest level.

    Parameters
    ----------
    luma : ndarray of float, shape (...)
        Y, 0…1.
    uv : ndarray of float, shape (..., 2)
        U and V.

    Returns
    -------
    ndarray of uint8, shape (..., 3)
        sRGB. For every uint8 colour ``yuv_to_rgb(*rgb_to_yuv(rgb))`` is `rgb`.

    Raises
    ------
    TypeError
        If an array is not of floats.
    ValueError
        If the shapes do not match or a value is not finite.

    Examples
    --------
    >>> yuv_to_rgb(np.float32(0.5), np.float32([0, 0.2])).tolist()
    [186, 98, 128]
    """
    luma, uv = _checked_planes(luma, uv, "luma", "uv")
    if not (np.isfinite(luma).all() and np.isfinite(uv).all()):
        raise ValueError("luma or uv has values that are NaN or infinite")
    rgb = np.empty((*luma.shape, 3), np.uint8)
    _kernel("yuv_to_rgb")(luma.reshape(-1), uv.reshape(-1, 2), rgb.reshape(-1, 3))
    return rgb


def rgb_to_lalphabeta(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Convert sRGB to the decorrelated lαβ space of Reinhard, Ashikhmin, Gooch and Shirley (2001).

    Parameters
    ----------
    rgb : ndarray of uint8, shape (..., 3)
        sRGB photos or colours. The encoded values, divided by 255, are used as linear light, as is common
        with this method.

    Returns
    -------
    ndarray of float32, shape (..., 3)
        l (achromatic), α (yellow–blue) and β (red–green), of log10 LMS.

    Raises
    ------
    TypeError
        If `rgb` is not uint8.
    ValueError
        If the last axis of `rgb` is not of length 3.

    Notes
    -----
    The paper does not define log 0. We raise cone responses to at least 1e-4, a fortieth of a level.

    Examples
    --------
    >>> (1000 * rgb_to_lalphabeta(np.uint8([255, 0, 0]))).round().tolist()
    [-1584.0, 862.0, 203.0]
    """
    rgb = _checked_rgb(rgb)
    lalphabeta = np.empty(rgb.shape, np.float32)
    _kernel("rgb_to_lalphabeta")(rgb.reshape(-1, 3), lalphabeta.reshape(-1, 3))
    return lalphabeta


def lalphabeta_to_rgb(lalphabeta: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Convert lαβ (Reinhard et al. 2001) to sRGB, clipped per channel and rounded to the nearest level.

    Parameters
    ----------
    lalphabeta : ndarray of float, shape (..., 3)
        l, α and β.

    Returns
    -------
    ndarray of uint8, shape (..., 3)
        sRGB, by the exact inverse of the forward matrix (the paper prints its inverse to four digits). For
        every uint8 colour ``lalphabeta_to_rgb(rgb_to_lalphabeta(rgb))`` is `rgb`.

    Raises
    ------
    TypeError
        If the array is not of floats.
    ValueError
        If the last axis is not of length 3 or a value is not finite.

    Examples
    --------
    >>> lalphabeta_to_rgb(np.float32([-0.5, 0, 0.05])).tolist()
    [218, 93, 135]
    """
    lalphabeta = _checked_floats(lalphabeta, "lalphabeta", channels=3)
    if not np.isfinite(lalphabeta).all():
        raise ValueError("lalphabeta has values that are NaN or infinite")
    rgb = np.empty(lalphabeta.shape, np.uint8)
    _kernel("lalphabeta_to_rgb")(lalphabeta.reshape(-1, 3), rgb.reshape(-1, 3))
    return rgb


def near_grey(ab: npt.NDArray[np.floating], threshold: float = 5.0) -> bool:
    """Return whether a photo is nearly grey: |a*| and |b*| are at most `threshold` in every pixel.

    Such a photo teaches a method nothing, and as ground truth it favours dull methods. Zhang, Isola and Efros
    (2016) leave grey photos out of training by this rule.

    Parameters
    ----------
    ab : ndarray of float, shape (..., 2)
        a* and b* of one photo.
    threshold : float
        The largest |a*| or |b*| that still counts as grey.

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        If `ab` is not of floats.
    ValueError
        If the last axis of `ab` is not of length 2.

    Examples
    --------
    >>> near_grey(np.float32([[5, 4], [0, -5]])), near_grey(np.float32([[3, 4], [0, -6]]))
    (True, False)
    """
    ab = _checked_floats(ab, "ab", channels=2)
    return not _kernel("any_beyond")(ab.reshape(-1), float(threshold))


def warm_up() -> None:
    """Compile every conversion, or load it from Numba's cache, so that later calls are fast.

    Examples
    --------
    >>> warm_up()
    """
    for pixels in (1, PARALLEL_PIXELS):
        lab_to_rgb(*rgb_to_lab(np.zeros((pixels, 3), np.uint8)))
    colour = np.zeros((1, 3), np.uint8)
    yuv_to_rgb(*rgb_to_yuv(colour))
    lalphabeta_to_rgb(rgb_to_lalphabeta(colour))
    near_grey(np.zeros((1, 2), np.float32))


def _kernel(name: str, pixels: int = 0) -> Callable[..., Any]:
    """Return a compiled kernel, the parallel one if there are enough pixels; imports Numba on first use."""
    from . import kernels  # importing this module must not import Numba

    parallel = pixels >= PARALLEL_PIXELS and os.getpid() == _IMPORTING_PROCESS
    kernel: Callable[..., Any] = getattr(kernels, f"{name}_parallel" if parallel else name)
    return kernel


def _checked_rgb(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if rgb.dtype != np.uint8:
        raise TypeError(
            f"rgb must be uint8, 0…255, not {rgb.dtype}: np.rint(255 * rgb).astype(np.uint8) if 0…1"
        )
    if rgb.ndim == 0 or rgb.shape[-1] != 3:
        raise ValueError(
            f"rgb must have red, green and blue on its last axis, shape (..., 3), not {rgb.shape}"
        )
    return np.ascontiguousarray(rgb)


def _checked_floats(values: npt.NDArray[np.floating], name: str, channels: int) -> npt.NDArray[np.float32]:
    if not np.issubdtype(values.dtype, np.floating):
        raise TypeError(
            f"{name} must be of floats, not {values.dtype}: integer Lab is usually scaled or offset"
        )
    if values.ndim == 0 or values.shape[-1] != channels:
        raise ValueError(f"{name} must have shape (..., {channels}), not {values.shape}")
    return np.ascontiguousarray(values, np.float32)


def _checked_planes(
    plane: npt.NDArray[np.floating], chroma: npt.NDArray[np.floating], plane_name: str, chroma_name: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    chroma = _checked_floats(chroma, chroma_name, channels=2)
    if not np.issubdtype(plane.dtype, np.floating):
        raise TypeError(f"{plane_name} must be of floats, not {plane.dtype}")
    if plane.shape != chroma.shape[:-1]:
        raise ValueError(
            f"{chroma_name} must have the shape of {plane_name} and 2 channels last, "
            f"{(*plane.shape, 2)}, not {chroma.shape}"
        )
    return np.asarray(plane, np.float32, order="C"), chroma
