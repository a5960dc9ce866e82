"""The photos that ship with scikit-image and scikit-learn decode to the same bytes with every Pillow.

The digests were made with Pillow 13.0.0; 12.3.0 gives the same.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from huebench.datasets.decode import decode

DIGESTS = {
    "skimage/data/astronaut.png": "a8c429c18afa7b0f",
    "skimage/data/chelsea.png": "416b729128bfb2c3",
    "skimage/data/coffee.png": "0ce2b51640b9c95f",
    "skimage/data/motorcycle_left.png": "ca829467c1d4f427",
    "skimage/data/no_time_for_that_tiny.gif": "ff4b9b09f5ce568f",
    "skimage/data/page.png": "98fc4699d6962ab0",
    "skimage/data/retina.jpg": "3670e389d0dae9f7",
    "skimage/data/rocket.jpg": "3fb47bc912f5cb89",
    "sklearn/datasets/images/china.jpg": "e701459344fd6979",
    "sklearn/datasets/images/flower.jpg": "3202904ed246795b",
}


@pytest.mark.parametrize("file", DIGESTS)
def test_photos_decode_to_the_same_bytes(file):
    package, _, name = file.partition("/")
    pixels = decode(Path(find_spec(package).origin).parent / name)
    assert hashlib.sha256(pixels.tobytes()).hexdigest()[:16] == DIGESTS[file]
