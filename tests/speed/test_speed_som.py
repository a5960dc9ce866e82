"""Training a self-organising map of 16 × 16 nodes over real chroma, beside MiniSom."""

import pytest
from minisom import MiniSom

from huebench.methods.kernels import som

SIDE = 16
STEPS = 20_000
TOLERANCE = 1.02
"""Our quantisation error may be this much of MiniSom's."""


def train_minisom(samples):
    peer = MiniSom(SIDE, SIDE, samples.shape[1], sigma=1.0, learning_rate=0.5, random_seed=0)
    peer.pca_weights_init(samples)
    peer.train(samples, STEPS, random_order=True)
    return peer.get_weights().reshape(SIDE * SIDE, -1)


def train_ours(samples):
    return som.train_som(samples, SIDE, SIDE, steps=STEPS)


@pytest.mark.benchmark(group=f"map of 16 × 16 nodes, {STEPS} online steps")
@pytest.mark.parametrize("library", ["huebench", "MiniSom"])
def test_train(benchmark, patches, library):
    som.warm_up()
    train = {"huebench": train_ours, "MiniSom": train_minisom}
    errors = {
        name: som.quantisation_error(patches.chroma, each(patches.chroma)) for name, each in train.items()
    }
    assert errors["huebench"] <= TOLERANCE * errors["MiniSom"]
    benchmark.extra_info["quantisation error"] = round(errors[library], 3)
    benchmark.pedantic(train[library], args=(patches.chroma,), rounds=3, iterations=1)
