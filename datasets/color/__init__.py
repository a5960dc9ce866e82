"""Conversion between sRGB and CIE L*a*b*, YUV and lαβ on arrays, and the test for near-grey photos.

Numba is imported at the first call. `huebench.datasets.color.torch` converts tensors on their device, and
`huebench.datasets.color.bins` divides the chroma plane.
"""

from .conversion import (
    lab_to_rgb,
    lalphabeta_to_rgb,
    near_grey,
    rgb_to_lab,
    rgb_to_lalphabeta,
    rgb_to_yuv,
    yuv_to_rgb,
)

__all__ = [
    "lab_to_rgb",
    "lalphabeta_to_rgb",
    "near_grey",
    "rgb_to_lab",
    "rgb_to_lalphabeta",
    "rgb_to_yuv",
    "yuv_to_rgb",
]
