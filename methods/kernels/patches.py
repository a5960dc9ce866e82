"""Square patches of lightness around given pixels."""

import numpy as np
from numpy.typing import NDArray

SIZES = (3, 5, 7, 9, 11)  #: The possible sides of a patch: odd, so that it has a centre


def extract_patches(
    lightness: NDArray[np.float32], pixels: NDArray[np.intp] | None = None, size: int = 5
) -> NDArray[np.float32]:
    """Cut the square patch around every given pixel of one photo.

    Beyond the border the photo is mirrored about its outermost pixels, which are not repeated
    (``numpy.pad(mode="reflect")``), as often as a small photo needs.

    Parameters
    ----------
    lightness : array (H, W) of float32
        One photo's lightness; any scale.
    pixels : array (N,) of intp, optional
        Pixels in row-major order, ``y * W + x``; by default all. Only these patches are made, so a photo can
        be processed in blocks of pixels.
    size : {3, 5, 7, 9, 11}
        Side of the patch.

    Returns
    -------
    array (N, size²) of float32
        One row per pixel, each patch in row-major order; its centre is column ``size² // 2``.

    Raises
    ------
    ValueError
        If the lightness is not one photo, the size is not one of the five, or a pixel lies outside.

    Examples
    --------
    >>> import numpy as np
    >>> extract_patches(np.array([[0, 1], [2, 3]], np.float32), np.array([0]), size=3).tolist()
    [[3.0, 2.0, 3.0, 1.0, 0.0, 1.0, 3.0, 2.0, 3.0]]
    """
    lightness = np.ascontiguousarray(lightness, dtype=np.float32)
    if lightness.ndim != 2 or lightness.size == 0:
        raise ValueError(f"lightness must be one photo of shape (H, W), not {lightness.shape}")
    if size not in SIZES:
        raise ValueError(f"patch size {size} is not one of {', '.join(map(str, SIZES))}")
    height, width = lightness.shape
    if pixels is None:
        pixels = np.arange(lightness.size, dtype=np.intp)
    pixels = np.ascontiguousarray(pixels, dtype=np.intp)
    if pixels.size and not (pixels.min() >= 0 and pixels.max() < lightness.size):
        raise ValueError(
            f"pixels run from {pixels.min()} to {pixels.max()}, and a {height} × {width} photo has pixels "
            f"0 to {lightness.size - 1} (y * {width} + x)"
        )
    # A view of every window, from which only the given ones are copied; Numba was not faster.
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(lightness, size // 2, mode="reflect"), (size, size)
    )
    return windows[np.divmod(pixels, width)].reshape(pixels.size, size * size)
