"""Conversion between sRGB and CIE L*a*b*, YUV and lαβ on arrays, and the test for near-grey photos.

Numba is imported at the first call. `huebench.datasets.color.torch` converts tensors on their device, and
`huebench.datasets.color.bins` divides the a*b* plane into bins.
"""

from .conversion import lab_to_rgb as lab_to_rgb
from .conversion import lalphabeta_to_rgb as lalphabeta_to_rgb
from .conversion import near_grey as near_grey
from .conversion import rgb_to_lab as rgb_to_lab
from .conversion import rgb_to_lalphabeta as rgb_to_lalphabeta
from .conversion import rgb_to_yuv as rgb_to_yuv
from .conversion import yuv_to_rgb as yuv_to_rgb
