"""pix2pix overfits eight photos, resumes to the same bytes, and takes powers of two."""

import numpy as np
import pytest
from pydantic import ValidationError

from huebench.methods.base import Context
from huebench.methods.deep.pix2pix.card import Pix2Pix
from huebench.methods.learning.learner import native_precision


@pytest.mark.slow
def test_overfits_eight_photos(gain_on_eight):
    method = Pix2Pix(size=32, epochs=30, batch=4, learning_rate=2e-3, flip=False, perceptual_network="none")
    assert gain_on_eight(method) > 3
    assert {
        "perceptual network": "none",
        "precision": native_precision("cpu"),
    }.items() <= method.notes.items()


def test_an_interrupted_training_resumes_to_the_same_bytes(photo_set, crops, tmp_path):
    class InterruptedFitError(Exception):
        pass

    def interrupt(done, total, what):
        if done == 3:
            raise InterruptedFitError

    def method():
        return Pix2Pix(size=32, epochs=2, batch=2, perceptual_network="none")

    photos = photo_set(crops[:4])
    whole, stopped, resumed = method(), method(), method()
    whole.fit(photos, photo_set([]), Context())
    with pytest.raises(InterruptedFitError):
        stopped.fit(photos, photo_set([]), Context(checkpoints=tmp_path, progress=interrupt))
    resumed.fit(photos, photo_set([]), Context(checkpoints=tmp_path))
    lightness = np.full((1, 20, 30), 50, np.float32)
    np.testing.assert_array_equal(
        resumed.colorize(lightness, Context()), whole.colorize(lightness, Context())
    )


@pytest.mark.parametrize("size", [16, 48, 100])
def test_sides_are_powers_of_two(size):
    with pytest.raises(ValidationError, match=r"power of 2|greater than or equal to 32"):
        Pix2Pix(size=size)
