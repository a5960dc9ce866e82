import numpy as np
import pytest
import skimage.data

from huebench.datasets.color.conversion import lab_to_rgb, rgb_to_lab


@pytest.fixture(scope="module", params=["astronaut", "coffee", "chelsea"])
def photos(request):
    """A photo and the same with its chroma weakened and shifted."""
    truth = getattr(skimage.data, request.param)()[20:250, 60:316]
    lightness, ab = rgb_to_lab(truth)
    return truth, lab_to_rgb(lightness, ab * np.float32(0.6) + np.float32(3))
