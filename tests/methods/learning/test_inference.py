"""Inference at any size, the same in any batch, and honest when memory runs out."""

import numpy as np
import pytest
import torch
from torch import nn

from huebench import UserError
from huebench.methods.learning.inference import predict
from huebench.methods.learning.network import ColorNetwork


class Echo(ColorNetwork):
    """Predicts a* = L*, b* = −L*; fails above a side, as a full memory would."""

    def __init__(self, largest: int = 4096, error: type[Exception] = torch.OutOfMemoryError) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.largest, self.error, self.seen = largest, error, []

    def forward(self, lightness):
        self.seen.append(tuple(lightness.shape))
        if lightness.shape[-1] > self.largest:
            raise self.error("can't allocate memory")
        return torch.cat((lightness, -lightness), dim=1) * self.weight

    def chroma(self, prediction):
        return prediction

    def loss(self, prediction, ab):
        return (prediction - ab).abs().mean()


@pytest.mark.parametrize("shape", [(1, 1), (17, 31), (1, 300), (64, 64), (200, 120)])
def test_any_size_comes_back_at_its_own(shape):
    lightness = np.full((2, *shape), 40, np.float32)
    network = Echo()
    ab = predict(network, lightness, size=32)
    assert ab.shape == (2, *shape, 2)
    assert ab.dtype == np.float32
    np.testing.assert_allclose(ab, np.broadcast_to([40, -40], ab.shape), atol=1e-4)
    assert {seen[2:] for seen in network.seen} == {(32, 32)}


def test_a_gradient_is_resized_where_it_was():
    lightness = np.tile(np.linspace(0, 100, 96, dtype=np.float32), (1, 48, 1))
    ab = predict(Echo(), lightness, size=32)
    np.testing.assert_allclose(ab[0, :, 6:-6, 0], lightness[0, :, 6:-6], atol=0.5)


def test_inputs_are_not_changed_and_may_be_read_only():
    lightness = np.random.default_rng(0).uniform(0, 100, (2, 20, 30)).astype(np.float32)
    before = lightness.copy()
    lightness.flags.writeable = False
    predict(Echo(), lightness, size=16)
    np.testing.assert_array_equal(lightness, before)


def test_chroma_outside_the_gamut_is_clipped():
    network = Echo()
    network.weight.data.fill_(5)
    ab = predict(network, np.full((1, 8, 8), 90, np.float32), size=16)
    np.testing.assert_array_equal(ab, np.broadcast_to(np.float32([110, -110]), ab.shape))


def test_no_photos_give_no_chroma():
    assert predict(Echo(), np.empty((0, 8, 9), np.float32), size=16).shape == (0, 8, 9, 2)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_out_of_memory_names_the_size_that_would_fit(error):
    smaller = {side: f"size={side}" for side in range(8, 256, 8)}
    with pytest.raises(UserError, match="too small to colorize at 256²: size=136 would fit now"):
        predict(Echo(largest=140, error=error), np.full((1, 8, 8), 50, np.float32), 256, smaller)


def test_out_of_memory_at_every_size_is_reported():
    with pytest.raises(UserError, match="at 64² and at every smaller side that this network takes"):
        predict(Echo(largest=0), np.full((1, 8, 8), 50, np.float32), 64, {16: "size=16", 32: "size=32"})


def test_other_errors_pass_through():
    with pytest.raises(ZeroDivisionError):
        predict(Echo(largest=0, error=ZeroDivisionError), np.full((1, 8, 8), 50, np.float32), size=64)
