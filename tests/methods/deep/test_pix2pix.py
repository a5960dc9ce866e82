"""pix2pix overfits eight photos, resumes to the same bytes, and takes powers of two."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from huebench import UserError
from huebench.methods.base import Context
from huebench.methods.deep.pix2pix.card import Pix2Pix, _stages
from huebench.methods.deep.pix2pix.network import UNetGenerator
from huebench.methods.learning.inference import TrainedNetwork
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


@pytest.mark.parametrize(("size", "stages"), [(64, "6 of 8 stages, 1 of 3"), (256, "8 of 8 stages, 3 of 3")])
def test_the_row_says_what_a_smaller_side_leaves_of_the_generator(size, stages):
    network = UNetGenerator(size)
    assert _stages(network) == f"{stages} dropouts, instance normalisation"


@pytest.fixture
def trained():
    """The method trained at 64²."""
    method = Pix2Pix()
    method._trained = TrainedNetwork(UNetGenerator(64), 64)
    return method


@pytest.mark.parametrize(
    ("size", "advice"), [(96, "64 or 128"), (80, "64 or 128"), (32, "64"), (16, "64"), (200, "192 or 256")]
)
def test_sides_that_the_trained_stages_cannot_take_are_refused(trained, size, advice):
    with pytest.raises(UserError, match=f"^pix2pix works at multiples of 64 .* at {size}: give {advice}$"):
        trained.network_size = size
    assert trained.network_size == 64


@pytest.mark.parametrize("size", [64, 128, 192])
def test_it_colorizes_at_the_sides_that_it_takes(trained, size):
    trained.network_size = size
    assert trained.colorize(np.full((1, 20, 30), 50, np.float32), Context()).shape == (1, 20, 30, 2)


def test_colorizing_normalises_as_training_does():
    """Running averages would lag behind the weights; each photo's own statistics do not."""
    torch.manual_seed(0)
    network = UNetGenerator(32)
    photos = 100 * torch.rand(4, 1, 32, 32)
    with torch.no_grad():
        trained = network.train()(photos)
        shown = network.eval()(photos)
        alone = network(photos[2:3])
    torch.testing.assert_close(shown, trained)
    torch.testing.assert_close(alone, shown[2:3])
