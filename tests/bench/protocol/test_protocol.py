from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from PIL import Image
from skimage import data

from huebench.bench.protocol.protocol import Protocol


def test_the_protocol_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Protocol().size = 64


@pytest.mark.parametrize(
    "change", [{"size": 64}, {"resize": "center-crop"}, {"metrics": ("psnr",)}, {"near_grey_threshold": 6.0}]
)
def test_every_field_moves_the_digest(change):
    assert replace(Protocol(), **change).digest != Protocol().digest


def test_the_digest_is_stable():
    # It stands in published tables: only a new version of the protocol may move it.
    assert Protocol().digest == "e58186602aa1"


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({"interpolation": "area"}, True),
        ({"grey": "luma"}, True),
        ({"merge": "yuv"}, True),
        ({"save": "truncate"}, True),
        ({"truth": "jpeg"}, True),
        ({"near_grey": "left-out"}, True),
        ({"near_grey_threshold": 6.0}, False),
        ({"near_grey": "left-out", "near_grey_threshold": 6.0}, True),
        ({"metrics": ("psnr",)}, False),
    ],
)
def test_preparation_changes_with_the_pixels(change, moves):
    assert (replace(Protocol(), **change).preparation != Protocol().preparation) == moves
    assert replace(Protocol(), **change).digest != Protocol().digest


def test_squash_keeps_the_whole_photo():
    photo = np.zeros((60, 100, 3), np.uint8)
    photo[:, 50:] = 200
    prepared = Protocol(size=32).prepare(photo)
    assert prepared.shape == (32, 32, 3)
    assert prepared[:, :14].max() < 20
    assert prepared[:, 18:].min() > 180


def test_center_crop_keeps_the_middle_square():
    photo = np.zeros((60, 100, 3), np.uint8)
    photo[:, 20:80] = 200
    assert Protocol(size=32, resize="center-crop").prepare(photo).min() == 200


def test_prepare_equals_pillow_lanczos():
    photo = data.coffee()
    expected = np.asarray(Image.fromarray(photo).resize((96, 96), Image.Resampling.LANCZOS))
    np.testing.assert_array_equal(Protocol(size=96).prepare(photo), expected)


def test_a_photo_of_the_right_size_is_copied_unchanged():
    photo = data.astronaut()[:64, :64]
    prepared = Protocol(size=64).prepare(photo)
    np.testing.assert_array_equal(prepared, photo)
    assert not np.shares_memory(prepared, photo)


def test_a_hidden_photo_is_restored_from_its_own_chroma():
    photos = data.astronaut()[None, ::4, ::4]
    protocol = Protocol()
    restored = protocol.restore(*protocol.hide(photos))
    assert np.abs(restored.astype(int) - photos).max() <= 1
