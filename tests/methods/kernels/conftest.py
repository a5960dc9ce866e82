"""Fixtures of the kernels' tests: a thread count that comes back, and real patches."""

import numpy as np
import pytest
import skimage.color
import skimage.data

numba = pytest.importorskip("numba")


@pytest.fixture(params=[1, 2])
def threads(request):
    """Run the test on one thread and on two, and set the number back."""
    if request.param > numba.config.NUMBA_NUM_THREADS:
        pytest.skip(f"{request.param} threads asked of {numba.config.NUMBA_NUM_THREADS}")
    before = numba.get_num_threads()
    numba.set_num_threads(request.param)
    yield request.param
    numba.set_num_threads(before)


@pytest.fixture(scope="session")
def lightness():
    """Lightness of a photo with smooth and with textured parts."""
    return skimage.color.rgb2lab(skimage.data.coffee())[:, :, 0].astype(np.float32)
