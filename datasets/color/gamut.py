"""Fits colours into sRGB without changing their lightness or hue."""

import numpy as np
import numpy.typing as npt


def fit_gamut(lightness: npt.NDArray[np.float32], ab: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Reduce the chroma of colours outside sRGB until they fit, at their own lightness and hue.

    `lab_to_rgb` clips each channel, which is the rule of the benchmark but changes lightness: a saturated
    colour at L* = 95 would darken by several units. This function keeps the lightness of a photo instead.

    Parameters
    ----------
    lightness : ndarray of float32, shape (...)
        L*, 0…100.
    ab : ndarray of float32, shape (..., 2)
        a* and b*, finite.

    Returns
    -------
    ndarray of float32, shape (..., 2)
        The same a* and b* where they fit, else the largest multiple that does, within 1/4096.

    Raises
    ------
    ValueError
        If the shapes do not match.

    Examples
    --------
    >>> fit_gamut(np.float32([100, 50]), np.float32([[40, 0], [40, 0]])).round(1).tolist()
    [[0.0, 0.0], [40.0, 0.0]]
    """
    from .gamut_kernels import fit_gamut as kernel  # importing this module must not import Numba

    if ab.shape != (*lightness.shape, 2):
        raise ValueError(f"ab must have shape {(*lightness.shape, 2)}, not {ab.shape}")
    fitted = np.array(ab, np.float32, order="C")
    kernel(np.ascontiguousarray(lightness, np.float32).reshape(-1), fitted.reshape(-1, 2))
    return fitted
