"""ResNet-34 classification overfits eight photos; its notes name the weights."""

import pytest

from huebench.methods.deep.resnet34_classification import ResNet34Classification
from huebench.methods.learning.learner import native_precision


@pytest.mark.slow
def test_overfits_eight_photos(gain_on_eight):
    method = ResNet34Classification(size=32, epochs=40, learning_rate=1e-3, flip=False, weights="none")
    assert gain_on_eight(method) > 4
    assert {"backbone weights": "none", "precision": native_precision("cpu")}.items() <= method.notes.items()
