"""ResNet-34 rebalanced overfits eight photos; its notes name the weights."""

import numpy as np
import pytest

from huebench.datasets.color.bins import gamut_bins
from huebench.methods.base import Context
from huebench.methods.deep.resnet34_rebalanced import ResNet34Rebalanced
from huebench.methods.learning.learner import native_precision


@pytest.mark.slow
def test_overfits_eight_photos(gain_on_eight):
    method = ResNet34Rebalanced(size=32, epochs=40, learning_rate=1e-3, flip=False, weights="none")
    assert gain_on_eight(method) > 4
    assert {"backbone weights": "none", "precision": native_precision("cpu")}.items() <= method.notes.items()


def test_rare_colors_have_higher_weights_than_frequent_ones(photo_set, crops):
    method = ResNet34Rebalanced(size=16, epochs=1, weights="none")
    method.fit(photo_set(crops[:8]), photo_set([]), Context())
    bins = gamut_bins()
    prior = bins.prior(photo_set(crops[:8]).packed(16))
    rarity = method._trained.network.get_buffer("rarity").numpy()
    assert rarity[prior.argmax()] == rarity.min()
    np.testing.assert_allclose((prior * rarity).sum(), 1, rtol=1e-4)
    np.testing.assert_allclose(rarity[prior == 0].min(), rarity.max(), rtol=1e-6)
